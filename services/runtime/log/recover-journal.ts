import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  decodeDurableMark,
  DURABLE_MARK_NAME,
  type DurableMark,
} from '#services/runtime/evidence/durable-mark';
import { JournalError } from '#services/runtime/evidence/journal-error';
import {
  hasLaterWrite,
  readFrame,
  SEGMENT_HEADER_BYTES,
  segmentFirst,
  segmentHeader,
  segmentName,
} from '#services/runtime/evidence/journal-frame';
import { synced } from './log-error.ts';
import { hasCode, writeAll, type LogFiles } from './log-files.ts';

/** Where the journal goes on: the next entry, and the last segment's first index and length (null: no segment yet). */
export interface JournalEnd {
  readonly next: number;
  readonly segment: { readonly first: number; readonly bytes: number } | null;
}

/**
 * Reads every entry in order, cuts the torn tail of the last segment and syncs what stays. Throws JournalError for all
 * that the writer cannot have left: damage anywhere else, missing files, another log's files.
 */
export async function recoverJournal(input: {
  readonly dir: string;
  readonly origin: string;
  readonly files: LogFiles;
  readonly visit: (entry: Uint8Array, index: number) => void;
  /** Called first where the journal begins with a later entry than 0; throws where that may not be. */
  readonly begin?: (first: number) => Promise<void>;
}): Promise<JournalEnd> {
  const { dir, origin, files, visit } = input;
  const mark = await readMark(dir);
  const firsts = (await readdir(dir)).map(segmentFirst).filter((first) => first !== undefined);
  firsts.sort((a, b) => a - b);
  let next = 0;
  if (firsts[0] !== undefined && firsts[0] > 0 && input.begin !== undefined) {
    await input.begin(firsts[0]);
    next = firsts[0];
  }
  let segment: JournalEnd['segment'] = null;
  for (const first of firsts) {
    const file = join(dir, segmentName(first));
    if (first !== next) throw new JournalError('journal_incomplete', { file, expected: next });
    const bytes = await readFile(file);
    requireHeader(bytes, { file, first, origin });
    let at = SEGMENT_HEADER_BYTES;
    for (let frame = readFrame(bytes, at); frame !== undefined; frame = readFrame(bytes, at)) {
      visit(frame.entry, next);
      next += 1;
      at = frame.end;
    }
    if (first === firsts.at(-1))
      await cutTail(bytes, { files, file, at, durable: durableBytes(mark, first) });
    else if (at < bytes.length) throw new JournalError('journal_damaged', { file, offset: at });
    segment = { first, bytes: at };
  }
  if (mark !== undefined && mark.next > next)
    throw new JournalError('journal_incomplete', { dir, durable: mark.next, found: next });
  return { next, segment };
}

function requireHeader(
  bytes: Buffer,
  { file, first, origin }: { readonly file: string; readonly first: number; readonly origin: string },
): void {
  const found = bytes.subarray(0, SEGMENT_HEADER_BYTES);
  const expected = segmentHeader(first, origin);
  if (found.equals(expected)) return;
  const sameButOrigin =
    found.length === expected.length && found.subarray(0, 16).equals(expected.subarray(0, 16));
  throw sameButOrigin
    ? new JournalError('journal_foreign', { file, origin })
    : new JournalError('journal_damaged', { file, offset: 0 });
}

async function cutTail(
  bytes: Buffer,
  of: {
    readonly files: LogFiles;
    readonly file: string;
    readonly at: number;
    readonly durable: number;
  },
): Promise<void> {
  const { files, file, at, durable } = of;
  if (at < bytes.length && (at < durable || hasLaterWrite(bytes, at)))
    throw new JournalError('journal_damaged', { file, offset: at });
  const handle = await files.open(file, 'r+');
  try {
    if (at < bytes.length) await handle.truncate(at);
    // A killed writer leaves whole frames that were never synced: they count from now on. They are written once more,
    // because after a failed fsync the kernel may hold them as clean pages that no later fsync would write.
    const known = Math.max(durable, SEGMENT_HEADER_BYTES);
    await writeAll(handle, bytes.subarray(known, at), known);
    await synced(file, () => handle.sync());
  } finally {
    await handle.close();
  }
}

function durableBytes(mark: DurableMark | undefined, first: number): number {
  return mark?.segment === first ? mark.offset : 0;
}

async function readMark(dir: string): Promise<DurableMark | undefined> {
  return await readFile(join(dir, DURABLE_MARK_NAME)).then(decodeDurableMark, (error: unknown) => {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  });
}
