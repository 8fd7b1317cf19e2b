import { afterEach, describe, expect, it } from 'vitest';
import { brokenPromises, CrashingLog, randomFaults, type Crash } from '../../support/crashing-log.ts';
import type { DiskCall, Fault } from '../../support/lossy-disk.ts';
import { seededRandom } from '../../support/seeded-random.ts';

const SEED = Number(process.env['TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
/** As many lives of a log, one after the other, each of which ends with a power loss or a new start. */
const LIVES = Number(process.env['TEST_LIVES'] ?? 12);
const opened: CrashingLog[] = [];

afterEach(async () => {
  for (const log of opened.splice(0)) {
    log.disk.fault = () => undefined;
    await log.close().catch(() => undefined);
    await log.remove();
  }
});

async function logOn(crash: Crash | null, random: () => number, share: number): Promise<CrashingLog> {
  const log = await CrashingLog.on(crash, { random, share });
  opened.push(log);
  return log;
}

/** Appends and publishes as a log in service does, until the steps or the process are over. */
async function live(log: CrashingLog, random: () => number, steps = 8): Promise<void> {
  for (let step = 0; step < steps && log.fatal.length === 0; step++) {
    log.now += Math.floor(random() * 100);
    const batches = Array.from({ length: Math.floor(random() * 4) }, () => 1 + Math.floor(random() * 9));
    await Promise.all([
      ...batches.map((count) => log.append(count)),
      ...(random() < 0.6 ? [log.publish()] : []),
    ]);
  }
}

async function allBroken(crashes: readonly Crash[]): Promise<readonly string[]> {
  const broken: string[] = [];
  for (const crash of crashes) broken.push(...(await brokenPromises(crash)));
  return broken;
}

describe('a log whose power fails', () => {
  it(
    `keeps every receipt and every checkpoint, at whatever call it fails (TEST_SEED=${SEED})`,
    { timeout: 600_000 },
    async () => {
      const random = seededRandom(SEED);
      let crash: Crash | null = null;
      let checked = 0;
      let refused = 0;
      for (let life = 0; life < LIVES; life++) {
        // Every tenth log is a new one; the others go on where the power failed.
        if (life % 10 === 0) crash = null;
        const log = await logOn(crash, random, 0.35);
        await log.open();
        if (crash === null) await log.append(245);
        if (life % 3 > 0) log.disk.fault = randomFaults(random);
        await live(log, random);
        refused += log.fatal.length;
        const broken = await allBroken(log.crashes);
        expect(broken, `TEST_SEED=${SEED} life ${life}`).toEqual([]);
        checked += log.crashes.length;
        crash = log.crashes[Math.floor(random() * log.crashes.length)] ?? null;
      }
      console.info(`TEST_SEED=${SEED}: ${checked} power losses in ${LIVES} lives, ${refused} failed fsyncs`);
      expect(checked).toBeGreaterThan(LIVES * 20);
    },
  );

  it('keeps them at each call of a start and of the first reports of a new log', async () => {
    const random = seededRandom(7);
    const log = await logOn(null, random, 1);
    await log.open();
    await log.append(3);
    await log.publish();
    await log.append(40);
    await log.publish();
    expect(await allBroken(log.crashes)).toEqual([]);
    expect(log.crashes.length).toBeGreaterThan(60);
  });
});

describe('the check of power losses', () => {
  const syncs =
    (matches: (call: DiskCall) => boolean) =>
    (call: DiskCall): Fault | undefined =>
      ['sync', 'datasync'].includes(call.name) && matches(call) ? 'forgotten' : undefined;

  it.each<readonly [string, (call: DiskCall) => boolean]>([
    ['the journal', ({ name, path }) => path.includes('.journal') && name === 'datasync'],
    ['a new segment', ({ name, path }) => path.includes('.journal') && name === 'sync'],
    ["the journal's names", ({ path }) => path === 'data/ingest/journal'],
    ["the log folder's names", ({ path }) => path === 'data/ingest'],
    ['the names in the data folder', ({ path }) => path === 'data'],
    ['tiles and checkpoint', ({ path }) => path.startsWith('data/ingest/drafts/')],
    ["the tiles' names", ({ path }) => path.startsWith('data/ingest/public/tile/')],
    ["the public folders' names", ({ path }) => path === 'data/ingest/public/tile'],
  ])('notices where the fsync of %s is left out', async (_, matches) => {
    const random = seededRandom(11);
    const log = await logOn(null, random, 1);
    log.disk.fault = syncs(matches);
    await log.open();
    for (let round = 0; round < 3; round++) {
      await log.append(20);
      await log.publish();
    }
    expect(await allBroken(log.crashes)).not.toEqual([]);
  });
});

describe('an fsync that fails', () => {
  it.each(['journal/', 'public', 'drafts/'])(
    'anywhere below %s ends the process: nothing is tried again, and the next one keeps all',
    async (part) => {
      const random = seededRandom(3);
      const log = await logOn(null, random, 0);
      await log.open();
      await log.append(5);
      await log.publish();
      let failedAt = 0;
      log.disk.fault = (call, at) => {
        if (failedAt > 0 || !call.name.endsWith('sync') || !call.path.includes(part)) return undefined;
        failedAt = at;
        return 'EIO';
      };
      await log.append(5);
      await log.publish();
      expect(log.fatal.map(({ code }) => code)).toEqual(['log_failed']);
      const ended = log.disk.calls.length;
      expect(await log.append(1)).toBe(false);
      expect(await log.publish()).toBe(false);
      await log.close();
      const failed = log.disk.calls[failedAt]?.path;
      const isAgain = ({ name, path }: DiskCall): boolean => name.endsWith('sync') && path === failed;
      expect(log.disk.calls.slice(failedAt + 1).filter(isAgain)).toEqual([]);
      expect(log.disk.calls.slice(ended)).toEqual([]);

      // A new process finds the pages in the cache that the failed fsync dropped, and must write them again.
      await log.open();
      await log.append(4);
      await log.publish();
      const crashes = Array.from({ length: 5 }, () => log.crashNow());
      expect(await allBroken(crashes)).toEqual([]);
    },
  );
});

describe('a disk that is full', () => {
  it(
    'refuses retryably at any call, keeps what is there, and goes on without help',
    { timeout: 120_000 },
    async () => {
      const random = seededRandom(5);
      for (let at = 0; at < 40; at += 1) {
        const log = await logOn(null, random, 0);
        await log.open();
        await log.append(250);
        await log.publish();
        const from = log.disk.calls.length + at;
        log.disk.fault = (call, now) =>
          now >= from && ['write', 'makeFolder', 'rename'].includes(call.name) ? 'ENOSPC' : undefined;
        const before = log.receipts;
        const taken = [await log.append(30), await log.append(30)].filter(Boolean).length;
        await log.publish();
        expect(log.receipts).toBe(before + 30 * taken);
        expect(log.fatal).toEqual([]);
        log.disk.fault = () => undefined;
        expect([await log.append(2), await log.publish()]).toEqual([true, true]);
        expect(await allBroken([log.crashNow()])).toEqual([]);
        await log.close();
      }
    },
  );
});
