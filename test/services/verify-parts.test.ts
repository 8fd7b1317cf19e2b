import { DEFAULT_POLICY } from '#protocol/policy';
import { NOBODY_DENIED } from '#protocol/deny/deny-list';
import { sha256 } from '@noble/hashes/sha2.js';
import { Queue } from 'bullmq';
import { setTimeout as sleep } from 'node:timers/promises';
import { decodeRecord, type LocatedRecord } from '#protocol/evidence/record';
import type { CheckedPoc } from '#protocol/verify/checked-poc';
import { epochNumber, millis } from '#protocol/units';
import type { PocGroup, PocVerdict } from '#protocol/verify/poc';
import { openBacklogReader, writeBacklog } from '#services/runtime/backlog-file';
import type { VerdictsJob } from '#services/runtime/jobs';
import { openMetrics } from '#services/runtime/metrics';
import { openRegistryReader } from '#services/runtime/registry-file';
import { verifySignature } from '#services/runtime/signature';
import { openBatcher } from '#services/verify/batcher';
import { encodeCheckJob, openCheckJob, type CheckTask } from '#services/verify/check-job';
import { checkTask } from '#services/verify/check-tasks';
import { parseChecked } from '#services/verify/checked';
import { epochAt, epochEnd } from '#services/verify/epoch-at';
import { readFoldPoint, writeFoldPoint, type FoldPoint } from '#services/verify/fold-file';
import { openGroup, type Group } from '#services/verify/group';
import { HIDDEN_MS, openOutbox, type Outbox } from '#services/verify/outbox';
import { openTail } from '#services/verify/tail';
import { describe, expect, it } from 'vitest';
import { EPOCH_S, GENESIS, testHotspot, TestWorld } from '../protocol/epoch/world.ts';
import { startTestRedis } from '../support/redis.ts';
import { makeDataDir, SILENT } from '../support/service-world.ts';
import { batchVerdicts } from '../support/verify-line.ts';

const hotspots = Array.from({ length: 4 }, (_, place) => testHotspot(`parts ${place}`, place));

function busyWorld(): { readonly world: TestWorld; readonly records: readonly LocatedRecord[] } {
  const world = new TestWorld({ hotspots, epochs: 4 });
  for (const epoch of [0, 1, 2, 3]) world.busyEpoch(epoch);
  const data = sha256(Uint8Array.of(1));
  const entropy = { kind: 'entropy', data, timestamp: 1, version: 0, slot: 1n, blockhash: data } as const;
  world.log().add({ receivedAt: GENESIS * 1000 + 900_000, body: entropy });
  const records = world
    .log()
    .entries()
    .map((entry, index) => ({ index, entry, record: decodeRecord(entry) }));
  return { world, records };
}

describe('the tail', () => {
  it('puts out the same groups wherever it was stopped and started again', () => {
    const { world, records } = busyWorld();
    const { origin } = world.log();
    const places = (
      from: number,
      until: FoldPoint | null,
    ): { groups: string[]; tail: ReturnType<typeof openTail> } => {
      const groups: string[] = [];
      const tail = openTail({
        windows: DEFAULT_POLICY.windows,
        origin,
        from,
        until: until?.time ?? null,
        recent: until?.state.recent.values() ?? [],
        verify: verifySignature,
        onGroup: ({ kind, reports }) =>
          groups.push(`${kind} ${reports.map(({ position }) => position.index).join()}`),
        onEntropy: () => undefined,
        onSkipped: () => undefined,
      });
      return { groups, tail };
    };
    const whole = places(0, null);
    records.forEach(whole.tail.take);
    expect(whole.groups).toHaveLength(16);

    for (let stop = 1; stop < records.length; stop += 3) {
      const before = places(0, null);
      records.slice(0, stop).forEach(before.tail.take);
      const { time, from } = before.tail.place();
      const state = { clocks: new Map(), entropies: new Map(), recent: new Map() };
      const after = places(from, { origin, time, from, state });
      records.slice(from).forEach(after.tail.take);
      expect([...before.groups, ...after.groups], `stopped before record ${stop}`).toEqual(whole.groups);
    }
  });
});

