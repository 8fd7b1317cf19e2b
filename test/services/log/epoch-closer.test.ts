import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { epochNumber, millis } from '#protocol/units';
import { dueEpoch, runEpochCloser } from '#services/runtime/log/epoch-closer';
import { DISK } from '#services/runtime/log/log-files';
import type { EvidenceLog } from '#services/runtime/log/open-log';
import { openJournalReader } from '#services/runtime/evidence/journal-reader';
import { makeTestLog, reports, type TestLog } from '../../support/evidence-log.ts';

const schedule = { firstEpochStart: 1_800_000_000, epochLength: 60, graceMs: 13_000 };
const START = schedule.firstEpochStart * 1000;
let test: TestLog;

beforeEach(async () => {
  test = await makeTestLog();
});
afterEach(async () => {
  await test.remove();
});

async function closes(): Promise<readonly { epoch: bigint; receivedAt: number }[]> {
  const records = await openJournalReader(test.journalDir).read(0, 1000);
  return records.flatMap(({ record: { body, receivedAt } }) =>
    body.kind === 'epoch_close' ? [{ epoch: body.epoch, receivedAt }] : [],
  );
}

/** Runs the closer until it has nothing more to do. */
async function closeDue(log: EvidenceLog): Promise<unknown[]> {
  const failed: unknown[] = [];
  const ending = new AbortController();
  const running = runEpochCloser({
    log,
    schedule: () => Promise.resolve(schedule),
    clock: () => millis(test.now),
    failed: (error) => failed.push(error),
    signal: ending.signal,
  });
  await expect
    .poll(
      () =>
        failed.length > 0 ||
        dueEpoch(schedule, { last: log.lastClosedEpoch, now: millis(test.now) }) === null,
    )
    .toBe(true);
  ending.abort();
  await running;
  return failed;
}

describe('an epoch', () => {
  it('is due at its end plus grace, and not a millisecond earlier', () => {
    const due = (last: bigint | null, now: number): bigint | null =>
      dueEpoch(schedule, { last: last === null ? null : epochNumber(last), now: millis(now) });
    expect(due(null, START + 72_999)).toBeNull();
    expect(due(null, START + 73_000)).toBe(0n);
    expect(due(0n, START + 132_999)).toBeNull();
    expect(due(0n, START + 133_000)).toBe(1n);
    expect(due(4n, START)).toBeNull();
  });

  it('is closed after all that was received before, with a stamp like any record', async () => {
    const log = await test.open();
    test.now = START + 73_000;
    await log.append(reports(2));
    expect(await closeDue(log)).toEqual([]);
    await log.append(reports(1, 2));
    const records = await openJournalReader(test.journalDir).read(0, 10);
    expect(records.map(({ record }) => record.body.kind)).toEqual([
      'beacon',
      'beacon',
      'epoch_close',
      'beacon',
    ]);
    expect(await closes()).toEqual([{ epoch: 0n, receivedAt: START + 73_000 }]);
  });

  it('that was missed while the log was down is closed at the start, each once and in order', async () => {
    const first = await test.open();
    test.now = START + 2 * 60_000 + 13_000;
    await closeDue(first);
    expect(first.lastClosedEpoch).toBe(1n);
    await first.close();
    test.now = START + 6 * 60_000;
    const second = await test.open();
    expect(second.lastClosedEpoch).toBe(1n);
    await closeDue(second);
    await closeDue(second);
    expect((await closes()).map(({ epoch }) => epoch)).toEqual([0n, 1n, 2n, 3n, 4n]);
    await expect(second.closeEpoch(epochNumber(9n))).rejects.toThrow(RangeError);
  });

  it('waits for a disk that takes nothing, and is closed when it does', async () => {
    let full = true;
    const log = await test.open({
      files: {
        ...DISK,
        open: async (path, flags) => {
          if (full && path.includes('.journal')) throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
          return await DISK.open(path, flags);
        },
      },
    });
    test.now = START + 73_000;
    expect(await closeDue(log)).toEqual([expect.objectContaining({ code: 'log_unavailable' })]);
    full = false;
    expect(await closeDue(log)).toEqual([]);
    expect((await closes()).map(({ epoch }) => epoch)).toEqual([0n]);
  });
});
