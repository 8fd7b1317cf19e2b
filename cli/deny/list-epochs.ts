import type { EpochNumber } from '#protocol/units';
import { Outage } from '#services/runtime/outage';
import type { PublicFiles } from '#services/runtime/public-files';
import { listedEpochs } from '../input/listed-epochs.ts';
import type { EpochRange } from '../options/epoch.ts';

/** Epochs of the range that any source lists, ascending; throws the first Outage where no source can be read. */
export async function listEpochs(
  sources: readonly PublicFiles[],
  range: EpochRange | null,
): Promise<readonly EpochNumber[]> {
  const numbers = new Set<EpochNumber>();
  const failed: Outage[] = [];
  for (const source of sources) {
    try {
      for (const epoch of await listedEpochs(source)) numbers.add(epoch);
    } catch (error) {
      if (!(error instanceof Outage)) throw error;
      failed.push(error);
    }
  }
  const asked = [...numbers].filter(
    (epoch) => range === null || (epoch >= range.first && epoch <= range.last),
  );
  // Whoever could not be read may have had the epochs.
  const [outage] = failed;
  if (asked.length === 0 && outage !== undefined) throw outage;
  return asked.sort((a, b) => (a < b ? -1 : 1));
}

/** What of a range is not among ascending epochs, as people write it: `5, 7 to 9`; empty where all are there. */
export function missingEpochs({ first, last }: EpochRange, found: readonly EpochNumber[]): string {
  const gaps: string[] = [];
  let next: bigint = first;
  for (const epoch of [...found, last + 1n]) {
    if (epoch === next + 1n) gaps.push(`${next}`);
    else if (epoch > next) gaps.push(`${next} to ${epoch - 1n}`);
    next = epoch + 1n;
  }
  return gaps.join(', ');
}
