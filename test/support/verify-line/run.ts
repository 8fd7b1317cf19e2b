import { millis } from '#protocol/units';
import type { PocState } from '#protocol/verify/poc';
import type { ProvisionalVerdict } from '#services/runtime/jobs';
import type { CheckQueue } from '#services/verify/check-queue';
import { openChecker, type Checker } from '#services/verify/checker';
import { foldPointText, openFoldPoint, type FoldPoint } from '#services/verify/fold-file';
import { openGroup, type Group } from '#services/verify/group';
import { openLogFeed, type LogFeed } from '#services/verify/logs/log-feed';
import type { Outbox } from '#services/verify/outbox';
import { SILENT } from '../service-world.ts';
import { GrowingLogs } from './growing-logs.ts';
import { countingMetrics, type CountingMetrics } from './metrics.ts';
import { EPOCH_MS, EPOCHS, START_MS } from './network.ts';
import type { Plan, Step } from './plan.ts';
import { Received } from './received.ts';
import { policyAtStart, policyByHash, type LineWorld } from './world.ts';

/** The queues around the grouping process, with workers and a read model at their other ends. */
export interface LineServices {
  /** What one process opens. */
  readonly start: (
    receive: (verdict: ProvisionalVerdict) => void,
  ) => Promise<{ readonly queue: CheckQueue; readonly outbox: Outbox }>;
  /** The process died. */
  readonly stop: () => Promise<void>;
  /** What happens before the next look. */
  readonly step: (step: Step) => Promise<void>;
  /** Has jobs that wait done and verdicts delivered, as far as nothing was lost; `waiting` jobs have no result yet. */
  readonly settle: (waiting: () => number) => Promise<void>;
}

export interface LineResult {
  readonly received: Received;
  /** As it was when every beacon of an epoch was judged and none after it. */
  readonly states: ReadonlyMap<number, PocState>;
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
export async function runLine(world: LineWorld, plan: Plan, services: LineServices): Promise<LineResult> {
  const line = await Line.open(world, services);
  try {
    return await line.run(plan);
  } finally {
    await line.close();
  }
}

interface Process {
  readonly outbox: Outbox;
  readonly group: Group;
  readonly feeds: readonly LogFeed[];
  readonly checker: Checker;
  stop(): Promise<void>;
}

class Line {
  readonly #world: LineWorld;
  readonly #services: LineServices;
  readonly #logs: GrowingLogs;
  readonly #received = new Received();
  readonly #metrics: CountingMetrics = countingMetrics();
  readonly #points: string[] = [];
  readonly #states = new Map<number, PocState>();
  #clock = START_MS - 6 * EPOCH_MS;
  #restarts = 0;
  #process: Process | null = null;

  static async open(world: LineWorld, services: LineServices): Promise<Line> {
    const line = new Line({ world, services, logs: await GrowingLogs.open(world) });
    line.#process = await line.#start(null);
    return line;
  }

  private constructor(of: {
    readonly world: LineWorld;
    readonly services: LineServices;
    readonly logs: GrowingLogs;
  }) {
    this.#world = of.world;
    this.#services = of.services;
    this.#logs = of.logs;
  }

  async run({ steps }: Plan): Promise<LineResult> {
    const moments = this.#world.logs
      .flatMap(({ entries }) => entries.map(({ at }) => at))
      .sort((a, b) => a - b);
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
      const until = epoch < EPOCHS ? this.#endOf(epoch) : Infinity;
      await this.#logs.growTo(this.#clock, { lag: step.lag, until });
      await this.#look(step);
    }
    for (; epoch < EPOCHS; epoch += 1) await this.#closeEpoch(epoch);
    this.#clock = Math.max(this.#clock, moments.at(-1) ?? 0) + 2 * PUBLIC_DELAY_MS;
    await this.#logs.growTo(this.#clock, { lag: 0, until: Infinity });
    await this.#settle();
    return {
      received: this.#received,
      states: this.#states,
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
    await this.#process?.stop();
    await this.#logs.close();
  }

