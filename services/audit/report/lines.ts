import type { AuditReport, EpochFinding } from './report.ts';

const WORDS = {
  agrees: 'agrees',
  not_checked: 'not checked',
  differs: 'DIFFERS',
  could_not_check: 'NOT CHECKED',
} as const;

/** For people: one line per finding, the outcome last. */
export function reportLines(report: AuditReport): readonly string[] {
  return [...report.findings.flatMap(findingLines), ...outcomeLines(report)];
}

/** A finding as it is found. */
export function findingLines(finding: EpochFinding): readonly string[] {
  const { kind, check, epoch } = finding;
  const head = `${WORDS[kind].padEnd(11)}  ${(epoch ?? '-').padStart(4)}  ${check.padEnd(12)}`;
  switch (finding.kind) {
    case 'agrees':
    case 'not_checked':
      return [`${head} ${finding.says}`];
    case 'differs':
      return [`${head} ${finding.where}`, `  found     ${finding.found}`, `  expected  ${finding.expected}`];
    case 'could_not_check':
      return [`${head} ${finding.why} (${finding.code})`];
  }
}

export function outcomeLines({ asked, outcome }: AuditReport): readonly string[] {
  switch (outcome.kind) {
    case 'agrees':
      return [`AGREES: ${asked}: ${outcome.says}`];
    case 'differs': {
      const { check, where, found, expected } = outcome.difference;
      return [`DIFFERS: ${asked}: ${check}: ${where}`, `  found     ${found}`, `  expected  ${expected}`];
    }
    case 'could_not_check':
      return [`COULD NOT CHECK: ${asked}: ${outcome.why} (${outcome.code})`];
  }
}
