import { observe } from '#protocol/deny/classifiers/observed';
import { classify } from '#protocol/deny/classify';
import type { DenyEntries } from '#protocol/deny/deny-file';
import { entriesOf } from '#protocol/deny/entries';
import type { EpochNumber } from '#protocol/units';
import type { EpochRange } from '../options/epoch.ts';
import { findingLines } from './finding-lines.ts';
import { missingEpochs } from './list-epochs.ts';
import { readEpochs } from './read-epochs.ts';

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
  const missing = missingLine(
    of.epochs,
    epochs.map(({ epoch }) => epoch),
  );
  return { entries, lines: [...findingLines(findings), ...missing, sum] };
}

function missingLine(range: EpochRange | undefined, found: readonly EpochNumber[]): readonly string[] {
  const missing = range === undefined ? '' : missingEpochs(range, found);
  return missing === '' ? [] : [`no place that could be read has the epochs ${missing}`];
}
