import { Queue, QueueEvents, Worker, type JobsOptions, type Processor } from 'bullmq';
import type { Logger } from './logger.ts';
import { redisSettings } from './redis.ts';

export type QueueName = 'check' | 'verdicts' | 'forward';

export interface QueueSettings {
  /** Jobs that one worker process has in hand at a time. */
  readonly concurrency: number;
  readonly attempts: number;
  readonly backoff: { readonly type: 'fixed' | 'exponential'; readonly delay: number };
  /** Finished jobs that stay, by count: their results can still be looked up after a missed event. */
  readonly keepCompleted: number;
  readonly keepFailed: number;
  /** Length of the event stream, which holds return values. */
  readonly eventsKept: number;
  /** A worker that died is noticed after at most lock + interval. */
  readonly lockMs: number;
  readonly stalledIntervalMs: number;
  /** Deaths of workers that a job survives; more and it fails for good. */
  readonly maxStalled: number;
}

/** The one table of how queues behave. Queues are scratch: everything in them can be made again from the log. */
export const QUEUES: Readonly<Record<QueueName, QueueSettings>> = {
  check: {
    concurrency: 1,
    attempts: 3,
    backoff: { type: 'fixed', delay: 250 },
    keepCompleted: 64,
    keepFailed: 64,
    eventsKept: 256,
    lockMs: 5000,
    stalledIntervalMs: 2000,
    maxStalled: 2,
  },
  verdicts: {
    concurrency: 1,
    attempts: 1_000_000,
    backoff: { type: 'fixed', delay: 1000 },
    keepCompleted: 0,
    keepFailed: 1000,
    eventsKept: 16,
    lockMs: 30_000,
    stalledIntervalMs: 5000,
    maxStalled: 1000,
  },
  // Posts wait for servers of others: many at a time, each again for more than an hour.
  forward: {
    concurrency: 128,
    attempts: 12,
    backoff: { type: 'exponential', delay: 1000 },
    keepCompleted: 0,
    keepFailed: 0,
    eventsKept: 16,
    lockMs: 30_000,
    stalledIntervalMs: 5000,
    maxStalled: 1000,
  },
};

/** Options of a job in the named queue, apart from its id and delay. */
export function jobOptions(name: QueueName): JobsOptions {
  const { attempts, backoff, keepCompleted, keepFailed } = QUEUES[name];
  return {
    attempts,
    backoff,
    removeOnComplete: keepCompleted === 0 ? true : { count: keepCompleted },
    removeOnFail: { count: keepFailed },
  };
}

/**
 * An id by content: `origin:index:digest`, the three parts that BullMQ allows in an id with colons.
 * The same content twice is the same job; other content from the same place is another.
 */
export function contentJobId(parts: {
  readonly origin: string;
  readonly index: number;
  readonly digest: string;
}): string {
  return `${parts.origin.replaceAll(':', '%3A')}:${parts.index}:${parts.digest}`;
}

/** Producer side. Close it. */
export function openQueue<Data, Result>(options: {
  readonly name: QueueName;
  readonly redisUrl: string;
  readonly logger: Logger;
}): Queue<Data, Result> {
  const queue = new Queue<Data, Result>(options.name, {
    connection: redisSettings(options.redisUrl),
    defaultJobOptions: jobOptions(options.name),
    streams: { events: { maxLen: QUEUES[options.name].eventsKept } },
  });
  queue.on('error', (error) => {
    options.logger.debug({ error, queue: options.name }, 'queue connection');
  });
  return queue;
}

/** Event side: completed and failed jobs of all workers. Close it. */
export function openQueueEvents(options: {
  readonly name: QueueName;
  readonly redisUrl: string;
  readonly logger: Logger;
}): QueueEvents {
  const events = new QueueEvents(options.name, { connection: redisSettings(options.redisUrl) });
  events.on('error', (error) => {
    options.logger.debug({ error, queue: options.name }, 'queue connection');
  });
  return events;
}

/** Worker side; `process` may run twice for the same job. Close it: it finishes the jobs in hand first. */
export function openWorker<Data, Result>(options: {
  readonly name: QueueName;
  readonly redisUrl: string;
  readonly logger: Logger;
  readonly process: Processor<Data, Result>;
}): Worker<Data, Result> {
  const { concurrency, lockMs, stalledIntervalMs, maxStalled } = QUEUES[options.name];
  const worker = new Worker<Data, Result>(options.name, options.process, {
    connection: redisSettings(options.redisUrl),
    concurrency,
    lockDuration: lockMs,
    stalledInterval: stalledIntervalMs,
    maxStalledCount: maxStalled,
  });
  let lost = false;
  worker.on('error', (error) => {
    if (!lost)
      options.logger.warn({ error, queue: options.name }, 'no jobs: the queue is not reachable; waiting');
    lost = true;
  });
  worker.on('ready', () => {
    lost = false;
  });
  worker.on('failed', (job, error) => {
    options.logger.warn({ error, queue: options.name, job: job?.id }, 'job failed');
  });
  return worker;
}
