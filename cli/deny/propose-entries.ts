import { observe } from '#protocol/deny/classifiers/observed';
import { classify } from '#protocol/deny/classify';
import type { DenyEntries } from '#protocol/deny/deny-file';
import { entriesOf } from '#protocol/deny/entries';
import { findingLines } from './finding-lines.ts';
import { readEpochs, type EpochRange } from './read-epochs.ts';

/** Whom the classifiers find in epochs' evidence, and the lines that say why. */
export interface Proposal {
  readonly entries: DenyEntries;
  readonly lines: readonly string[];
}

/** Judges the epochs that the places list, or those of a range, again, and asks the classifiers; nothing is written. */
export async function proposeEntries(of: {
  readonly from: readonly string[];
  readonly epochs?: EpochRange;
}): Promise<Proposal> {
  const { policy, epochs } = await readEpochs(of.from, of.epochs ?? null);
  const findings = classify(observe({ policy, epochs }));
  const entries = entriesOf(findings);
  const { keys, edges } = entries;
  const beacons = epochs.reduce((sum, { pocs }) => sum + pocs.length, 0);
  const numbers = epochs.map(({ epoch }) => epoch.toString());
  const sum = `${keys.length} keys and ${edges.length} pairs are proposed, from ${beacons} beacons of the epochs ${numbers.join(', ')}`;
  return { entries, lines: [...findingLines(findings), sum] };
}
