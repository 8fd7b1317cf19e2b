import { ProtocolError } from '#protocol/errors';
import type { EpochNumber } from '#protocol/units';
import { Outage } from '#services/runtime/outage';
import { INDEX_PATH, readEpochIndex } from '#services/runtime/public-epochs';
import type { PublicFiles } from '#services/runtime/public-files';

/** The epochs that a place lists, ascending; malformed_folder for a broken list. */
export async function listedEpochs(source: PublicFiles): Promise<readonly EpochNumber[]> {
  try {
    return (await readEpochIndex(source)).map(({ epoch }) => epoch);
  } catch (error) {
    if (error instanceof Outage) throw error;
    const problem = error instanceof Error ? error.message : String(error);
    throw new ProtocolError('malformed_folder', { location: source.location, file: INDEX_PATH, problem });
  }
}
