import { DEFAULT_POLICY } from '#protocol/policy';
import { NOBODY_DENIED } from '#protocol/deny/deny-list';
import { sha256 } from '@noble/hashes/sha2.js';
import { Queue } from 'bullmq';
import { setTimeout as sleep } from 'node:timers/promises';
import { decodeRecord, type LocatedRecord } from '#protocol/evidence/record';
import { epochNumber, millis } from '#protocol/units';
import type { PocGroup } from '#protocol/verify/poc';
import { openBacklogReader, writeBacklog } from '#services/runtime/backlog-file';
import type { VerdictsJob } from '#services/runtime/jobs';
import { openMetrics } from '#services/runtime/metrics';
import { verifySignature } from '#services/runtime/signature';
import { openBatcher } from '#services/verify/batcher';
import { encodeCheckJob, openCheckJob } from '#services/verify/check-job';
import { checkTask } from '#services/verify/check-tasks';
import { parseChecked } from '#services/verify/checked';
import { epochAt, epochEnd } from '#services/verify/epoch-at';
import { readFoldPoint, writeFoldPoint, type FoldPoint } from '#services/verify/fold-file';
import { HIDDEN_MS, openOutbox } from '#services/verify/outbox';
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
      logs: FoldPoint['logs'],
      until: FoldPoint | null,
    ): { groups: string[]; take: (record: LocatedRecord) => void; tail: ReturnType<typeof openTail> } => {
      const groups: string[] = [];
      const tail = openTail({
        windows: DEFAULT_POLICY.windows,
        logs,
        until: until?.time ?? null,
        recent: until?.state.recent.values() ?? [],
        verify: verifySignature,
        onGroup: ({ kind, reports }) =>
          groups.push(`${kind} ${reports.map(({ position }) => position.index).join()}`),
        onEntropy: () => undefined,
        onSkipped: () => undefined,
        onLate: () => undefined,
      });
      const take = (record: LocatedRecord): void => {
        tail.take({ origin, ...record });
      };
      return { groups, take, tail };
    };
    const start: FoldPoint['logs'] = new Map([[origin, { from: 0, next: 0 }]]);
    const whole = places(start, null);
    records.forEach(whole.take);
    expect(whole.groups).toHaveLength(16);

    for (let stop = 1; stop < records.length; stop += 3) {
      const before = places(start, null);
      records.slice(0, stop).forEach(before.take);
      const { time, logs } = before.tail.place();
      const state = { clocks: new Map(), entropies: new Map(), recent: new Map() };
      const after = places(logs, { time, logs, state });
      records.slice(logs.get(origin)?.from).forEach(after.take);
      expect([...before.groups, ...after.groups], `stopped before record ${stop}`).toEqual(whole.groups);
    }
  });
});

describe('a check job', () => {
  it('carries all that a worker needs, and gives there what it gives here', () => {
    const { world, records } = busyWorld();
    const groups: PocGroup[] = [];
    const entropies = new Map();
    const { origin } = world.log();
    const tail = openTail({
      windows: DEFAULT_POLICY.windows,
      logs: new Map([[origin, { from: 0, next: 0 }]]),
      until: null,
      recent: [],
      verify: verifySignature,
      onGroup: (group) => groups.push(group),
      onEntropy: (entropy) => entropies.set(entropy.data, entropy),
      onSkipped: () => undefined,
      onLate: () => undefined,
    });
    for (const record of records) tail.take({ origin, ...record });
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
  it('is read back as it was written, and not for other logs', async () => {
    const { world } = busyWorld();
    const data = await makeDataDir(world);
    const [hotspot] = hotspots;
    const state = { clocks: new Map(), entropies: new Map(), recent: new Map() };
    if (hotspot !== undefined)
      state.clocks.set(hotspot.key, { lastBeacon: millis(5), lastBeaconRecip: null, lastWitness: millis(7) });
    const logs = new Map([
      ['a/b/c', { from: 17, next: 20 }],
      ['a/b/d', { from: 0, next: 3 }],
    ]);
    const point = { time: millis(1234), logs, state };

    expect(await readFoldPoint(data.dataDir, ['a/b/c', 'a/b/d'])).toBeNull();
    await writeFoldPoint(data.dataDir, point);

    expect(await readFoldPoint(data.dataDir, ['a/b/c', 'a/b/d'])).toEqual(point);
    expect(await readFoldPoint(data.dataDir, ['a/b/c'])).toBeNull();
    expect(await readFoldPoint(data.dataDir, ['a/b/c', 'a/b/e'])).toBeNull();
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
