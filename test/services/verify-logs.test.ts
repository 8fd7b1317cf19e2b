import { describe, expect, it } from 'vitest';
import { NOBODY_DENIED } from '#protocol/deny/deny-list';
import { decodeRecord, encodeRecord, type EvidenceBody, type LocatedRecord } from '#protocol/evidence/record';
import { formatVerifierKey } from '#protocol/evidence/verifier-key';
import { millis } from '#protocol/units';
import { createLogger } from '#services/runtime/logger';
import { Outage } from '#services/runtime/outage';
import { openRegistryReader } from '#services/runtime/registry-file';
import { verifySignature } from '#services/runtime/signature';
import { checkTask } from '#services/verify/check-tasks';
import type { FoldPoint } from '#services/verify/fold-file';
import { openGroup, type Group } from '#services/verify/group';
import { HOLD_MS, openLogFeed, type LogFeed } from '#services/verify/logs/log-feed';
import { publicSource, type LogSource } from '#services/verify/logs/log-source';
import { mergeLogs } from '#services/verify/logs/merge';
import { GENESIS, testHotspot, TestWorld } from '../protocol/epoch/world.ts';
import { makeDataDir, SILENT } from '../support/service-world.ts';
import { countingMetrics, type CountingMetrics } from '../support/verify-line/metrics.ts';
import { publicLog } from '../support/verify-line/public-log.ts';
import { ScratchOutbox } from '../support/verify-line/queue.ts';
import { placedVerdicts, type PlacedVerdict } from '../support/verify-line/verdicts.ts';
import { signerOf } from '../support/verify-line/world.ts';

const START = GENESIS * 1000;
const hotspots = Array.from({ length: 4 }, (_, place) => testHotspot(`logs ${place}`, place));
const [one = testHotspot('', 0), two = one, three = one] = hotspots;

/** A log that can be read up to a time, or not at all. */
class ShownLog {
  readonly origin: string;
  until = 0;
  down = false;
  readonly #records: readonly LocatedRecord[];

  constructor(origin: string, entries: readonly Uint8Array[]) {
    this.origin = origin;
    this.#records = entries.map((entry, index) => ({ index, entry, record: decodeRecord(entry) }));
  }

  source(): LogSource {
    return {
      origin: this.origin,
      delayMs: 3000,
      pauseMs: 25,
      read: (from, max) => {
        if (this.down) throw new Outage('files_unreachable', { origin: this.origin });
        const shown = this.#records.filter(({ record }) => record.receivedAt <= this.until);
        return Promise.resolve(shown.slice(from, from + max));
      },
    };
  }
}

interface Line {
  readonly group: Group;
  readonly metrics: CountingMetrics;
  readonly verdicts: ReadonlyMap<string, PlacedVerdict>;
  readonly point: () => FoldPoint | null;
  /** Lets the clock go on to a time, and looks. */
  readonly goTo: (time: number) => Promise<void>;
  readonly close: () => Promise<void>;
}

async function openLine(
  world: TestWorld,
  logs: readonly ShownLog[],
  start: { readonly at: number; readonly point: FoldPoint | null },
): Promise<Line> {
  const data = await makeDataDir(world);
  let clock = start.at;
  const now = (): number => clock;
  const verdicts = new Map<string, PlacedVerdict>();
  const outbox = new ScratchOutbox((provisional) => {
    for (const placed of placedVerdicts(provisional))
      verdicts.set(`${placed.verdict.position.origin.slice(-1)} ${placed.verdict.position.index}`, placed);
  });
  const metrics = countingMetrics();
  let { point } = start;
  const feeds = logs.map((log): LogFeed => {
    const { from } = point?.logs.get(log.origin) ?? { from: 0 };
    return openLogFeed({ source: log.source(), from, since: point?.time ?? millis(0), now, logger: SILENT });
  });
  const group = openGroup({
    feeds,
    registry: openRegistryReader(data.dataDir),
    policy: world.policy,
    policyOf: () => Promise.resolve({ policy: world.policy, denyFile: null, deny: NOBODY_DENIED }),
    checker: { check: (task) => Promise.resolve(checkTask(task, verifySignature)) },
    outbox,
    verify: verifySignature,
    point,
    savePoint: (saved) => {
      point = { ...saved, state: structuredClone(saved.state) };
      return Promise.resolve();
    },
    now,
    metrics,
  });
  const stop = new AbortController();
  const running = group.fold.run(stop.signal);
  const goTo = async (time: number): Promise<void> => {
    clock = time;
    for (const log of logs) log.until = time;
    for (const feed of feeds) {
      await feed.fill();
      await feed.fill();
    }
    await group.turn();
    // A batch of groups waits a little for others.
    clock += 50;
    await group.turn();
    for (let round = 0; round < 3; round += 1) {
      await new Promise(setImmediate);
      outbox.flush();
      outbox.deliver();
    }
  };
  const close = async (): Promise<void> => {
    stop.abort();
    await running;
    await data.close();
  };
  return { group, metrics, verdicts, point: () => point, goTo, close };
}