describe('a check job', () => {
  it('carries all that a worker needs, and gives there what it gives here', () => {
    const { world, records } = busyWorld();
    const groups: PocGroup[] = [];
    const entropies = new Map();
    const tail = openTail({
      windows: DEFAULT_POLICY.windows,
      origin: world.log().origin,
      from: 0,
      until: null,
      recent: [],
      verify: verifySignature,
      onGroup: (group) => groups.push(group),
      onEntropy: (entropy) => entropies.set(entropy.data, entropy),
      onSkipped: () => undefined,
    });
    records.forEach(tail.take);
    const { policy } = world;
    const task = {
      epoch: epochNumber(0n),
      policy,
      deny: NOBODY_DENIED,
      registry: world.registry().hotspots,
      entropies,
      groups,
    };

    const carried: unknown = JSON.parse(JSON.stringify(encodeCheckJob(task)));
    const opened = openCheckJob(carried);

    const here = checkTask(task, verifySignature);
    expect(checkTask(opened, verifySignature)).toEqual(here);
    const answer: unknown = JSON.parse(JSON.stringify(here));
    expect(parseChecked(answer, task)).toEqual(here);
    for (const wrong of [
      null,
      [],
      here.slice(1),
      [...here].reverse(),
      here.map((each) => ({ ...each, at: 0 })),
    ])
      expect(parseChecked(wrong, task)).toBeNull();
    for (const wrong of [null, {}, { ...encodeCheckJob(task), bytes: '' }])
      expect(() => openCheckJob(wrong)).toThrow();
  });
});

describe('the batcher', () => {
  it('emits at 100 groups, after 50 ms and where an epoch begins', () => {
    const emitted: [number, bigint][] = [];
    const batcher = openBatcher((groups, epoch) => emitted.push([groups.length, epoch]));
    const group: PocGroup = { kind: 'stale', payload: '', beacon: null, reports: [] };
    const [first, second] = [epochNumber(1n), epochNumber(2n)];

    for (let count = 0; count < 101; count += 1) batcher.add(group, first, 0);
    batcher.add(group, second, 10);
    batcher.tick(59);
    expect(emitted).toEqual([
      [100, 1n],
      [1, 1n],
    ]);
    batcher.tick(60);
    expect(emitted.at(-1)).toEqual([1, 2n]);
  });
});

describe('epochs', () => {
  it('hold what is received after their start up to and with their end', () => {
    const schedule = { firstEpochStart: GENESIS, epochLength: EPOCH_S };
    const at = (offset: number): bigint | null => epochAt(millis(GENESIS * 1000 + offset), schedule);
    expect([at(-1), at(0), at(1), at(60_000), at(60_001)]).toEqual([null, null, 0n, 0n, 1n]);
    expect(epochEnd(epochNumber(1n), schedule)).toBe(GENESIS + 120);
  });
});

describe('the point where fold stops', () => {
  it('is read back as it was written, and not for another log', async () => {
    const { world } = busyWorld();
    const data = await makeDataDir(world);
    const [hotspot] = hotspots;
    const state = { clocks: new Map(), entropies: new Map(), recent: new Map() };
    if (hotspot !== undefined)
      state.clocks.set(hotspot.key, { lastBeacon: millis(5), lastBeaconRecip: null, lastWitness: millis(7) });
    const point = { origin: 'a/b/c', time: millis(1234), from: 17, state };

    expect(await readFoldPoint(data.dataDir, 'a/b/c')).toBeNull();
    await writeFoldPoint(data.dataDir, point);

    expect(await readFoldPoint(data.dataDir, 'a/b/c')).toEqual(point);
    expect(await readFoldPoint(data.dataDir, 'a/b/d')).toBeNull();
    await data.close();
  });
});

