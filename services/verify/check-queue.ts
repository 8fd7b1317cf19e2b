import type { Logger } from '../runtime/logger.ts';
import { openQueue, openQueueEvents } from '../runtime/queue.ts';
import type { Closeable } from '../runtime/shutdown.ts';
import type { CheckJob } from './check-job.ts';

/** What a job came to. */
export type JobEnd =
  { readonly kind: 'done'; readonly result: unknown } | { readonly kind: 'failed'; readonly why: string };
/** `known`: it was added before, and whatever it came to is told no more. */
export type JobNews = JobEnd | { readonly kind: 'known' };

/** Where check jobs go and results come from. It may lose jobs and news, and run a job twice. */
export interface CheckQueue {
  /** Adds a job unless there is one of this id. */
  add(id: string, data: CheckJob): Promise<void>;
  /** `lost`: there is no such job. */
  find(id: string): Promise<JobEnd | { readonly kind: 'waiting' | 'lost' }>;
  /** Called once, before the first job is added. */
  listen(onNews: (id: string, news: JobNews) => void): void;
}

/** The queue `check` in Redis. */
export function openCheckQueue(options: {
  readonly redisUrl: string;
  readonly logger: Logger;
}): CheckQueue & Closeable {
  const queue = openQueue<CheckJob, unknown>({ ...options, name: 'check' });
  const events = openQueueEvents({ ...options, name: 'check' });
  return {
    add: async (id, data) => {
      await queue.add('check', data, { jobId: id });
    },
    find: async (id) => {
      // null where there is none, whatever BullMQ's types say.
      const job = (await queue.getJob(id)) ?? undefined;
      if (job === undefined) return { kind: 'lost' };
      if (job.finishedOn === undefined) return { kind: 'waiting' };
      if (job.failedReason) return { kind: 'failed', why: job.failedReason };
      return { kind: 'done', result: job.returnvalue };
    },
    listen: (onNews) => {
      events.on('completed', ({ jobId, returnvalue }: { jobId: string; returnvalue: unknown }) => {
        onNews(jobId, { kind: 'done', result: returnvalue });
      });
      events.on('duplicated', ({ jobId }) => {
        onNews(jobId, { kind: 'known' });
      });
      events.on('failed', ({ jobId, failedReason }) => {
        onNews(jobId, { kind: 'failed', why: failedReason });
      });
    },
    close: async () => {
      await Promise.all([events.close(), queue.close()]);
    },
  };
}
