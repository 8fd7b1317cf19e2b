import { mkdtemp, open as openFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { millis } from '#protocol/units';
import type { PocState } from '#protocol/verify/poc';
import { openJournal, type Journal, type OpenFile } from '#services/ingest/log/journal';
import type { ProvisionalVerdict } from '#services/runtime/jobs';
import type { RegistryReader } from '#services/runtime/registry-file';
import { openChecker, type Checker } from '#services/verify/checker';
import { foldPointText, openFoldPoint, type FoldPoint } from '#services/verify/fold-file';
import { openGroup, type Group } from '#services/verify/group';
import { openLogFeed, type LogFeed } from '#services/verify/logs/log-feed';
import { journalSource, publicSource } from '#services/verify/logs/log-source';
import { SILENT } from './service-world.ts';
import {
  byPlace,
  placedVerdicts,
  policyOf,
  publicLog,
  type PlacedVerdict,
  type PublicLog,
} from './verify-line-batch.ts';
import type { LineLog } from './verify-line-logs.ts';
import { countingMetrics, type CountingMetrics } from './verify-line-metrics.ts';
import { DENIED, DENY_LIST, EPOCH_MS, EPOCHS, REGISTRY_FILE, START_MS, type Signing } from './verify-line-network.ts';
import { FATES, ScratchOutbox, ScratchQueue } from './verify-line-queue.ts';

/** What happens around the grouping process; the steps are gone through again and again. */
export interface Plan {
  readonly steps: readonly Step[];
}

export interface Step {
  /** Records of all logs that are written until the next look. */
  readonly records: number;
  /** How much later than it has to a log publishes. */
  readonly lag: number;
  /** What the workers do before the next look. */
  readonly work: readonly { readonly job: number; readonly fate: (typeof FATES)[number] }[];
  readonly deliver: boolean;
  /** The process dies; the next one starts from so many points back. */
  readonly restart: number | null;
  readonly loseRedis: boolean;
}

const rarely = fc.nat(9).map((chance) => chance === 9);

export const plan: fc.Arbitrary<Plan> = fc.record({
  steps: fc.array(
    fc.record({
      records: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 5, max: 40 })),
      lag: fc.nat(3000),
      work: fc.array(
        fc.record({
          job: fc.nat(5),
          fate: fc.oneof(
            { arbitrary: fc.constant('run' as const), weight: 6 },
            { arbitrary: fc.constantFrom(...FATES), weight: 4 },
          ),
        }),
        { maxLength: 4 },
      ),
      deliver: fc.boolean(),
      restart: fc.oneof(
        { arbitrary: fc.constant(null), weight: 7 },
        { arbitrary: fc.constantFrom(0, 0, 0, 1, 4), weight: 1 },
      ),
      loseRedis: rarely,
    }),
    { minLength: 1, maxLength: 12 },
  ),
});

/** What the read model got, and the state as it was when every beacon of an epoch was judged and none after it. */
export interface LineResult {
  readonly verdicts: ReadonlyMap<string, PlacedVerdict>;
  /** Places of which two verdicts came that differ. */
  readonly changed: readonly string[];
  readonly states: ReadonlyMap<number, PocState>;
  /** Places of the reports that met no beacon. */
  readonly unmet: ReadonlySet<string>;
  readonly lateReports: number;
  readonly restarts: number;
  readonly jobs: { readonly worker: number; readonly fold: number; readonly requeued: number };
}

/** A public log's time is known 20 s late, the own one's 3 s. */
const PUBLIC_DELAY_MS = 20_000;
const OWN_DELAY_MS = 3000;
/** Until the last group of an epoch has closed. */
const CLOSED_MS = 10_001;

/** Runs the grouping process over the logs as they grow. */
export async function runLine(input: {
  readonly logs: readonly LineLog[];
  readonly own: number;
  readonly steady: boolean;
  readonly signing: Signing;
  readonly plan: Plan;
}): Promise<LineResult> {
  const line = await Line.open(input);
  try {
    return await line.run(input.plan);
  } finally {
    await line.close();
  }
}

interface Process {
  readonly group: Group;
  readonly feeds: readonly LogFeed[];
  readonly checker: Checker;
  stop(): Promise<void>;
}

class Line {
  readonly #logs: readonly LineLog[];
  readonly #public: readonly PublicLog[];
  readonly #own: number;
  readonly #steady: boolean;
  readonly #signing: Signing;
  readonly #dir: string;
  readonly #journal: Journal;
  readonly #queue: ScratchQueue;
  readonly #metrics: CountingMetrics = countingMetrics();
  readonly #verdicts = new Map<string, PlacedVerdict>();
  readonly #changed: string[] = [];
  readonly #points: string[] = [];
  readonly #states = new Map<number, PocState>();
  #outbox: ScratchOutbox;
  #clock = START_MS - 6 * EPOCH_MS;
  #restarts = 0;
  #process: Process;