describe('verdicts on their way', () => {
  it('are not handed on before their reports may be seen', async () => {
    const redis = await startTestRedis();
    const now = Date.now();
    const outbox = openOutbox({
      redisUrl: redis.url,
      logger: SILENT,
      metrics: openMetrics('verify'),
      now: () => now,
    });
    const queue = new Queue<VerdictsJob>('verdicts', { connection: { url: redis.url } });
    const [verdict] = [...batchVerdicts(busyWorld().world).values()];
    if (verdict === undefined) throw new Error('no verdict');
    const at = (receivedAt: number): typeof verdict => ({
      ...verdict,
      position: { ...verdict.position, receivedAt: millis(receivedAt) },
    });
    const poc = {
      payload: '',
      beacon: at(now - 12_000),
      witnesses: [at(now - 5000)],
      others: [at(now - 11_000)],
    };

    outbox.add({ epoch: '0', verdict: poc });
    outbox.flush();
    outbox.add({
      epoch: '0',
      verdict: { payload: '', beacon: null, witnesses: [], others: [at(now - 181_000)] },
    });
    outbox.flush();

    while (outbox.unsent() > 0) await sleep(10);
    expect((await queue.getDelayed()).map(({ delay }) => delay)).toEqual([HIDDEN_MS - 5000]);
    expect(await queue.getWaitingCount()).toBe(1);
    await outbox.close();
    await queue.close();
    await redis.close();
  });
});

describe('the backlog', () => {
  it('is no reason to refuse where nobody tells it, or has not for 5 s', async () => {
    const data = await makeDataDir(busyWorld().world);
    const age = openBacklogReader(data.dataDir);
    expect(await age(1_000_000)).toBe(0);
    await writeBacklog(data.dataDir, { oldest: 930_000, at: 1_000_000 });
    expect(await age(1_001_000)).toBe(71_000);
    expect(await age(1_005_001)).toBe(0);
    await writeBacklog(data.dataDir, { oldest: null, at: 1_010_000 });
    expect(await age(1_010_000)).toBe(0);
    await data.close();
  });
});

describe('the grouping process', () => {
  it('reads no further than memory allows while nobody checks', async () => {
    // Badly signed reports are put out one by one: 40,000 of them make 400 jobs.
    const line = await startLine({ records: () => 40_000, check: () => new Promise(() => undefined) });
    let before = -1;
    while (before !== line.read() || line.read() === 0) {
      before = line.read();
      await sleep(300);
    }

    expect(line.read()).toBeGreaterThan(3000);
    expect(line.read()).toBeLessThan(5000);
    // It never was up to date: a view that is being built is no reason to refuse reports.
    expect(line.group.backlog().oldest).toBeNull();
    await line.close();
  });

  it('knows the entropy of every beacon, however long a stretch of the log one read brings', async () => {
    const world = new TestWorld({ hotspots, epochs: 1, policy: { reciprocity_from: 9 } });
    const [beaconer = testHotspot('', 0), ...witnesses] = hotspots;
    world.poc({ beaconer, witnesses, at: GENESIS * 1000 + 9000 });
    for (let minute = 1; minute <= 120; minute += 1) world.derive(beaconer, GENESIS * 1000 + minute * 60_000);
    const log = world.log().entries();
    const line = await startLine({
      records: () => log.length,
      recordAt: (index) => {
        const entry = log[index] ?? Uint8Array.of();
        return { index, entry, record: decodeRecord(entry) };
      },
      check: (task) => Promise.resolve(checkTask(task, verifySignature)),
    });
    while (line.verdicts() < 1) await sleep(10);

    expect(line.judged.map(({ beacon }) => beacon?.reason)).toEqual([null]);
    await line.close();
  });

  it('lets time pass where the log is silent, but not where it is down', async () => {
    const check = (task: CheckTask): Promise<readonly CheckedPoc[]> =>
      Promise.resolve(checkTask(task, () => false));
    const line = await startLine({ records: () => 10, check });
    while (line.verdicts() < 9) await sleep(10);
    await sleep(300);
    const whileDown = line.verdicts();

    // Its last record came 2.9 s ago.
    line.setTime(GENESIS * 1000 + 1801 + 2900);
    while (line.verdicts() < 10) await sleep(10);

    expect(whileDown).toBe(9);
    await line.close();
  });

  it('says since when a report waits once it was up to date, and nothing while Redis is away', async () => {
    const tasks: CheckTask[] = [];
    let records = 10;
    const line = await startLine({
      records: () => records,
      check: (task) => {
        tasks.push(task);
        return tasks.length === 1
          ? Promise.resolve(checkTask(task, () => false))
          : new Promise(() => undefined);
      },
    });
    while (line.verdicts() < 9) await sleep(10);
    await sleep(100);
    records = 20;
    while (tasks.length < 2) await sleep(10);

    const late = line.group.backlog();
    line.redis.ready = false;
    const away = line.group.backlog();

    expect(late.oldest).toBeGreaterThan(GENESIS * 1000 + 1800);
    expect(late.oldest).toBeLessThan(GENESIS * 1000 + 4000);
    expect(away.oldest).toBeNull();
    await line.close();
  });
});

