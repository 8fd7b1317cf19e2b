import { copyFile, cp, mkdtemp, open, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { signCheckpoint } from '#protocol/evidence/checkpoint';
import { leafHash } from '#protocol/evidence/merkle';
import {
  FRAME_HEADER_BYTES,
  SEGMENT_HEADER_BYTES,
  segmentName,
} from '#services/runtime/evidence/journal-frame';
import { openJournalReader } from '#services/runtime/evidence/journal-reader';
import { DISK } from '#services/runtime/log/log-files';
import { logSigner } from '#services/runtime/log/log-signer';
import { recoverJournal } from '#services/runtime/log/recover-journal';
import { LOG_SIGNER, makeTestLog, ORIGIN, reports, type TestLog } from '../../support/evidence-log.ts';

let test: TestLog;
let scratch: string;

beforeEach(async () => {
  test = await makeTestLog();
  scratch = await mkdtemp(join(tmpdir(), 'coverant-recovery-'));
});
afterEach(async () => {
  await test.remove();
  await rm(scratch, { recursive: true, force: true });
});

/** What recovery finds in a copy of the journal, or the code with which it refuses. */
async function recovered(
  change: (segment: string) => Promise<void>,
  options = { mark: true },
): Promise<unknown> {
  const dir = join(scratch, 'journal');
  await rm(dir, { recursive: true, force: true });
  await cp(test.journalDir, dir, { recursive: true });
  if (!options.mark) await rm(join(dir, 'durable'));
  const last = (await readdir(dir)).filter((name) => name.endsWith('.journal')).at(-1) ?? '';
  await change(join(dir, last));
  let entries = 0;
  try {
    await recoverJournal({ dir, origin: ORIGIN, files: DISK, visit: () => (entries += 1) });
    return entries;
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error;
  }
}

async function flip(path: string, at: number): Promise<void> {
  const bytes = await readFile(path);
  bytes[at] = (bytes[at] ?? 0) ^ 0x10;
  await writeFile(path, bytes);
}

/** Offsets at which the frames of the one segment begin, and its end. */
async function frameOffsets(): Promise<number[]> {
  const bytes = await readFile(join(test.journalDir, segmentName(0)));
  const offsets = [SEGMENT_HEADER_BYTES];
  for (let at = SEGMENT_HEADER_BYTES; at < bytes.length; offsets.push(at))
    at += FRAME_HEADER_BYTES + bytes.readUInt32LE(at);
  return offsets;
}

/** A journal of two writes: entries 0 to 4, then 5 to 7. */
async function twoWrites(): Promise<number[]> {
  const log = await test.open();
  await log.append(reports(5));
  await log.append(reports(3, 5));
  await log.close();
  return await frameOffsets();
}

describe('a torn tail', () => {
  it('is cut at every byte of the last write, where nobody was told that it is durable', async () => {
    const offsets = await twoWrites();
    const [start = 0, end = 0] = [offsets[5], offsets[8]];
    for (let length = start; length <= end; length++) {
      const whole = offsets.filter((offset) => offset <= length).length - 1;
      // The mark is not synced: after a power loss it may be of an earlier write, or gone.
      expect(await recovered((path) => truncate(path, length), { mark: false })).toBe(whole);
    }
  });

  it('is cut where the disk left zeros or other bytes in place of what was written', async () => {
    const offsets = await twoWrites();
    const [start = 0, end = 0] = [offsets[5], offsets[8]];
    for (let at = start; at < end; at += 7) {
      const whole = offsets.filter((offset) => offset <= at).length - 1;
      for (const fill of [0, 0xff, 0x5a]) {
        const overwrite = async (path: string): Promise<void> => {
          const handle = await open(path, 'r+');
          await handle.write(Buffer.alloc(end - at, fill), 0, end - at, at);
          await handle.close();
        };
        // A frame may happen to hold the very bytes that were written over it.
        expect([whole, whole + 1]).toContain(await recovered(overwrite, { mark: false }));
      }
    }
  });

  it('may have a hole with whole frames of the same write behind it', async () => {
    const offsets = await twoWrites();
    expect(await recovered((path) => flip(path, (offsets[5] ?? 0) + 1), { mark: false })).toBe(5);
    expect(await recovered((path) => flip(path, (offsets[6] ?? 0) + 20), { mark: false })).toBe(6);
  });

  it('never takes what readers were shown as durable: that is damage', async () => {
    const offsets = await twoWrites();
    for (const at of [offsets[5] ?? 0, (offsets[8] ?? 0) - 1])
      expect(await recovered((path) => flip(path, at))).toBe('journal_damaged');
    for (const length of offsets.slice(0, -1))
      expect(await recovered((path) => truncate(path, length))).toBe('journal_incomplete');
  });

  it('is gone after the first start, so that the log goes on in its place', async () => {
    const offsets = await twoWrites();
    const segment = join(test.journalDir, segmentName(0));
    await rm(join(test.journalDir, 'durable'));
    await truncate(segment, (offsets[7] ?? 0) + 5);
    const log = await test.open();
    expect(log.size).toBe(7);
    expect((await readFile(segment)).length).toBe(offsets[7]);
    expect((await log.append(reports(1, 7)))[0]?.index).toBe(7);
    expect(await openJournalReader(test.journalDir).read(0, 100)).toHaveLength(8);
  });
});

describe('damage anywhere else', () => {
  it('refuses to start, at every byte before the last write, and names file and offset', async () => {
    const offsets = await twoWrites();
    const [last = 0] = [offsets[5]];
    for (let at = 0; at < last; at++) {
      const code = await recovered((path) => flip(path, at), { mark: false });
      expect(code, `byte ${at}`).toBe(
        at >= 16 && at < SEGMENT_HEADER_BYTES ? 'journal_foreign' : 'journal_damaged',
      );
    }
    await flip(join(test.journalDir, segmentName(0)), (offsets[2] ?? 0) + 3);
    await expect(test.open()).rejects.toMatchObject({
      code: 'journal_damaged',
      context: { file: join(test.journalDir, segmentName(0)), offset: offsets[2] },
    });
  });

  it('refuses a torn end of a segment that is not the last, and a missing one', async () => {
    const log = await test.open({ segmentBytes: 500 });
    for (let at = 0; at < 6; at++) await log.append(reports(8, at * 8));
    await log.close();
    const names = (await readdir(test.journalDir)).filter((name) => name.endsWith('.journal'));
    expect(names.length).toBeGreaterThan(2);
    const first = join('journal', names[0] ?? '');
    const size = (await readFile(join(test.dir, first))).length;
    expect(await recovered(() => truncate(join(scratch, first), size - 1))).toBe('journal_damaged');
    expect(await recovered(() => rm(join(scratch, first)))).toBe('journal_incomplete');
    expect(await recovered((last) => rm(last))).toBe('journal_incomplete');
    expect(await recovered((last) => copyFile(join(scratch, first), last))).toBe('journal_damaged');
  });

  it('is not a foreign file beside the segments', async () => {
    await twoWrites();
    expect(await recovered((last) => writeFile(`${last}.new`, 'left over'))).toBe(8);
    expect(await recovered((last) => writeFile(join(last, '..', 'README'), 'foreign'))).toBe(8);
  });
});

describe('a journal that does not belong to the log', () => {
  it('is refused: of another origin, or behind or beside its checkpoint', async () => {
    const log = await test.open();
    await log.append(reports(10));
    test.now += 15_000;
    await log.integrate();
    await log.close();
    const other = { origin: `${ORIGIN}2`, signer: logSigner(`${ORIGIN}2`, new Uint8Array(32).fill(1)) };
    await expect(test.open(other)).rejects.toHaveProperty('code', 'checkpoint_mismatch');
    await expect(test.open({ origin: other.origin })).rejects.toThrow(RangeError);
    for (const head of [
      { origin: ORIGIN, size: 11, root: leafHash(Uint8Array.of(1)) },
      { origin: ORIGIN, size: 10, root: leafHash(Uint8Array.of(1)) },
      { origin: `${ORIGIN}2`, size: 0, root: leafHash(Uint8Array.of(1)) },
    ]) {
      await writeFile(join(test.publicDir, 'checkpoint'), signCheckpoint(head, [LOG_SIGNER]));
      await expect(test.open()).rejects.toHaveProperty('code', 'checkpoint_mismatch');
    }
    await writeFile(join(test.publicDir, 'checkpoint'), 'no note');
    await expect(test.open()).rejects.toHaveProperty('code', 'checkpoint_mismatch');
    await rm(join(test.publicDir, 'checkpoint'));
    await expect(test.open(other)).rejects.toHaveProperty('code', 'journal_foreign');
    expect((await test.open()).size).toBe(10);
  });
});
