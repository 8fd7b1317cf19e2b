import { loadConfig, parseRouteConfig } from '../runtime/config.ts';
import { createLogger } from '../runtime/logger.ts';
import { runMain } from '../runtime/shutdown.ts';
import { openHotspotLink } from './hotspots/open-hotspot-link.ts';
import { startRoute } from './start-route.ts';

const config = loadConfig(parseRouteConfig);
const logger = createLogger({ stage: 'route', level: config.logLevel });

await runMain({
  logger,
  main: async (lifetime) => {
    await startRoute({
      config,
      logger,
      lifetime,
      openLink: openHotspotLink,
      fatal: (error) => {
        // What is on disk, or what time it is, is not known any more: only a new process that checks both may go on.
        logger.fatal({ error }, 'the log must not be used any more by this process');
        process.exit(1);
      },
    });
  },
});
