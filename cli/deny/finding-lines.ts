import type { Finding } from '#protocol/deny/classifiers/finding';
import { DENY_REASONS } from '#protocol/deny/deny-reasons';
import { keyText } from '#protocol/wire/key';

/** References that a line names; the entry has all of them. */
const NAMED = 4;

/** For people: why each entry is proposed, under its reason. */
export function findingLines(findings: readonly Finding[]): readonly string[] {
  const reasons = [...new Set(findings.map(({ reason }) => reason))];
  return reasons.flatMap((reason) => [
    `${reason}: ${DENY_REASONS[reason]}`,
    ...findings.filter((finding) => finding.reason === reason).flatMap(linesOf),
  ]);
}

function linesOf({ accused, from, epoch, says, evidence }: Finding): readonly string[] {
  const named = evidence.slice(0, NAMED).map(({ origin, index }) => `${origin} ${index}`);
  const more = evidence.length > named.length ? ` and ${evidence.length - named.length} more` : '';
  return [
    `  ${accused.map((key) => keyText(key)).join(' with ')}`,
    `    epochs ${from} to ${epoch}: ${says}`,
    `    shown by ${named.join(', ')}${more}`,
  ];
}
