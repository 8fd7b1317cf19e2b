import type { CheckedPoc } from '#protocol/verify/checked-poc';
import { loadConfig, parseCheckConfig } from '#services/runtime/config';
import { createLogger } from '#services/runtime/logger';
import { openWorker } from '#services/runtime/queue';
import { runMain } from '#services/runtime/shutdown';
import { verifySignature } from '#services/runtime/signature';
import { openCheckJob, type CheckJob } from '#services/verify/check-job';
import { checkTask } from '#services/verify/check-tasks';
import { inverted } from './inverted.ts';

/** A check worker in the place of verify's own that lies about everything it is asked. */
const config = loadConfig(parseCheckConfig);
const logger = createLogger({ stage: 'verify', level: config.logLevel });

await runMain({
  logger,
  main: (lifetime) => {
    lifetime.own(
      openWorker<CheckJob, readonly CheckedPoc[]>({
        name: 'check',
        redisUrl: config.redisUrl,
        logger,
        process: (job) => {
          const checked = checkTask(openCheckJob(job.data), verifySignature).map(inverted);
          logger.info({ job: job.id, groups: checked.length }, 'inverted');
          return Promise.resolve(checked);
        },
      }),
    );
    return Promise.resolve();
  },
});