/** Two logs of which each shows its entropies every minute. */
function twoLogs(fill: (world: TestWorld) => void): {
  readonly world: TestWorld;
  readonly logs: readonly [ShownLog, ShownLog];
} {
  const world = new TestWorld({ hotspots, epochs: 0, logs: 2, policy: { reciprocity_from: 9 } });
  for (let minute = 0; minute < 20; minute += 1) world.derive(one, START + minute * 60_000);
  fill(world);
  const shown = (at: number): ShownLog => new ShownLog(world.log(at).origin, world.log(at).entries());
  return { world, logs: [shown(0), shown(1)] };
}

/** Verdicts of beacons and witnesses of one log. */
function reasonsOf(line: Line, log: string): readonly string[] {
  return [...line.verdicts]
    .filter(([place]) => place.startsWith(`${log} `))
    .map(([, { role, verdict }]) => `${role} ${verdict.reason ?? 'valid'}`);
}

describe('several logs', () => {
  it('are one order: by reception, then by origin, then by index', async () => {
    const feedOf = async (origin: string, times: readonly number[]): Promise<LogFeed> => {
      const body: EvidenceBody = { kind: 'beacon', report: Uint8Array.of(1), session: null };
      const entries = times.map((time) => encodeRecord({ receivedAt: millis(time), body }));
      const log = new ShownLog(origin, entries);
      log.until = 1000;
      const feed = openLogFeed({
        source: log.source(),
        from: 0,
        since: millis(0),
        now: () => 0,
        logger: SILENT,
      });
      await feed.fill();
      return feed;
    };
    const merge = mergeLogs([await feedOf('b', [5, 7, 7, 9]), await feedOf('a', [6, 7, 8])]);
    const order: string[] = [];
    for (let next = merge.next(); next !== null; next = merge.next())
      order.push(`${next.record.receivedAt} ${next.origin} ${next.index}`);

    // Log a may still have something of the millisecond 8, and before 9.
    expect(order).toEqual(['5 b 0', '6 a 0', '7 a 1', '7 b 1', '7 b 2', '8 a 2']);
    expect(merge.time()).toBe(7);
  });

  it('wait for one that stands still, but not for ever, and say that they go on without it', async () => {
    const { world, logs } = twoLogs((made) => {
      made.poc({ beaconer: one, witnesses: [two], at: START + 30_000, log: 0 });
    });
    const line = await openLine(world, logs, { at: START, point: null });
    await line.goTo(START + 20_000);
    logs[1].down = true;

    await line.goTo(START + 19_000 + HOLD_MS);
    const held = { verdicts: reasonsOf(line, '0'), leftOut: line.group.leftOut() };
    await line.goTo(START + 21_000 + HOLD_MS);

    expect(held).toEqual({ verdicts: [], leftOut: [] });
    expect(reasonsOf(line, '0')).toEqual(['beacon valid', 'witness valid']);
    expect(line.group.leftOut()).toEqual([world.log(1).origin]);
    await line.close();
  });

  it('take one back that returns, and what it brings late is judged as late', async () => {
    const { world, logs } = twoLogs((made) => {
      made.poc({ beaconer: one, witnesses: [two], at: START + 30_000, log: 1 });
      made.poc({ beaconer: three, witnesses: [two], at: START + 130_000, log: 1 });
    });
    const line = await openLine(world, logs, { at: START, point: null });
    await line.goTo(START + 20_000);
    logs[1].down = true;
    await line.goTo(START + 100_000);
    logs[1].down = false;

    await line.goTo(START + 110_000);
    const returned = { verdicts: reasonsOf(line, '1'), leftOut: line.group.leftOut() };
    await line.goTo(START + 150_000);

    expect(returned).toEqual({ verdicts: ['beacon valid', 'other too_late'], leftOut: [] });
    expect(reasonsOf(line, '1').slice(2)).toEqual(['beacon valid', 'witness valid']);
    expect(await line.metrics.count('late_reports_total')).toBe(2);
    await line.close();
  });

  it('bring as late after a restart, too, what nobody has judged before it', async () => {
    const { world, logs } = twoLogs((made) => {
      made.poc({ beaconer: one, witnesses: [two], at: START + 30_000, log: 1 });
    });
    const line = await openLine(world, logs, { at: START, point: null });
    await line.goTo(START + 20_000);
    logs[1].down = true;
    await line.goTo(START + 100_000);
    await line.close();
    logs[1].down = false;

    const next = await openLine(world, logs, { at: START + 110_000, point: line.point() });
    await next.goTo(START + 111_000);

    expect(line.point()?.time).toBeGreaterThan(START + 90_000);
    expect(reasonsOf(next, '1')).toEqual(['beacon valid', 'other too_late']);
    await next.close();
  });
});

