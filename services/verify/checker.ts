import type { CheckedPoc } from '#protocol/verify/checked-poc';
import type { VerifySignature } from '#protocol/verify/poc';
import type { Logger } from '../runtime/logger.ts';
import type { Metrics } from '../runtime/metrics.ts';
import { contentJobId } from '../runtime/queue.ts';
import type { Closeable } from '../runtime/shutdown.ts';
import { digestOf, encodeCheckJob, type CheckJob, type CheckTask } from './check-job.ts';
import type { CheckQueue, JobNews } from './check-queue.ts';
import { checkTask } from './check-tasks.ts';
import { parseChecked } from './checked.ts';

/** Gets tasks checked by the workers, whatever the queue goes through meanwhile; every promise resolves in the end. */
export interface Checker {
  check(task: CheckTask): Promise<readonly CheckedPoc[]>;
  /** Looks after jobs of which nothing was heard; to be called again and again. */
  sweep(): Promise<void>;
}

/** One job that is out: pending -> settled, by news, a look-up, or fold itself. */
interface Pending {
  readonly id: string;
  readonly data: CheckJob;
  readonly task: CheckTask;
  readonly resolve: (checked: readonly CheckedPoc[]) => void;
  lookAt: number;
  requeued: number;
}

const SWEEP_MS = 500;
/** News comes within milliseconds; a job that is this old is looked up. */
const LOOK_UP_MS = 2000;
/** How often a job that the queue has lost is made again before fold computes it. */
const MAX_REQUEUED = 3;

export function openChecker(options: {
  readonly queue: CheckQueue;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly verify: VerifySignature;
  readonly now: () => number;
}): Checker {
  const { queue, logger, verify, now } = options;
  const jobs = options.metrics.counter('jobs_total', 'Check jobs by who computed them', ['by']);
  const requeues = options.metrics.counter('requeued_total', 'Check jobs that Redis had lost');
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
  const enqueue = (entry: Pending): void => {
    queue.add(entry.id, entry.data).catch((error: unknown) => {
      logger.debug({ error, job: entry.id }, 'the job was not added; it will be looked up');
    });
  };
  const hear = (entry: Pending, news: JobNews): void => {
    switch (news.kind) {
      case 'done': {
        const checked = parseChecked(news.result, entry.task);
        if (checked === null) compute(entry, 'the result does not fit the job');
        else settle(entry, checked, 'worker');
        return;
      }
      case 'failed':
        compute(entry, news.why);
        return;
      case 'known':
        // It may have run before a restart: then nothing more is heard of it.
        entry.lookAt = 0;
    }
  };
  queue.listen((id, news) => {
    const entry = pending.get(id);
    if (entry !== undefined) hear(entry, news);
  });

  const lookUp = async (entry: Pending): Promise<void> => {
    const found = await queue.find(entry.id);
    entry.lookAt = now() + LOOK_UP_MS;
    if (found.kind === 'done' || found.kind === 'failed') hear(entry, found);
    if (found.kind !== 'lost') return;
    entry.requeued += 1;
    requeues.inc();
    if (entry.requeued > MAX_REQUEUED) compute(entry, 'Redis lost it again and again');
    else enqueue(entry);
  };

  return {
    check: (task) =>
      new Promise((resolve) => {
        const data = encodeCheckJob(task);
        const id = jobIdOf(task, data);
        const entry: Pending = { id, data, task, resolve, lookAt: now() + LOOK_UP_MS, requeued: 0 };
        pending.set(id, entry);
        enqueue(entry);
      }),
    sweep: async () => {
      const due = [...pending.values()].filter((entry) => entry.lookAt <= now());
      for (const entry of due) if (pending.has(entry.id)) await lookUp(entry);
    },
  };
}

/** `origin:first index:digest`: the same groups with the same facts are the same job, whenever they are emitted. */
function jobIdOf(task: CheckTask, data: CheckJob): string {
  const first = task.groups[0]?.reports[0]?.position;
  if (first === undefined) throw new Error('a check job holds at least one report');
  return contentJobId({ origin: first.origin, index: first.index, digest: digestOf(data) });
}

/** Sweeps one time after another: while Redis is away the sweep in hand waits, and no others pile up. */
export function sweepRegularly(checker: Pick<Checker, 'sweep'>, logger: Logger): Closeable {
  let busy = false;
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    checker
      .sweep()
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
