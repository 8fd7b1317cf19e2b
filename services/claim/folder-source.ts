import { FILES, openFile, type FolderFiles } from '#protocol/settle/folder';
import { openLeaves } from '#protocol/settle/folder/leaves-file';
import { settlementTree, type SettlementTree } from '#protocol/settle/tree';
import { openTuple, tupleHash, type Tuple } from '#protocol/settle/tuple';
import type { EpochNumber, Hash } from '#protocol/units';
import type { ProveCredits } from './due-settlements.ts';
import { nativeHashes } from '#services/runtime/evidence/native-hash';
import type { Logger } from '#services/runtime/logger';
import { epochPath } from '#services/runtime/public-epochs';
import type { PublicFiles } from '#services/runtime/public-files';

interface Wanted {
  readonly epoch: EpochNumber;
  readonly tupleHash: Hash;
}

/** What claims need of an epoch folder. */
export interface Settlement {
  readonly tuple: Tuple;
  readonly tree: SettlementTree;
  readonly credits: ProveCredits;
}

export interface FolderSource {
  /** The settlement of exactly this tuple from the first source that has it; null where none has. */
  find(wanted: Wanted): Promise<Settlement | null>;
}

/** Nothing that a source says is believed: the tuple must have the hash on chain, the leaves must have the tuple's root. */
export function openFolderSource(sources: readonly PublicFiles[], logger: Logger): FolderSource {
  return {
    async find(wanted) {
      for (const source of sources) {
        try {
          const found = await readSettlement(source, wanted);
          if (found !== null) return found;
        } catch (error) {
          logger.warn(
            { error, source: source.location, epoch: wanted.epoch.toString() },
            'a folder cannot be read',
          );
        }
      }
      return null;
    },
  };
}

/** The settlement of a tuple from one source; null where it has another one or none. */
export async function readSettlement(source: PublicFiles, wanted: Wanted): Promise<Settlement | null> {
  const files = new Map<string, Uint8Array>();
  for (const name of [FILES.tuple, FILES.leaves]) {
    const bytes = await source.read(epochPath(wanted.epoch, name));
    if (bytes === null) return null;
    files.set(name, bytes);
  }
  return settlementOf(files, wanted);
}

function settlementOf(files: FolderFiles, wanted: Wanted): Settlement | null {
  const tuple = openFile(files, FILES.tuple, openTuple);
  if (tupleHash(tuple) !== wanted.tupleHash) return null;
  const tree = settlementTree({
    network: tuple.network,
    leaves: openFile(files, FILES.leaves, openLeaves),
    hashes: nativeHashes,
  });
  return tree.root === tuple.root ? { tuple, tree, credits: noCredits } : null;
}

/** Folders hold no credits leaves yet. */
function noCredits(): null {
  return null;
}
