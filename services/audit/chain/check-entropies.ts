import type { SealedEvidence } from '#protocol/evidence/cut';
import { entropiesIn, type EntropyCheck } from '#services/runtime/entropy-check';
import { Disagreement } from '#services/audit/report/failures';
import type { Finding } from '#services/audit/report/report';

/** Every entropy follows from its blockhash, and the blockhash and the time are those of the slot that it names. */
export async function checkEntropies(
  evidence: readonly SealedEvidence[],
  entropies: EntropyCheck,
): Promise<readonly Finding[]> {
  const check = 'entropy';
  const placed = evidence.flatMap(({ origin, from, entries }) =>
    entropiesIn(entries, from).map((entropy) => ({ ...entropy, where: `${origin} entry ${entropy.index}` })),
  );
  const known = placed.filter(({ version }) => version === 0);
  const verdicts = await entropies.check(known);
  const unknown: string[] = [];
  for (const [at, verdict] of verdicts.entries()) {
    if (verdict.kind === 'unknown') unknown.push(verdict.why);
    if (verdict.kind !== 'differs') continue;
    const { field, found, expected } = verdict;
    throw new Disagreement({ check, where: `${known[at]?.where ?? ''}: ${field}`, found, expected });
  }
  const seen = known.length - unknown.length;
  const findings: Finding[] = [];
  if (known.length > 0)
    findings.push({
      kind: 'agrees',
      check,
      says: `${known.length} follow from their blockhash; ${seen} have the blockhash and the time of their slot`,
    });
  if (unknown.length > 0)
    findings.push({
      kind: 'not_checked',
      check,
      says: `${unknown.length} entropies have no block to compare: ${unknown[0] ?? ''}`,
    });
  if (known.length < placed.length)
    findings.push({
      kind: 'not_checked',
      check,
      says: `${placed.length - known.length} entropies are of a version that no rule knows, and count for nothing`,
    });
  return findings;
}
