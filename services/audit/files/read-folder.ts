import { FILES, evidenceName, type FolderFiles } from '#protocol/settle/folder';
import { MANIFEST } from '#protocol/settle/folder/manifest-file';
import type { EpochNumber } from '#protocol/units';
import { epochPath } from '#services/runtime/public-epochs';
import type { PublicFiles } from '#services/runtime/public-files';

/** More logs than any policy names: a server that answers whatever is asked for must not keep the audit for ever. */
const MAX_LOGS = 256;

/** Every file of an epoch by its known name: the manifest, which nothing signs, is not asked what there is. */
export async function readFolder(source: PublicFiles, epoch: EpochNumber): Promise<FolderFiles> {
  const files = new Map<string, Uint8Array>();
  const read = async (name: string): Promise<boolean> => {
    const bytes = await source.read(epochPath(epoch, name));
    if (bytes !== null) files.set(name, bytes);
    return bytes !== null;
  };
  for (const name of [...Object.values(FILES), MANIFEST]) await read(name);
  for (let log = 0; log < MAX_LOGS && (await read(evidenceName(log))); log += 1);
  return files;
}
