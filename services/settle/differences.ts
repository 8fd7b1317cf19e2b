import { join } from 'node:path';
import { FILES, type FolderFiles } from '#protocol/settle/folder';
import { firstDifference } from '#protocol/settle/folder/difference';
import { openTuple, tupleHash, type Tuple } from '#protocol/settle/tuple';
import type { EpochNumber, Hash } from '#protocol/units';
import type { Logger } from '#services/runtime/logger';
import { epochPath, readEpochFiles } from '#services/runtime/public-epochs';
import { openPublicFiles, type PublicFiles } from '#services/runtime/public-files';
import { replaceFile } from '#services/runtime/replace-file';
import type { EpochStore } from './epoch-store.ts';
import { tupleDifferences } from './tuple-difference.ts';

/** Somebody else's vote for another tuple than ours. */
export interface Disagreement {
  readonly ours: Tuple;
  readonly theirs: Hash;
  /** The tuple behind the hash; null where the node does not remember it. */
  readonly tuple: Tuple | null;
  /** Whose votes they are. */
  readonly by: string;
}

/**
 * Publishes what differs as `differences/<epoch>-<their hash>.json`: every field of the tuples and, once one of the peers
 * shows the other folder, the first thing in it that is not ours. Answers whether that is known.
 */
export type PublishDifference = (disagreement: Disagreement) => Promise<boolean>;

export function openDifferences(options: {
  readonly folder: string;
  readonly peerUrls: readonly string[];
  readonly store: EpochStore;
  readonly logger: Logger;
}): PublishDifference {
  const peers = options.peerUrls.map(openPublicFiles);

  async function findFolder(epoch: EpochNumber, hash: Hash): Promise<FolderFiles | null> {
    for (const peer of peers)
      try {
        const files = await readIfTheirs(peer, epoch, hash);
        if (files !== null) return files;
      } catch (error) {
        options.logger.debug({ error, peer: peer.location }, 'a peer does not show its folder');
      }
    return null;
  }

  return async ({ ours, theirs, tuple, by }) => {
    const other = await findFolder(ours.epoch, theirs);
    const own = await options.store.read(ours.epoch);
    const first = other === null || own === null ? null : (firstDifference(other, own) ?? null);
    const differences = tuple === null ? null : tupleDifferences(ours, tuple);
    const epoch = ours.epoch.toString();
    const said = { version: 1, epoch, ours: tupleHash(ours), theirs, by, tuple: differences, first };
    await replaceFile(
      join(options.folder, 'differences', `${epoch}-${theirs}.json`),
      `${JSON.stringify(said, null, 1)}\n`,
    );
    options.logger.error(
      { epoch, ours: tupleHash(ours), theirs, by, differences, first },
      'others attest another tuple; ours stays',
    );
    return first !== null || peers.length === 0;
  };
}

/** More than a tuple has. */
const TUPLE_BYTES = 1024;
/** Of each file that is compared: a peer must not fill our memory. */
const MOST_BYTES = 64 << 20;

/** A folder is theirs by its tuple alone; whether the rest of it is right is not believed, only compared. */
async function readIfTheirs(peer: PublicFiles, epoch: EpochNumber, hash: Hash): Promise<FolderFiles | null> {
  const bytes = await peer.read(epochPath(epoch, FILES.tuple), TUPLE_BYTES);
  if (bytes === null || tupleHash(openTuple(bytes)) !== hash) return null;
  return await readEpochFiles(peer, epoch, MOST_BYTES);
}
