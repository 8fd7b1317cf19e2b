import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { settle } from '../support/verify-line/batch.ts';
import { differences } from '../support/verify-line/differences.ts';
import { describeHistory, history } from '../support/verify-line/history.ts';
import { REAL_SIGNING } from '../support/verify-line/network.ts';
import { plan } from '../support/verify-line/plan.ts';
import { redisServices } from '../support/verify-line/redis.ts';
import { runLine } from '../support/verify-line/run.ts';
import { lineWorld } from '../support/verify-line/world.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';

/* As incremental.test.ts, with real signatures, a real Redis and real workers, of which one is no good. */

const SEED = 6;
const RUNS = 30;

let redis: TestRedis;
let services: ReturnType<typeof redisServices>;

beforeAll(async () => {
  redis = await startTestRedis();
  services = redisServices(redis, REAL_SIGNING.verify);
});
afterAll(async () => {
  await services.close();
  await redis.close();
});

it('histories over Redis give the verdicts and the state that settlement computes', async () => {
  const jobs = { worker: 0, fold: 0, requeued: 0, restarts: 0 };
  await fc.assert(
    fc.asyncProperty(history, plan, async (of, around) => {
      const world = lineWorld(of, REAL_SIGNING);
      const [epochs, line] = await Promise.all([settle(world), runLine(world, around, services)]);
      const found = differences({ epochs, line, steady: of.steady });
      if (line.lateReports > 0) found.push(`${line.lateReports} reports came late`);
      if (found.length > 0) throw new Error(`${found.join('\n')}\nin\n${describeHistory(of)}`);
      jobs.worker += line.jobs.worker;
      jobs.fold += line.jobs.fold;
      jobs.requeued += line.jobs.requeued;
      jobs.restarts += line.restarts;
    }),
    { seed: SEED, numRuns: RUNS },
  );
  console.log(`seed ${SEED}; ${RUNS} histories; jobs ${JSON.stringify(jobs)}`);
  for (const times of Object.values(jobs)) expect(times).toBeGreaterThan(0);
}, 300_000);
