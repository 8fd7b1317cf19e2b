import type { VerifySignature } from '#protocol/verify/poc';
import type { ProvisionalVerdict, VerdictsJob } from '#services/runtime/jobs';
import { openCheckJob } from '#services/verify/check-job';
import type { CheckQueue, JobNews } from '#services/verify/check-queue';
import { checkTask } from '#services/verify/check-tasks';
import type { Outbox } from '#services/verify/outbox';
import type { Fate } from './plan.ts';
import type { LineServices } from './run.ts';

interface Job {
  readonly id: string;
  /** JSON, as it crosses Redis. */
  readonly data: string;
  state: 'waiting' | 'done' | 'failed';
  result: string;
}

/** The queue `check` and its workers in this process: jobs and results cross it as text, and nothing else does. */
export class ScratchQueue implements CheckQueue {
  readonly #verify: VerifySignature;
  readonly #jobs = new Map<string, Job>();
  /** How often each fate was met. */
  readonly fates = new Map<Fate, number>();
  #onNews: (id: string, news: JobNews) => void = () => undefined;

  constructor(verify: VerifySignature) {
    this.#verify = verify;
  }

  add: CheckQueue['add'] = (id, data) => {
    if (this.#jobs.has(id)) this.#tell(id, { kind: 'known' });
    else this.#jobs.set(id, { id, data: JSON.stringify(data), state: 'waiting', result: '' });
    return Promise.resolve();
  };

  find: CheckQueue['find'] = (id) => {
    const job = this.#jobs.get(id);
    if (job === undefined) return Promise.resolve({ kind: 'lost' });
    if (job.state === 'waiting') return Promise.resolve({ kind: 'waiting' });
    return Promise.resolve(endOf(job));
  };

  listen: CheckQueue['listen'] = (onNews) => {
    this.#onNews = onNews;
  };

  /** A worker takes one of the waiting jobs. */
  work(place: number, fate: Fate): void {
    const waiting = this.#waiting();
    const job = waiting[place % Math.max(1, waiting.length)];
    if (job === undefined) return;
    this.fates.set(fate, (this.fates.get(fate) ?? 0) + 1);
    if (fate === 'lose_job') {
      this.#jobs.delete(job.id);
      return;
    }
    if (fate === 'fail') job.state = 'failed';
    else {
      const other = fate === 'answer_another' ? (waiting[(place + 1) % waiting.length] ?? job) : job;
      job.result = this.#check(other);
      if (fate === 'run_twice') job.result = this.#check(job);
      job.state = 'done';
    }
    if (fate === 'lose_result') this.#jobs.delete(job.id);
    else if (fate !== 'lose_news') this.#tell(job.id, endOf(job));
    if (fate === 'run_twice') this.#tell(job.id, endOf(job));
  }

  /** Every waiting job, the latest one first. */
  workAll(): void {
    for (let left = this.#waiting().length; left > 0; left -= 1) this.work(left - 1, 'run');
  }

  /** Nothing of what it held is left. */
  lose(): void {
    this.#jobs.clear();
  }

  #waiting(): readonly Job[] {
    return [...this.#jobs.values()].filter(({ state }) => state === 'waiting');
  }

  #check(job: Job): string {
    const data: unknown = JSON.parse(job.data);
    return JSON.stringify(checkTask(openCheckJob(data), this.#verify));
  }

  #tell(id: string, news: JobNews): void {
    const tell = this.#onNews;
    queueMicrotask(() => {
      tell(id, news);
    });
  }
}

function endOf(job: Job): Extract<JobNews, { kind: 'done' | 'failed' }> {
  if (job.state === 'failed') return { kind: 'failed', why: 'attempts are exhausted' };
  const result: unknown = JSON.parse(job.result);
  return { kind: 'done', result };
}

/** The queue `verdicts`: batches reach the read model when they are delivered, and a crash loses those before. */
export class ScratchOutbox implements Outbox {
  readonly #receive: (verdict: ProvisionalVerdict) => void;
  #gathered: ProvisionalVerdict[] = [];
  #sent: string[] = [];
  #waiting: (() => void)[] = [];

  constructor(receive: (verdict: ProvisionalVerdict) => void) {
    this.#receive = receive;
  }

  add: Outbox['add'] = (verdict) => {
    this.#gathered.push(verdict);
  };

  flush: Outbox['flush'] = () => {
    if (this.#gathered.length === 0) return;
    const job: VerdictsJob = { verdicts: this.#gathered };
    this.#sent.push(JSON.stringify(job));
    this.#gathered = [];
  };

  unsent: Outbox['unsent'] = () => this.#sent.length;

  handedOn: Outbox['handedOn'] = async () => {
    this.flush();
    if (this.#sent.length > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return true;
  };

  redisReady: Outbox['redisReady'] = () => true;

  close: Outbox['close'] = () => undefined;

  deliver(): void {
    for (const text of this.#sent) {
      const job = JSON.parse(text) as VerdictsJob;
      job.verdicts.forEach(this.#receive);
    }
    this.#sent = [];
    for (const resolve of this.#waiting) resolve();
    this.#waiting = [];
  }
}

/** Everything in this process: what a step says happens at once, and nothing else does. */
export function scratchServices(verify: VerifySignature): LineServices & { readonly queue: ScratchQueue } {
  const queue = new ScratchQueue(verify);
  let outbox: ScratchOutbox | null = null;
  return {
    queue,
    start: (receive) => {
      outbox = new ScratchOutbox(receive);
      return Promise.resolve({ queue, outbox });
    },
    stop: () => Promise.resolve(),
    step: async ({ loseJobs, work, deliver }) => {
      if (loseJobs) queue.lose();
      for (const { job, fate } of work) queue.work(job, fate);
      await quiet();
      if (deliver) outbox?.deliver();
      await quiet();
    },
    settle: async () => {
      queue.workAll();
      await quiet();
      outbox?.flush();
      outbox?.deliver();
      await quiet();
    },
  };
}

/** Until nothing is left to happen by itself: no timer and no file is waited for. */
export function quiet(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
