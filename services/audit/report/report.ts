import type { SampleFigures } from '#services/audit/sample/sampled';
import type { CannotCheckCode, CheckName } from './codes.ts';

/** The first thing in a file or account that is not as it must be, with both values. */
export interface Difference {
  readonly check: CheckName;
  /** Where it stands. */
  readonly where: string;
  readonly found: string;
  readonly expected: string;
}

/** One thing that the audit looked at. */
export type Finding =
  | { readonly kind: 'agrees'; readonly check: CheckName; readonly says: string }
  /** Nobody can check it any more, and why; the outcome does not depend on it. */
  | { readonly kind: 'not_checked'; readonly check: CheckName; readonly says: string }
  | ({ readonly kind: 'differs' } & Difference)
  /** Could be checked with a better copy, node or version. */
  | {
      readonly kind: 'could_not_check';
      readonly check: CheckName;
      readonly code: CannotCheckCode;
      readonly why: string;
    };

/** A finding with the epoch that it is about; null: the network as it is now. */
export type EpochFinding = Finding & { readonly epoch: string | null };

export type Outcome =
  | { readonly kind: 'agrees'; readonly says: string }
  | { readonly kind: 'differs'; readonly difference: Difference }
  | { readonly kind: 'could_not_check'; readonly code: CannotCheckCode; readonly why: string };

/** An epoch whose payouts agree. */
export interface AuditedEpoch {
  readonly epoch: string;
  readonly kind: 'computed' | 'skipped';
  /** null where it was skipped. */
  readonly tuple_hash: string | null;
  readonly root: string | null;
  readonly cumulative_total: string | null;
  /** null where every signature was verified. */
  readonly sample: SampleFigures | null;
}

/** What `--json` writes; docs/audit.md describes each field. */
export interface AuditReport {
  readonly version: 1;
  readonly asked: string;
  readonly network: string | null;
  /** Genesis hash of the cluster that the RPC is of. */
  readonly cluster: string | null;
  readonly from: string | null;
  readonly sample: { readonly beacons: number; readonly seed: string } | null;
  readonly epochs: readonly AuditedEpoch[];
  readonly findings: readonly EpochFinding[];
  readonly outcome: Outcome;
}

export const EXIT_CODES: Readonly<Record<Outcome['kind'], 0 | 1 | 2>> = {
  agrees: 0,
  differs: 1,
  could_not_check: 2,
};

/** A difference outweighs what could not be checked, because it stands without that. */
export function outcomeOf(findings: readonly EpochFinding[], says: string): Outcome {
  const difference = findings.find((finding) => finding.kind === 'differs');
  if (difference !== undefined) {
    const { check, where, found, expected } = difference;
    return { kind: 'differs', difference: { check, where, found, expected } };
  }
  const refusal = findings.find((finding) => finding.kind === 'could_not_check');
  if (refusal !== undefined) return { kind: 'could_not_check', code: refusal.code, why: refusal.why };
  return { kind: 'agrees', says };
}
