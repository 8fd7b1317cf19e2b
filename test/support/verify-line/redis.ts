import { setTimeout as sleep } from 'node:timers/promises';
import { Queue, UnrecoverableError, Worker } from 'bullmq';
import type { VerifySignature } from '#protocol/verify/poc';
import type { ProvisionalVerdict, VerdictsJob } from '#services/runtime/jobs';
import { startCheckWorker } from '#services/verify/check-worker';
import { openCheckQueue } from '#services/verify/check-queue';
import { openOutbox } from '#services/verify/outbox';
import type { TestRedis } from '../redis.ts';
import { SILENT } from '../service-world.ts';
import { countingMetrics } from './metrics.ts';
import type { LineServices } from './run.ts';

/** A lost job has none of its own to wait for: it is looked up after that. */
const PATIENCE_MS = 1500;
/** Long after every report: verdicts may be seen at once. */
const LATER = Number.MAX_SAFE_INTEGER;

/**
 * Redis with two honest workers, one that fails jobs for good or answers something else, and a read model; each process
 * opens connections of its own.
 */
export function redisServices(
  redis: TestRedis,
  verify: VerifySignature,
): LineServices & { close(): Promise<void> } {
  const connection = { url: redis.url, maxRetriesPerRequest: null, retryStrategy: () => 50 };
  const checks = new Queue('check', { connection });
  const verdicts = new Queue('verdicts', { connection });
  let receive: (verdict: ProvisionalVerdict) => void = () => undefined;
  const honest = [1, 2].map(() =>
    startCheckWorker({ redisUrl: redis.url, logger: SILENT, metrics: countingMetrics(), verify }),
  );
  let taken = 0;
  const broken = new Worker(
    'check',
    () => {
      taken += 1;
      return taken % 2 === 0
        ? Promise.resolve([{ payload: '00' }])
        : Promise.reject(new UnrecoverableError());
    },
    { connection },
  );
  const model = new Worker<VerdictsJob>(
    'verdicts',
    (job) => {
      job.data.verdicts.forEach(receive);
      return Promise.resolve();
    },
    { connection },
  );
  for (const worker of [broken, model]) worker.on('error', () => undefined);
  for (const queue of [checks, verdicts]) queue.on('error', () => undefined);
  let stop: () => Promise<void> = () => Promise.resolve();
  let unsent: () => number = () => 0;

  const idle = async (): Promise<boolean> =>
    unsent() === 0 && (await verdicts.getJobCountByTypes('waiting', 'active', 'delayed')) === 0;
  return {
    start: (receiver) => {
      receive = receiver;
      const options = { redisUrl: redis.url, logger: SILENT };
      const queue = openCheckQueue(options);
      const outbox = openOutbox({ ...options, metrics: countingMetrics(), now: () => LATER });
      ({ unsent } = outbox);
      stop = async () => {
        await queue.close();
        await outbox.close();
      };
      return Promise.resolve({ queue, outbox });
    },
    stop: () => stop(),
    step: async ({ loseJobs, deliver }) => {
      if (loseJobs) await checks.obliterate({ force: true });
      if (deliver) await sleep(20);
    },
    settle: async (waiting) => {
      const deadline = Date.now() + PATIENCE_MS;
      while ((waiting() > 0 || !(await idle())) && Date.now() < deadline) await sleep(5);
    },
    close: async () => {
      await stop();
      await Promise.all([...honest, broken, model].map((worker) => worker.close(true)));
      await Promise.all([checks.close(), verdicts.close()]);
    },
  };
}