describe('the public files of a log', () => {
  const entries = Array.from({ length: 300 }, (_, place) => {
    const body: EvidenceBody = { kind: 'beacon', report: Uint8Array.of(place & 255), session: null };
    const receivedAt = START + place;
    return { at: receivedAt, receivedAt, entry: encodeRecord({ receivedAt: millis(receivedAt), body }) };
  });
  const served = publicLog({ origin: 'test/x/0', entries });
  const { origin, reader } = served;
  const log = { origin, vkey: formatVerifierKey(signerOf(origin).key), url: '' };

  it('are read on from any index as they grow', async () => {
    const source = publicSource({ log, verify: verifySignature, reader });
    const sizes: number[] = [];
    for (const size of [0, 1, 255, 256, 257, 300]) {
      served.publish(size);
      const before = sizes.reduce((sum, each) => sum + each, 0);
      const records = await source.read(before, 200);
      expect(records.map(({ index, entry }) => [index, entry])).toEqual(
        entries.slice(before, before + records.length).map(({ entry }, at) => [before + at, entry]),
      );
      sizes.push(records.length);
    }
    expect(sizes).toEqual([0, 1, 200, 54, 2, 43]);
    expect(await source.read(300, 200)).toEqual([]);
  });

  it('give nothing that the log has not signed, and are asked again', async () => {
    const lines: string[] = [];
    const logger = createLogger({
      stage: 'verify',
      level: 'warn',
      destination: { write: (text: string) => lines.push(text) },
    });
    let flipped = true;
    const source = publicSource({
      log,
      verify: verifySignature,
      reader: {
        ...reader,
        bundle: async (place) => {
          const bundle = await reader.bundle(place);
          return flipped ? bundle.map((entry) => entry.map((byte) => byte ^ 1)) : bundle;
        },
      },
    });
    const now = (): number => START + 60_000;
    const feed = openLogFeed({ source, from: 0, since: millis(0), now, logger });

    await feed.fill();
    await feed.fill();
    const refused = [feed.head(), feed.passed()];
    flipped = false;
    await feed.fill();

    expect(refused).toEqual([undefined, 0]);
    expect(lines).toHaveLength(1);
    expect(feed.head()?.index).toBe(0);
    const other = publicSource({ log, verify: () => false, reader });
    await expect(other.read(0, 1)).rejects.toMatchObject({ code: 'invalid_signature' });
  });
});
