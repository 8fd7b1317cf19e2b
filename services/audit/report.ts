import type { OutageCode } from '#services/runtime/outage';

/** One thing that the audit looked at. */
export type Finding =
  | { readonly kind: 'agrees'; readonly check: string; readonly says: string }
  /** Could not be checked, and why; what the epoch was computed from is proven without it. */
  | { readonly kind: 'not_checked'; readonly check: string; readonly says: string };

/** The first thing that is not as it must be, with both values. */
export interface Difference {
  readonly check: string;
  /** Where it stands. */
  readonly where: string;
  readonly found: string;
  readonly expected: string;
}

export type Outcome =
  | { readonly kind: 'agrees'; readonly says: string }
  | { readonly kind: 'differs'; readonly difference: Difference }
  | { readonly kind: 'could_not_check'; readonly code: string; readonly why: string };

export interface AuditReport {
  readonly epoch: string;
  readonly findings: readonly Finding[];
  readonly outcome: Outcome;
}

export const EXIT_CODES: Readonly<Record<Outcome['kind'], 0 | 1 | 2>> = {
  agrees: 0,
  differs: 1,
  could_not_check: 2,
};

/** Ends an audit with a difference. */
export class Disagreement extends Error {
  readonly difference: Difference;

  constructor(difference: Difference) {
    super(`${difference.check}: ${difference.where}`);
    this.name = 'Disagreement';
    this.difference = difference;
  }
}

/** Ends an audit that cannot come to a result. */
export class CannotCheck extends Error {
  readonly code: OutageCode | 'not_final';

  constructor(code: OutageCode | 'not_final', why: string) {
    super(why);
    this.name = 'CannotCheck';
    this.code = code;
  }
}

/** For people: one line per finding, the outcome last. */
export function reportLines(report: AuditReport): readonly string[] {
  const findings = report.findings.map(
    ({ kind, check, says }) =>
      `${kind === 'agrees' ? 'agrees     ' : 'not checked'}  ${check.padEnd(12)} ${says}`,
  );
  return [...findings, ...outcomeLines(report)];
}

function outcomeLines({ epoch, outcome }: AuditReport): readonly string[] {
  switch (outcome.kind) {
    case 'agrees':
      return [`AGREES: epoch ${epoch}: ${outcome.says}`];
    case 'differs': {
      const { check, where, found, expected } = outcome.difference;
      return [
        `DIFFERS: epoch ${epoch}: ${check}: ${where}`,
        `  found     ${found}`,
        `  expected  ${expected}`,
      ];
    }
    case 'could_not_check':
      return [`COULD NOT CHECK: epoch ${epoch}: ${outcome.why} (${outcome.code})`];
  }
}
