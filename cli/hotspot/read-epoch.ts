import { HOTSPOT_FILES } from '#protocol/hotspot/sources';
import type { FolderFiles } from '#protocol/settle/folder';
import { epochNumber, type EpochNumber } from '#protocol/units';
import { Outage } from '#services/runtime/outage';
import { epochPath, INDEX_PATH, readEpochFiles } from '#services/runtime/public-epochs';
import type { PublicFiles } from '#services/runtime/public-files';
import { listedEpochs } from '../input/listed-epochs.ts';

/** The newest epoch that a place lists; Outage `file_missing` where it lists none, malformed_folder for a broken list. */
export async function latestEpoch(source: PublicFiles): Promise<EpochNumber> {
  const newest = (await listedEpochs(source)).at(-1);
  if (newest === undefined)
    throw new Outage('file_missing', { location: source.location, path: INDEX_PATH, epochs: 0 });
  return newest;
}

/** What `openHotspotSources` reads of an epoch, or the whole folder; Outage `file_missing` where there is no such epoch. */
export async function readHotspotFiles(
  source: PublicFiles,
  { epoch, whole }: { readonly epoch: bigint; readonly whole: boolean },
): Promise<FolderFiles> {
  const number = epochNumber(epoch);
  const files = whole ? await readEpochFiles(source, number) : await readNamed(source, number);
  if (files === null || files.size === 0)
    throw new Outage('file_missing', { location: source.location, path: epochPath(number, 'manifest.json') });
  return files;
}

async function readNamed(source: PublicFiles, epoch: EpochNumber): Promise<FolderFiles> {
  const files = new Map<string, Uint8Array>();
  for (const name of HOTSPOT_FILES) {
    const bytes = await source.read(epochPath(epoch, name));
    if (bytes !== null) files.set(name, bytes);
  }
  return files;
}