/** A grouping process over the given log, or one of badly signed beacons, five a second. */
async function startLine(options: {
  readonly records: () => number;
  readonly recordAt?: (index: number) => LocatedRecord;
  readonly check: (task: CheckTask) => Promise<readonly CheckedPoc[]>;
}): Promise<{
  readonly group: Group;
  readonly setTime: (to: number) => void;
  readonly read: () => number;
  readonly verdicts: () => number;
  readonly judged: readonly PocVerdict[];
  readonly redis: { ready: boolean };
  readonly close: () => Promise<void>;
}> {
  const { world } = busyWorld();
  const data = await makeDataDir(world);
  const start = GENESIS * 1000;
  const report = beaconOf(world);
  // It runs on from after the last record.
  let ahead = start + 9_000_000 - Date.now();
  const redis = { ready: true };
  let read = 0;
  const judged: PocVerdict[] = [];
  const badBeacon = (index: number): LocatedRecord => {
    const receivedAt = millis(start + 1 + index * 200);
    return { index, entry: report, record: { receivedAt, body: { kind: 'beacon', report, session: null } } };
  };
  const { recordAt = badBeacon } = options;
  const outbox: Outbox = {
    add: ({ verdict }) => judged.push(verdict),
    flush: () => undefined,
    unsent: () => 0,
    redisReady: () => redis.ready,
    close: () => undefined,
  };
  const group = openGroup({
    origin: world.log().origin,
    reader: {
      read: (from, max) => {
        const count = Math.max(0, Math.min(max, options.records() - from));
        read = Math.max(read, from + count);
        return Promise.resolve(Array.from({ length: count }, (_, place) => recordAt(from + place)));
      },
    },
    registry: openRegistryReader(data.dataDir),
    policy: world.policy,
    deny: NOBODY_DENIED,
    checker: { check: options.check },
    outbox,
    verify: options.recordAt === undefined ? () => false : verifySignature,
    point: null,
    savePoint: () => Promise.resolve(),
    now: () => Date.now() + ahead,
    metrics: openMetrics('verify'),
  });
  const controller = new AbortController();
  const running = group.run(controller.signal);
  const close = async (): Promise<void> => {
    controller.abort();
    await running;
    await data.close();
  };
  const setTime = (to: number): void => {
    ahead = to - Date.now();
  };
  return { group, setTime, read: () => read, verdicts: () => judged.length, judged, redis, close };
}

function beaconOf(world: TestWorld): Uint8Array {
  const [beaconer] = world.hotspots;
  if (beaconer === undefined) throw new Error('no hotspot');
  const { body } = world.poc({ beaconer, witnesses: [], at: GENESIS * 1000 }).beacon;
  if (body.kind !== 'beacon') throw new Error('no beacon');
  return body.report;
}
