import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { equalBytes } from '#protocol/evidence/merkle';
import { decodeRecord } from '#protocol/evidence/record';
import { TILE_WIDTH, tilePath } from '#protocol/evidence/tile';
import type { VerifierKey } from '#protocol/evidence/verifier-key';
import { ProtocolError } from '#protocol/errors';
import type { EpochNumber } from '#protocol/units';
import { segmentFirst, segmentName } from '#services/runtime/evidence/journal-frame';
import { openJournalReader, type JournalReader } from '#services/runtime/evidence/journal-reader';
import { openPublishedLog } from '#services/runtime/evidence/published-log';
import { publicLogReader, type PublicLogReader } from '#services/runtime/evidence/public-log-reader';
import { lockFolder } from './folder-lock.ts';
import { DISK, syncFolder, type LogFiles } from './log-files.ts';

/** What was dropped, in entries: `journal` before this index, and `bundles` before that one. */
export interface Dropped {
  readonly journal: number;
  readonly bundles: number;
}

const ROUND = 4096;

/**
 * Drops journal segments and entry bundles that lie wholly before an epoch's epoch_close, once a mirror was read that has
 * every one of their entries; hash tiles stay, so that every proof still can be made. The caller knows that the epoch is
 * final. Throws log_locked while the log is written, RangeError where the epoch was not closed or is not public, what tiles
 * throw where the mirror is not whole, evidence_mismatch where it is of another history.
 */
export async function dropOld(of: {
  /** The log's folder. */
  readonly dir: string;
  readonly key: VerifierKey;
  readonly mirror: PublicLogReader;
  readonly epoch: EpochNumber;
  readonly files?: LogFiles;
}): Promise<Dropped> {
  const { dir, key, mirror, epoch, files = DISK } = of;
  const [journal, open] = [join(dir, 'journal'), join(dir, 'public')];
  const lost: unknown[] = [];
  const lock = await lockFolder(join(dir, 'lock'), (error) => lost.push(error));
  try {
    const reader = openJournalReader(journal);
    const cut = await closeOf(reader, epoch);
    const own = await openPublishedLog({ reader: publicLogReader({ base: open }), origin: key.name, key });
    const copy = await openPublishedLog({ reader: mirror, origin: key.name, key });
    if (cut >= own.tree.size) throw new RangeError(`epoch ${epoch} is closed but not public yet`);
    // The epoch_close itself stays: the log goes on counting from it.
    const segments = await segmentsBefore(journal, Math.min(cut, copy.tree.size));
    // Where an earlier run ended early, its bundles are still to go.
    const journalFirst = segments.at(-1)?.next ?? (await reader.first());
    const bundles = Math.floor(journalFirst / TILE_WIDTH);
    if (journalFirst > 0) {
      if (!equalBytes(await copy.tree.rootAt(journalFirst), await own.tree.rootAt(journalFirst)))
        throw new ProtocolError('evidence_mismatch', { location: mirror.location, size: journalFirst });
      for (let at = 0; at < journalFirst; at += ROUND)
        await copy.tree.entries(at, Math.min(at + ROUND, journalFirst));
    }
    if (lost.length > 0) throw lost[0];
    // Oldest first: whenever this ends, what is left is the end of the log.
    for (const { first } of segments) {
      await files.remove(join(journal, segmentName(first)));
      await syncFolder(files, journal);
    }
    for (let index = 0; index < bundles; index++) {
      const path = join(open, tilePath({ level: 'entries', index, width: TILE_WIDTH }));
      await files.remove(path);
      await files.remove(`${path}.p`);
    }
    return { journal: journalFirst, bundles: bundles * TILE_WIDTH };
  } finally {
    await lock.release();
  }
}

async function closeOf(reader: JournalReader, epoch: EpochNumber): Promise<number> {
  for (let index = await reader.first(); ;) {
    const entries = await reader.readEntries(index, ROUND);
    if (entries.length === 0) throw new RangeError(`the journal does not hold the close of epoch ${epoch}`);
    for (const entry of entries) {
      const { body } = decodeRecord(entry);
      if (body.kind === 'epoch_close' && body.epoch === epoch) return index;
      index += 1;
    }
  }
}

/** Segments all of whose entries lie before an index, oldest first; never the last one. */
async function segmentsBefore(
  journal: string,
  end: number,
): Promise<readonly { readonly first: number; readonly next: number }[]> {
  const firsts = (await readdir(journal)).map(segmentFirst).filter((first) => first !== undefined);
  firsts.sort((a, b) => a - b);
  return firsts.flatMap((first, at) => {
    const next = firsts[at + 1];
    return next !== undefined && next <= end ? [{ first, next }] : [];
  });
}
