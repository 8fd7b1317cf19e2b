import type { Job, Queue } from 'bullmq';
import type { CheckedPoc } from '#protocol/verify/checked-poc';
import type { VerifySignature } from '#protocol/verify/poc';
import type { Logger } from '../runtime/logger.ts';
import type { Metrics } from '../runtime/metrics.ts';
import { contentJobId, openQueue, openQueueEvents } from '../runtime/queue.ts';
import type { Closeable } from '../runtime/shutdown.ts';
import { digestOf, encodeCheckJob, type CheckJob, type CheckTask } from './check-job.ts';
import { checkTask } from './check-tasks.ts';
import { parseChecked } from './checked.ts';

/** Gets tasks checked by the workers, whatever Redis goes through meanwhile; every promise resolves in the end. */
export interface Checker extends Closeable {
  check(task: CheckTask): Promise<readonly CheckedPoc[]>;
}

/** One job that is out: pending -> settled, by an event, a look-up, or fold itself. */
interface Pending {
  readonly id: string;
  readonly data: CheckJob;
  readonly task: CheckTask;
  readonly resolve: (checked: readonly CheckedPoc[]) => void;
  lookAt: number;
  requeued: number;
}

const SWEEP_MS = 500;
/** Events come within milliseconds; a job that is this old is looked up. */
const LOOK_UP_MS = 2000;
/** How often a job that Redis has lost is made again before fold computes it. */
const MAX_REQUEUED = 3;

export function openChecker(options: {
  readonly redisUrl: string;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly verify: VerifySignature;
}): Checker {
  const { redisUrl, logger, verify } = options;
  const jobs = options.metrics.counter('jobs_total', 'Check jobs by who computed them', ['by']);
  const requeues = options.metrics.counter('requeued_total', 'Check jobs that Redis had lost');
  const queue = openQueue<CheckJob, unknown>({ name: 'check', redisUrl, logger });
  const events = openQueueEvents({ name: 'check', redisUrl, logger });
  const pending = new Map<string, Pending>();

  const settle = (entry: Pending, checked: readonly CheckedPoc[], by: 'worker' | 'fold'): void => {
    if (!pending.delete(entry.id)) return;
    jobs.inc({ by });
    entry.resolve(checked);
  };
  const compute = (entry: Pending, why: string): void => {
    if (!pending.has(entry.id)) return;
    logger.warn({ job: entry.id, why }, 'fold computes a check job itself');
    settle(entry, checkTask(entry.task, verify), 'fold');
  };
  const accept = (entry: Pending, value: unknown): void => {
    const checked = parseChecked(value, entry.task);
    if (checked === null) compute(entry, 'the result does not fit the job');
    else settle(entry, checked, 'worker');
  };
  const enqueue = (entry: Pending): void => {
    queue.add('check', entry.data, { jobId: entry.id }).catch((error: unknown) => {
      logger.debug({ error, job: entry.id }, 'the job was not added; it will be looked up');
    });
  };
  events.on('completed', ({ jobId, returnvalue }: { jobId: string; returnvalue: unknown }) => {
    const entry = pending.get(jobId);
    if (entry !== undefined) accept(entry, returnvalue);
  });
  // It ran before a restart: no event of its own will come.
  events.on('duplicated', ({ jobId }) => {
    const entry = pending.get(jobId);
    if (entry !== undefined) entry.lookAt = 0;
  });
  events.on('failed', ({ jobId, failedReason }) => {
    const entry = pending.get(jobId);
    if (entry !== undefined) compute(entry, failedReason);
  });

  const lookUp = async (entry: Pending): Promise<void> => {
    const job = await findJob(queue, entry.id);
    if (job === undefined) {
      entry.requeued += 1;
      requeues.inc();
      if (entry.requeued > MAX_REQUEUED) compute(entry, 'Redis lost it again and again');
      else enqueue(entry);
    } else if (job.finishedOn !== undefined) {
      if (job.failedReason) compute(entry, job.failedReason);
      else accept(entry, job.returnvalue);
    }
    entry.lookAt = Date.now() + LOOK_UP_MS;
  };
  const sweep = startSweep(async () => {
    const due = [...pending.values()].filter((entry) => entry.lookAt <= Date.now());
    for (const entry of due) if (pending.has(entry.id)) await lookUp(entry);
  }, logger);

  return {
    check: (task) =>
      new Promise((resolve) => {
        const data = encodeCheckJob(task);
        const entry: Pending = {
          id: jobIdOf(task, data),
          data,
          task,
          resolve,
          lookAt: Date.now() + LOOK_UP_MS,
          requeued: 0,
        };
        pending.set(entry.id, entry);
        enqueue(entry);
      }),
    close: async () => {
      sweep.close();
      await Promise.all([events.close(), queue.close()]);
    },
  };
}

/** `origin:first index:digest`: the same groups with the same facts are the same job, whenever they are emitted. */
function jobIdOf(task: CheckTask, data: CheckJob): string {
  const first = task.groups[0]?.reports[0]?.position;
  if (first === undefined) throw new Error('a check job holds at least one report');
  return contentJobId({ origin: first.origin, index: first.index, digest: digestOf(data) });
}

async function findJob(
  queue: Queue<CheckJob, unknown>,
  id: string,
): Promise<Job<CheckJob, unknown> | undefined> {
  return (await queue.getJob(id)) ?? undefined;
}

/** Runs one sweep after another: while Redis is away the sweep in hand waits, and no others pile up. */
function startSweep(sweep: () => Promise<void>, logger: Logger): { close(): void } {
  let busy = false;
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    sweep()
      .catch((error: unknown) => {
        logger.debug({ error }, 'looking jobs up failed');
      })
      .finally(() => {
        busy = false;
      });
  }, SWEEP_MS);
  return {
    close: () => {
      clearInterval(timer);
    },
  };
}