  static async open(input: Parameters<typeof runLine>[0]): Promise<Line> {
    const dir = await mkdtemp(join(tmpdir(), 'coverant-line-'));
    const journal = await openJournal({
      dir: join(dir, 'journal'),
      origin: input.logs[input.own]?.origin ?? '',
      segmentBytes: 4096,
      openFile: unsynced,
      visit: () => undefined,
    });
    return new Line(input, dir, journal);
  }

  private constructor(input: Parameters<typeof runLine>[0], dir: string, journal: Journal) {
    this.#logs = input.logs;
    this.#public = input.logs.map(publicLog);
    this.#own = input.own;
    this.#steady = input.steady;
    this.#signing = input.signing;
    this.#dir = dir;
    this.#journal = journal;
    this.#queue = new ScratchQueue(input.signing.verify);
    this.#outbox = this.#newOutbox();
    this.#process = this.#start(null);
  }

  async run({ steps }: Plan): Promise<LineResult> {
    const moments = this.#logs.flatMap(({ entries }) => entries.map(({ at }) => at)).sort((a, b) => a - b);
    let place = 0;
    let epoch = 0;
    for (let number = 0; place < moments.length; number += 1) {
      const step = steps[number % steps.length];
      if (step === undefined) break;
      place = Math.min(moments.length, place + step.records);
      // Something new is public only 15 s after it was written.
      const wanted = Math.max(
        this.#clock,
        (moments[place - 1] ?? 0) + (number % 2 === 0 ? 0 : PUBLIC_DELAY_MS),
      );
      while (epoch < EPOCHS && wanted >= this.#closedAt(epoch)) {
        await this.#closeEpoch(epoch);
        epoch += 1;
      }
      this.#clock = Math.max(this.#clock, wanted);
      await this.#show(step.lag, epoch < EPOCHS ? this.#endOf(epoch) : Infinity);
      await this.#look(step);
    }
    for (; epoch < EPOCHS; epoch += 1) await this.#closeEpoch(epoch);
    this.#clock = Math.max(this.#clock, moments.at(-1) ?? 0) + 2 * PUBLIC_DELAY_MS;
    await this.#show(0, Infinity);
    await this.#settle();
    return {
      verdicts: this.#verdicts,
      changed: this.#changed,
      states: this.#states,
      unmet: this.#queue.unmet,
      lateReports: await this.#metrics.count('late_reports_total'),
      restarts: this.#restarts,
      jobs: {
        worker: await this.#metrics.count('jobs_total', 'worker'),
        fold: await this.#metrics.count('jobs_total', 'fold'),
        requeued: await this.#metrics.count('requeued_total'),
      },
    };
  }

  async close(): Promise<void> {
    await this.#process.stop();
    await this.#journal.close();
    await rm(this.#dir, { recursive: true, force: true });
  }

  /** Log time at which the last group of an epoch has closed, and none of the next epoch. */
  #endOf(epoch: number): number {
    return START_MS + (epoch + 1) * EPOCH_MS + CLOSED_MS;
  }

