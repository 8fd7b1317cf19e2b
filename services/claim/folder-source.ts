import { openFolder, type EpochFolder } from '#protocol/settle/folder';
import { tupleHash } from '#protocol/settle/tuple';
import type { EpochNumber, Hash } from '#protocol/units';
import { readEpochFiles } from '#services/runtime/public-epochs';
import type { Logger } from '#services/runtime/logger';
import type { PublicFiles } from '#services/runtime/public-files';

export interface FolderSource {
  /** The folder of exactly this tuple from the first source that has it; null where none has. */
  find(wanted: { readonly epoch: EpochNumber; readonly tupleHash: Hash }): Promise<EpochFolder | null>;
}

/** Nothing that a source says is believed: its tuple must have the hash that the chain holds, its leaves the tuple's root. */
export function openFolderSource(sources: readonly PublicFiles[], logger: Logger): FolderSource {
  return {
    async find(wanted) {
      for (const source of sources) {
        try {
          const files = await readEpochFiles(source, wanted.epoch);
          if (files === null) continue;
          const folder = openFolder(files);
          if (tupleHash(folder.tuple) === wanted.tupleHash && folder.tree.root === folder.tuple.root)
            return folder;
          logger.warn(
            { source: source.location, ...wordsOf(wanted) },
            'a folder is not the one that the chain holds',
          );
        } catch (error) {
          logger.warn({ error, source: source.location, ...wordsOf(wanted) }, 'a folder cannot be read');
        }
      }
      return null;
    },
  };
}

function wordsOf(wanted: { readonly epoch: EpochNumber; readonly tupleHash: Hash }): object {
  return { epoch: wanted.epoch.toString(), tupleHash: wanted.tupleHash };
}
