import { loadConfig, parseIngestConfig } from '../runtime/config.ts';
import { createLogger } from '../runtime/logger.ts';
import { runMain } from '../runtime/shutdown.ts';
import { startIngest } from './start-ingest.ts';

const config = loadConfig(parseIngestConfig);
const logger = createLogger({ stage: 'ingest', level: config.logLevel });

await runMain({
  logger,
  main: async (lifetime) => {
    await startIngest({
      config,
      logger,
      lifetime,
      fatal: (error) => {
        // What is on disk, or what time it is, is not known any more: only a new process that checks both may go on.
        logger.fatal({ error }, 'the log must not be used any more by this process');
        process.exit(1);
      },
    });
  },
});