  /** Log time at which the last group of an epoch has closed, and none of the next epoch. */
  #endOf(epoch: number): number {
    return START_MS + (epoch + 1) * EPOCH_MS + CLOSED_MS;
  }

  /** When that is known. */
  #closedAt(epoch: number): number {
    return this.#endOf(epoch) + (this.#world.logs.length === 1 ? OWN_DELAY_MS : PUBLIC_DELAY_MS);
  }

  async #closeEpoch(epoch: number): Promise<void> {
    this.#clock = Math.max(this.#clock, this.#closedAt(epoch));
    await this.#logs.growTo(this.#clock, { lag: 0, until: this.#endOf(epoch) });
    await this.#settle();
    const [text] = this.#points.slice(-1);
    const point = text === undefined ? null : this.#openPoint(text);
    if (point === null || point.time !== this.#endOf(epoch))
      throw new Error(`the point stands at ${point?.time ?? 0}, not at ${this.#endOf(epoch)}`);
    this.#states.set(epoch, point.state);
  }

  async #look(step: Step): Promise<void> {
    if (step.restart !== null) await this.#restart(step.restart);
    const { group, checker } = this.#running();
    await this.#read();
    await group.turn();
    await this.#services.step(step);
    await checker.sweep();
  }

  /** Reads, judges and delivers all there is, and has a point written. */
  async #settle(): Promise<void> {
    const { group, checker, outbox } = this.#running();
    // Twice: a log that has nothing more is known to have passed a time.
    await this.#read();
    await this.#read();
    while (await group.turn());
    this.#clock += 2001;
    await group.turn();
    for (let round = 0; round < 12; round += 1) {
      await this.#services.settle(group.fold.waiting);
      if (group.fold.waiting() === 0) break;
      // Lost jobs are looked up.
      this.#clock += 2001;
      await checker.sweep();
    }
    outbox.flush();
    await this.#services.settle(group.fold.waiting);
    if (group.fold.waiting() > 0) throw new Error('jobs are out that nobody computes');
  }

  async #read(): Promise<void> {
    for (const feed of this.#running().feeds) await feed.fill();
  }

  #running(): Process {
    if (this.#process === null) throw new Error('no process runs');
    return this.#process;
  }

  async #restart(back: number): Promise<void> {
    this.#restarts += 1;
    await this.#process?.stop();
    const text = this.#points.at(-1 - back);
    this.#process = await this.#start(text === undefined ? null : this.#openPoint(text));
  }

  async #start(point: FoldPoint | null): Promise<Process> {
    const { signing, registry, policies } = this.#world;
    const policy = policyAtStart(this.#world);
    const { verify } = signing;
    const now = (): number => this.#clock;
    const metrics = this.#metrics;
    const received = this.#received;
    const { queue, outbox } = await this.#services.start((verdict) => {
      received.receive(verdict);
    });
    const checker = openChecker({ queue: received.watched(queue), logger: SILENT, metrics, verify, now });
    const feeds = this.#logs.sources().map((source): LogFeed => {
      const { from } = point?.logs.get(source.origin) ?? { from: 0 };
      return openLogFeed({ source, from, since: point?.time ?? millis(0), now, logger: SILENT });
    });
    const group = openGroup({
      feeds,
      registry: { read: () => Promise.resolve(registry) },
      policy,
      policyOf: (hash) => Promise.resolve(policyByHash(policies, hash)),
      checker,
      outbox,
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
    const stop = async (): Promise<void> => {
      controller.abort();
      await running;
      await this.#services.stop();
    };
    return { group, feeds, checker, outbox, stop };
  }

  #openPoint(text: string): FoldPoint | null {
    return openFoldPoint(
      text,
      this.#world.logs.map(({ origin }) => origin),
    );
  }
}
