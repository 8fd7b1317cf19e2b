import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DISK, type LogFiles } from '#services/runtime/log/log-files';
import { openJournalReader } from '#services/runtime/evidence/journal-reader';
import { makeTestLog, reports, type TestLog } from '../../support/evidence-log.ts';

let test: TestLog;

beforeEach(async () => {
  test = await makeTestLog();
});
afterEach(async () => {
  await test.remove();
});

interface Faults {
  /** Bytes that the disk still takes before it is full. */
  space: number;
  syncFails: boolean;
  markFails?: boolean;
}

/** Real files on a disk that fills up in the middle of a write, or whose fsync fails. */
function faultyFiles(faults: Faults): LogFiles {
  const open: LogFiles['open'] = async (path, flags) => {
    const file = await DISK.open(path, flags);
    const isMark = path.endsWith('durable');
    const write = async (bytes: Uint8Array, offset: number, length: number, position: number) => {
      const fits = isMark ? length : Math.min(length, faults.space);
      if (fits === 0 || (isMark && faults.markFails === true))
        throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
      const written = await file.write(bytes, offset, fits, position);
      if (!isMark) faults.space -= written.bytesWritten;
      return written;
    };
    const failing = async (sync: () => Promise<void>): Promise<void> => {
      if (faults.syncFails && !path.endsWith('durable'))
        throw Object.assign(new Error('EIO'), { code: 'EIO' });
      await sync();
    };
    return {
      write: write as typeof file.write,
      datasync: () => failing(() => file.datasync()),
      sync: () => failing(() => file.sync()),
      truncate: (length) => file.truncate(length),
      close: () => file.close(),
    };
  };
  return { ...DISK, open };
}

describe('a disk that is full', () => {
  it.each([0, 1, 11, 40, 200])(
    'after %i more bytes refuses with a retryable error, cuts what it half wrote, and goes on when there is room',
    async (space) => {
      const faults: Faults = { space: Infinity, syncFails: false };
      const log = await test.open({ files: faultyFiles(faults) });
      await log.append(reports(3));
      faults.space = space;
      const refused = await log.append(reports(20, 3)).then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(refused).toMatchObject({ code: 'log_unavailable', retryable: true });
      expect(log.size).toBe(3);
      faults.space = Infinity;
      const receipts = await log.append(reports(20, 3));
      expect(receipts[0]?.index).toBe(3);
      expect(test.fatal).toEqual([]);
      expect(await openJournalReader(test.journalDir).read(0, 100)).toHaveLength(23);
      await log.close();
      expect((await test.open()).size).toBe(23);
    },
  );

  it('at the start of a new segment leaves no segment behind', async () => {
    const faults: Faults = { space: Infinity, syncFails: false };
    const log = await test.open({ segmentBytes: 50, files: faultyFiles(faults) });
    await log.append(reports(1));
    for (const space of [0, 20, 48]) {
      faults.space = space;
      await expect(log.append(reports(1, 1))).rejects.toHaveProperty('code', 'log_unavailable');
    }
    faults.space = Infinity;
    await log.append(reports(1, 1));
    await log.close();
    expect((await test.open()).size).toBe(2);
  });
});

describe('a process that is out of file descriptors', () => {
  it('when a new segment stands but its folder cannot be opened goes on once there are some', async () => {
    let exhausted = false;
    const log = await test.open({
      segmentBytes: 50,
      files: {
        ...DISK,
        open: async (path, flags) => {
          if (path === test.journalDir && exhausted)
            throw Object.assign(new Error('EMFILE'), { code: 'EMFILE' });
          return await DISK.open(path, flags);
        },
      },
    });
    exhausted = true;
    await expect(log.append(reports(1))).rejects.toMatchObject({ code: 'log_unavailable', retryable: true });
    exhausted = false;
    await log.append(reports(1));
    exhausted = true;
    await expect(log.append(reports(1, 1))).rejects.toHaveProperty('code', 'log_unavailable');
    exhausted = false;
    await log.append(reports(1, 1));
    await log.close();
    expect((await test.open()).size).toBe(2);
  });
});

describe('a mark for readers that cannot be written', () => {
  it('keeps no receipt back, and readers only until the next round of publishing', async () => {
    const faults: Faults = { space: Infinity, syncFails: false };
    const log = await test.open({ files: faultyFiles(faults) });
    faults.markFails = true;
    expect(await log.append(reports(2))).toHaveLength(2);
    await expect(log.integrate()).rejects.toHaveProperty('code', 'log_unavailable');
    expect(await openJournalReader(test.journalDir).read(0, 10)).toHaveLength(0);
    faults.markFails = false;
    await log.integrate();
    expect(await openJournalReader(test.journalDir).read(0, 10)).toHaveLength(2);
  });
});

describe('an fsync that fails', () => {
  it('ends the log: no receipt, one fatal call, and nothing is tried again', async () => {
    const faults: Faults = { space: Infinity, syncFails: false };
    const log = await test.open({ files: faultyFiles(faults) });
    await log.append(reports(2));
    faults.syncFails = true;
    const outcomes = await Promise.allSettled([log.append(reports(1, 2)), log.append(reports(1, 3))]);
    for (const outcome of outcomes)
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'log_failed', retryable: false } });
    expect(test.fatal).toHaveLength(1);
    faults.syncFails = false;
    await expect(log.append(reports(1, 4))).rejects.toHaveProperty('code', 'log_failed');
    expect(await openJournalReader(test.journalDir).read(0, 100)).toHaveLength(2);
  });

  it('leaves a journal that the next process goes on with', async () => {
    const faults: Faults = { space: Infinity, syncFails: false };
    const log = await test.open({ files: faultyFiles(faults) });
    await log.append(reports(2));
    faults.syncFails = true;
    await expect(log.append(reports(1, 2))).rejects.toHaveProperty('code', 'log_failed');
    await log.close();
    const next = await test.open();
    // The frame that was not receipted is whole in this file, so it stays: only receipts are promises.
    expect(next.size).toBe(3);
    expect((await next.append(reports(1, 3)))[0]?.index).toBe(3);
  });
});
