import { loadConfig, parseGroupConfig } from '../runtime/config.ts';
import { createLogger } from '../runtime/logger.ts';
import { runMain } from '../runtime/shutdown.ts';
import { startGroup } from './start-group.ts';

const config = loadConfig(parseGroupConfig);
const logger = createLogger({ stage: 'verify', level: config.logLevel });

await runMain({
  logger,
  main: async (lifetime) => {
    const { done } = await startGroup({ config, logger, lifetime });
    await done;
  },
});
