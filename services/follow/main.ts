import { PublicKey } from '@solana/web3.js';
import { openNetworkChain } from '#services/runtime/chain';
import { waitForNetworkFile } from '#services/runtime/network-file';
import { loadConfig, parseFollowConfig } from '#services/runtime/config';
import { createHttpServer, listenHttp } from '#services/runtime/http-server';
import { createLogger } from '#services/runtime/logger';
import { openMetrics } from '#services/runtime/metrics';
import { runMain } from '#services/runtime/shutdown';
import { createFollower } from './follower.ts';

const config = loadConfig(parseFollowConfig);
const logger = createLogger({ stage: 'follow', level: config.logLevel });

await runMain({
  logger,
  main: async (lifetime) => {
    const { signal } = lifetime;
    const file = await waitForNetworkFile(config.dataDir, { signal, logger });
    const metrics = openMetrics('follow');
    const follower = createFollower({
      ...config,
      connection: openNetworkChain(file, { rpcUrl: config.rpcUrl, commitment: 'confirmed' }),
      network: new PublicKey(file.network),
      metrics,
      logger,
      signal,
      now: Date.now,
    });
    const server = createHttpServer({ logger, metrics, health: () => ({ ...follower.health() }) });
    lifetime.own(await listenHttp(server, { ...config, logger }));
    await follower.run();
  },
});
