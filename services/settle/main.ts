import { join } from 'node:path';
import { PublicKey } from '@solana/web3.js';
import { openNetworkChain } from '#services/runtime/chain';
import { readKeypair } from '#services/runtime/chain-keypair';
import { loadConfig, parseSettleConfig } from '#services/runtime/config';
import { createHttpServer, listenHttp } from '#services/runtime/http-server';
import { createLogger } from '#services/runtime/logger';
import { openMetrics } from '#services/runtime/metrics';
import { waitForNetworkFile } from '#services/runtime/network-file';
import { servePublicFolders } from '#services/runtime/public-server';
import { runMain } from '#services/runtime/shutdown';
import { verifySignature } from '#services/runtime/signature';
import { openDisclosureFiles } from './disclosures/disclosure-files.ts';
import { serveDisclosures } from './disclosures/serve-disclosures.ts';
import { openOracle } from './open-oracle.ts';

const config = loadConfig(parseSettleConfig);
const logger = createLogger({ stage: 'settle', level: config.logLevel }).child({ oracle: config.oracle });

await runMain({
  logger,
  main: async (lifetime) => {
    const file = await waitForNetworkFile(config.dataDir, { ...lifetime, logger });
    const metrics = openMetrics('settle');
    const folder = join(config.dataDir, `oracle-${config.oracle}`);
    const disclosures = await openDisclosureFiles(join(folder, 'disclosures'));
    const oracle = await openOracle({
      ...config,
      folder,
      disclosures,
      connection: openNetworkChain(file, config),
      crossCheck: config.crossCheckRpcUrls.map((rpcUrl) => openNetworkChain(file, { rpcUrl })),
      network: new PublicKey(file.network),
      oracle: await readKeypair(config.keyFile),
      verify: verifySignature,
      metrics,
      logger,
      signal: lifetime.signal,
    });
    const server = createHttpServer({ logger, metrics, health: () => ({ ...oracle.health() }) });
    await servePublicFolders(server, folder, ['epochs', 'evidence', 'differences']);
    serveDisclosures(server, {
      files: disclosures,
      network: file.network,
      isOracle: (reader) => oracle.isOracle(reader),
      verify: verifySignature,
    });
    lifetime.own(await listenHttp(server, { ...config, logger }));
    await oracle.run();
  },
});
