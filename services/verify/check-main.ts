import { loadConfig, parseCheckConfig } from '../runtime/config.ts';
import { createHttpServer, listenHttp } from '../runtime/http-server.ts';
import { createLogger } from '../runtime/logger.ts';
import { openMetrics } from '../runtime/metrics.ts';
import { runMain } from '../runtime/shutdown.ts';
import { verifySignature } from '../runtime/signature.ts';
import { startCheckWorker } from './check-worker.ts';

const config = loadConfig(parseCheckConfig);
const logger = createLogger({ stage: 'verify', level: config.logLevel });

await runMain({
  logger,
  main: async (lifetime) => {
    const metrics = openMetrics('verify');
    const worker = lifetime.own(
      startCheckWorker({ redisUrl: config.redisUrl, logger, metrics, verify: verifySignature }),
    );
    const server = createHttpServer({ logger, metrics, health: () => ({ ok: worker.isRunning() }) });
    lifetime.own(await listenHttp(server, { ...config, logger }));
  },
});