  /** When that is known. */
  #closedAt(epoch: number): number {
    return this.#endOf(epoch) + (this.#logs.length === 1 ? OWN_DELAY_MS : PUBLIC_DELAY_MS);
  }

  async #closeEpoch(epoch: number): Promise<void> {
    this.#clock = Math.max(this.#clock, this.#closedAt(epoch));
    await this.#show(0, this.#endOf(epoch));
    await this.#settle();
    const [text] = this.#points.slice(-1);
    const point = text === undefined ? null : this.#openPoint(text);
    if (point === null || point.time !== this.#endOf(epoch))
      throw new Error(`the point stands at ${point?.time ?? 0}, not at ${this.#endOf(epoch)}`);
    this.#states.set(epoch, point.state);
  }

  /** The logs as they can be read now; of records received after `until` only what nobody may judge before them. */
  async #show(lag: number, until: number): Promise<void> {
    for (const [at, { entries }] of this.#logs.entries()) {
      const own = at === this.#own;
      const alone = this.#logs.length === 1;
      const size = sizeWhere(entries, (entry) =>
        own
          ? entry.at <= this.#clock - Math.min(lag, 1000) && (!alone || entry.receivedAt <= until)
          : entry.receivedAt <= Math.min(until, this.#clock - 15_000 - lag),
      );
      if (!own) this.#public[at]?.publish(size);
      else if (size > this.#journal.next)
        await this.#journal.append(entries.slice(this.#journal.next, size).map(({ entry }) => entry));
    }
  }

  async #look(step: Step): Promise<void> {
    if (step.restart !== null) await this.#restart(step.restart);
    await this.#read();
    await this.#process.group.turn();
    if (step.loseRedis) this.#queue.lose();
    for (const { job, fate } of step.work) this.#queue.work(job, fate);
    await this.#process.checker.sweep();
    await quiet();
    if (step.deliver) this.#outbox.deliver();
    await quiet();
  }

  /** Reads, judges and delivers all there is, and has a point written. */
  async #settle(): Promise<void> {
    // Twice: a log that has nothing more is known to have passed a time.
    await this.#read();
    await this.#read();
    const { group, checker } = this.#process;
    while (await group.turn());
    this.#clock += 2001;
    await group.turn();
    for (let round = 0; round < 12; round += 1) {
      this.#queue.workAll();
      await quiet();
      this.#outbox.deliver();
      await quiet();
      if (group.fold.waiting() === 0) break;
      // Lost jobs are looked up.
      this.#clock += 2001;
      await checker.sweep();
    }
    this.#outbox.deliver();
    await quiet();
    if (group.fold.waiting() > 0) throw new Error('jobs are out that nobody computes');
  }

  async #read(): Promise<void> {
    for (const feed of this.#process.feeds) await feed.fill();
  }

  async #restart(back: number): Promise<void> {
    this.#restarts += 1;
    await this.#process.stop();
    this.#outbox = this.#newOutbox();
    const text = this.#points.at(-1 - back);
    this.#process = this.#start(text === undefined ? null : this.#openPoint(text));
  }

  #start(point: FoldPoint | null): Process {
    const policy = policyOf(this.#public, this.#steady);
    const now = (): number => this.#clock;
    const { verify } = this.#signing;
    const metrics = this.#metrics;
    const checker = openChecker({ queue: this.#queue, logger: SILENT, metrics, verify, now });
    const feeds = policy.logs.map((log, at): LogFeed => {
      const source =
        at === this.#own
          ? journalSource({ origin: log.origin, dir: join(this.#dir, 'journal') })
          : publicSource({ log, verify, reader: this.#readerOf(at) });
      const { from } = point?.logs.get(log.origin) ?? { from: 0 };
      return openLogFeed({ source, from, since: point?.time ?? millis(0), now, logger: SILENT });
    });
    const group = openGroup({
      feeds,
      registry: REGISTRY,
      policy,
      policyOf: () => Promise.resolve({ policy, denyFile: DENIED.denyFile, deny: DENY_LIST }),
      checker,
      outbox: this.#outbox,
      verify,
      point,
      savePoint: (saved) => {
        this.#points.push(foldPointText(saved));
        return Promise.resolve();
      },
      now,
      metrics,
    });
    const controller = new AbortController();
    const running = group.fold.run(controller.signal);
    return {
      group,
      feeds,
      checker,
      stop: async () => {
        controller.abort();
        await running;
      },
    };
  }

  #readerOf(at: number): PublicLog['reader'] {
    const log = this.#public[at];
    if (log === undefined) throw new RangeError(`no log ${at}`);
    return log.reader;
  }

  #openPoint(text: string): FoldPoint | null {
    return openFoldPoint(
      text,
      this.#logs.map(({ origin }) => origin),
    );
  }

  #newOutbox(): ScratchOutbox {
    return new ScratchOutbox((provisional: ProvisionalVerdict) => {
      for (const [place, placed] of byPlace(placedVerdicts(provisional))) {
        const before = this.#verdicts.get(place);
        if (before !== undefined && JSON.stringify(before) !== JSON.stringify(placed))
          this.#changed.push(place);
        this.#verdicts.set(place, placed);
      }
    });
  }
}

const REGISTRY: RegistryReader = { read: () => Promise.resolve(REGISTRY_FILE) };

/** The journal's own code; that bytes reach the disk is others' to test. */
const unsynced: OpenFile = async (path, flags) => {
  const file = await openFile(path, flags);
  return {
    write: file.write.bind(file),
    truncate: file.truncate.bind(file),
    close: file.close.bind(file),
    datasync: () => Promise.resolve(),
    sync: () => Promise.resolve(),
  };
};

/** How many entries from the first on are so. */
function sizeWhere<Entry>(entries: readonly Entry[], is: (entry: Entry) => boolean): number {
  const other = entries.findIndex((entry) => !is(entry));
  return other < 0 ? entries.length : other;
}

/** Until nothing is left to happen by itself: no timer and no file is waited for. */
function quiet(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
