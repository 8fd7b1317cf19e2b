import { UnrecoverableError, type Worker } from 'bullmq';
import type { CheckedPoc } from '#protocol/verify/checked-poc';
import type { VerifySignature } from '#protocol/verify/poc';
import type { Logger } from '../runtime/logger.ts';
import type { Metrics } from '../runtime/metrics.ts';
import { openWorker } from '../runtime/queue.ts';
import { openCheckJob, type CheckJob, type CheckTask } from './check-job.ts';
import { checkTask } from './check-tasks.ts';

/** One of any number of workers: it holds no state, and the same job gives the same result anywhere. */
export function startCheckWorker(options: {
  readonly redisUrl: string;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly verify: VerifySignature;
}): Worker<CheckJob, readonly CheckedPoc[]> {
  const { redisUrl, logger, metrics, verify } = options;
  const groups = metrics.counter('checked_groups_total', 'Groups that this worker has checked');
  const reports = metrics.counter('checked_reports_total', 'Reports that this worker has checked');
  return openWorker<CheckJob, readonly CheckedPoc[]>({
    name: 'check',
    redisUrl,
    logger,
    process: (job) => {
      const task = load(job.data);
      const checked = checkTask(task, verify);
      groups.inc(task.groups.length);
      reports.inc(task.groups.reduce((sum, group) => sum + group.reports.length, 0));
      return Promise.resolve(checked);
    },
  });
}

/** A job that cannot be opened never will be: no second attempt, fold computes it from what it holds. */
function load(data: unknown): CheckTask {
  try {
    return openCheckJob(data);
  } catch (error) {
    throw new UnrecoverableError(error instanceof Error ? error.message : String(error));
  }
}
