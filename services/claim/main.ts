import { PublicKey } from '@solana/web3.js';
import { openNetworkChain } from '#services/runtime/chain';
import { readKeypair } from '#services/runtime/chain-keypair';
import { loadConfig, parseClaimConfig } from '#services/runtime/config';
import { createHttpServer, listenHttp } from '#services/runtime/http-server';
import { createLogger } from '#services/runtime/logger';
import { openMetrics } from '#services/runtime/metrics';
import { waitForNetworkFile } from '#services/runtime/network-file';
import { openPublicFiles } from '#services/runtime/public-files';
import { runMain } from '#services/runtime/shutdown';
import { createClaimer } from './claimer.ts';
import { openFolderSource } from './folder-source.ts';

const config = loadConfig(parseClaimConfig);
const logger = createLogger({ stage: 'claim', level: config.logLevel });

await runMain({
  logger,
  main: async (lifetime) => {
    const { signal } = lifetime;
    const file = await waitForNetworkFile(config.dataDir, { signal, logger });
    const metrics = openMetrics('claim');
    const claimer = createClaimer({
      ...config,
      connection: openNetworkChain(file, { rpcUrl: config.rpcUrl, commitment: 'confirmed' }),
      network: new PublicKey(file.network),
      payer: await readKeypair(config.payerFile),
      folders: openFolderSource(config.folderUrls.map(openPublicFiles), logger),
      metrics,
      logger,
      signal,
    });
    const server = createHttpServer({ logger, metrics, health: () => ({ ...claimer.health() }) });
    lifetime.own(await listenHttp(server, { ...config, logger }));
    await claimer.run();
  },
});
