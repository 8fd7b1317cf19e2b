import { setTimeout as sleep } from 'node:timers/promises';
import { NOBODY_DENIED } from '#protocol/deny/deny-list';
import { decodeRecord, type LocatedRecord } from '#protocol/evidence/record';
import { millis } from '#protocol/units';
import type { CheckedPoc } from '#protocol/verify/checked-poc';
import type { PocVerdict } from '#protocol/verify/poc';
import { openMetrics } from '#services/runtime/metrics';
import { openRegistryReader } from '#services/runtime/registry-file';
import { verifySignature } from '#services/runtime/signature';
import type { CheckTask } from '#services/verify/check-job';
import { checkTask } from '#services/verify/check-tasks';
import { openGroup, type Group } from '#services/verify/group';
import { openLogFeed } from '#services/verify/logs/log-feed';
import type { LogSource } from '#services/verify/logs/log-source';
import type { Outbox } from '#services/verify/outbox';
import { describe, expect, it } from 'vitest';
import { GENESIS, testHotspot, TestWorld } from '../protocol/epoch/world.ts';
import { makeDataDir, SILENT } from '../support/service-world.ts';

const hotspots = Array.from({ length: 4 }, (_, place) => testHotspot(`group ${place}`, place));

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
    line.setTime(GENESIS * 1000 + 1801 + 1000);
    await sleep(100);
    line.setTime(GENESIS * 1000 + 9_000_000);
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
  const world = new TestWorld({ hotspots, epochs: 4 });
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
  const now = (): number => Date.now() + ahead;
  const source: LogSource = {
    origin: world.log().origin,
    delayMs: 3000,
    pauseMs: 25,
    read: (from, max) => {
      const count = Math.max(0, Math.min(max, options.records() - from));
      read = Math.max(read, from + count);
      return Promise.resolve(Array.from({ length: count }, (_, place) => recordAt(from + place)));
    },
  };
  const group = openGroup({
    feeds: [openLogFeed({ source, from: 0, since: millis(0), now, logger: SILENT })],
    registry: openRegistryReader(data.dataDir),
    policy: world.policy,
    policyOf: () => Promise.resolve({ policy: world.policy, denyFile: null, deny: NOBODY_DENIED }),
    checker: { check: options.check },
    outbox: outboxInto(judged, redis),
    verify: options.recordAt === undefined ? () => false : verifySignature,
    point: null,
    savePoint: () => Promise.resolve(),
    now,
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

function outboxInto(judged: PocVerdict[], redis: { readonly ready: boolean }): Outbox {
  return {
    add: ({ verdict }) => judged.push(verdict),
    flush: () => undefined,
    unsent: () => 0,
    handedOn: () => Promise.resolve(true),
    redisReady: () => redis.ready,
    close: () => undefined,
  };
}

function beaconOf(world: TestWorld): Uint8Array {
  const [beaconer] = world.hotspots;
  if (beaconer === undefined) throw new Error('no hotspot');
  const { body } = world.poc({ beaconer, witnesses: [], at: GENESIS * 1000 }).beacon;
  if (body.kind !== 'beacon') throw new Error('no beacon');
  return body.report;
}
