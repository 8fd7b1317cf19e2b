import { ProtocolError } from '#protocol/errors';
import { FILES, openFolder, type EpochFolder } from '#protocol/settle/folder';
import { unnamedInput } from '#protocol/settle/folder/check-folder';
import { tupleHash, type Tuple } from '#protocol/settle/tuple';
import { Outage } from '#services/runtime/outage';
import { epochPath, readEpochFiles } from '#services/runtime/public-epochs';
import type { PublicFiles } from '#services/runtime/public-files';

/** An epoch's folder whose inputs are those that the final tuple names; malformed_folder names the one that is not. */
export async function readFolder(source: PublicFiles, tuple: Tuple): Promise<EpochFolder> {
  const { epoch } = tuple;
  const files = await readEpochFiles(source, epoch);
  if (files === null)
    throw new Outage('file_missing', { location: source.location, path: epochPath(epoch, 'manifest.json') });
  const folder = openFolder(files);
  if (tupleHash(folder.tuple) !== tupleHash(tuple))
    throw new ProtocolError('malformed_folder', { file: epochPath(epoch, FILES.tuple) });
  const other = unnamedInput(files, folder);
  if (other !== undefined)
    throw new ProtocolError('malformed_folder', {
      file: epochPath(epoch, other.file),
      where: other.where,
      found: other.theirs,
      expected: other.ours,
    });
  return folder;
}

/** Whether an epoch has packets at all, without its evidence. */
export async function hasPackets(source: PublicFiles, { epoch }: Tuple): Promise<boolean> {
  return (await source.read(epochPath(epoch, FILES.packets))) !== null;
}
