import { open, readdir, readFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeRecord, type LocatedRecord } from '#protocol/evidence/record';
import { decodeDurableMark, DURABLE_MARK_NAME, type DurableMark } from './durable-mark.ts';
import { JournalError } from './journal-error.ts';
import { readFrame, SEGMENT_HEADER_BYTES, segmentFirst, segmentName } from './journal-frame.ts';

/** Reads a journal while its one writer appends to it; shows nothing that is not on disk. */
export interface JournalReader {
  /** Up to `max` records from `fromIndex` on; empty where none is durable yet. */
  read(fromIndex: number, max: number): Promise<readonly LocatedRecord[]>;
  /** The same as they stand in the journal, undecoded. */
  readEntries(fromIndex: number, max: number): Promise<readonly Uint8Array[]>;
  /** Index of the first entry that is kept. */
  first(): Promise<number>;
  /** Index of the next entry: all before it are durable. */
  size(): Promise<number>;
}

const CHUNK_BYTES = 1 << 20;
/** One known offset for so many entries, so that looking back does not scan a segment. */
const STRIDE = 256;

/** `dir` is the folder of the journal itself; it need not exist yet. */
export function openJournalReader(dir: string): JournalReader {
  const segments = new Map<number, Segment>();
  let mark: DurableMark = { next: 0, segment: 0, offset: SEGMENT_HEADER_BYTES };

  const refresh = async (): Promise<DurableMark> => {
    const found = await readFile(join(dir, DURABLE_MARK_NAME)).then(decodeDurableMark, missingAsUndefined);
    // A writer that starts again after a power loss may show an older mark than was seen here; the entries stayed.
    if (found !== undefined && found.next > mark.next) mark = found;
    return mark;
  };
  const segmentOf = async (index: number, { segment: last }: DurableMark): Promise<Segment> => {
    const holds = ({ first, next }: Segment): boolean =>
      index >= first && (next === undefined ? first === last : index < next);
    const known = [...segments.values()].find(holds);
    if (known !== undefined) return known;
    const firsts = (await readdir(dir)).map(segmentFirst).filter((first) => first !== undefined);
    firsts.sort((a, b) => a - b);
    for (const [at, first] of firsts.entries())
      segments.set(first, {
        first,
        next: firsts[at + 1],
        path: join(dir, segmentName(first)),
        offsets: segments.get(first)?.offsets ?? [SEGMENT_HEADER_BYTES],
      });
    const found = [...segments.values()].find(holds);
    if (found === undefined) throw new JournalError('journal_incomplete', { dir, index });
    return found;
  };

  const readEntries = async (fromIndex: number, max: number): Promise<readonly Uint8Array[]> => {
    const now = await refresh();
    const end = Math.min(fromIndex + max, now.next);
    const entries: Uint8Array[] = [];
    for (let index = fromIndex; index < end; index = fromIndex + entries.length) {
      const segment = await segmentOf(index, now);
      const bytes = segment.first === now.segment ? now.offset : Infinity;
      const range = { index, end: Math.min(end, segment.next ?? end), bytes };
      await scanSegment(segment, range, (entry) => entries.push(entry));
    }
    return entries;
  };

  return {
    read: async (fromIndex, max) =>
      (await readEntries(fromIndex, max)).map((entry, at) => ({
        index: fromIndex + at,
        entry,
        record: decodeRecord(entry),
      })),
    readEntries,
    first: async () => {
      const firsts = (await readdir(dir)).map(segmentFirst).filter((first) => first !== undefined);
      return firsts.length === 0 ? 0 : Math.min(...firsts);
    },
    size: async () => (await refresh()).next,
  };
}

interface Segment {
  readonly first: number;
  /** First index of the segment after it; undefined for the last one. */
  readonly next: number | undefined;
  readonly path: string;
  /** offsets[k] is where the frame of entry first + k * STRIDE begins. */
  readonly offsets: number[];
}

/** Visits the entries [index, end), none of whose frames reaches past `bytes`. */
async function scanSegment(
  segment: Segment,
  range: { readonly index: number; readonly end: number; readonly bytes: number },
  visit: (entry: Uint8Array) => void,
): Promise<void> {
  const stride = Math.min(Math.floor((range.index - segment.first) / STRIDE), segment.offsets.length - 1);
  let index = segment.first + stride * STRIDE;
  let offset = segment.offsets[stride] ?? SEGMENT_HEADER_BYTES;
  const handle = await open(segment.path, 'r');
  try {
    while (index < range.end) {
      const chunk = await readChunk(handle, offset, Math.min(CHUNK_BYTES, range.bytes - offset));
      let at = 0;
      for (
        let frame = readFrame(chunk, at);
        frame !== undefined && index < range.end;
        frame = readFrame(chunk, at)
      ) {
        // A copy, so that whoever keeps one entry does not keep the whole chunk.
        if (index >= range.index) visit(new Uint8Array(frame.entry));
        at = frame.end;
        index += 1;
        if ((index - segment.first) % STRIDE === 0)
          segment.offsets[(index - segment.first) / STRIDE] = offset + at;
      }
      if (at === 0) throw new JournalError('journal_damaged', { file: segment.path, offset });
      offset += at;
    }
  } finally {
    await handle.close();
  }
}

async function readChunk(handle: FileHandle, offset: number, size: number): Promise<Buffer> {
  const chunk = Buffer.allocUnsafe(Math.max(0, size));
  let filled = 0;
  while (filled < chunk.length) {
    const { bytesRead } = await handle.read(chunk, filled, chunk.length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return chunk.subarray(0, filled);
}

function missingAsUndefined(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}
