import { join } from 'node:path';
import { PublicKey } from '@solana/web3.js';
import { formatVerifierKey } from '#protocol/evidence/verifier-key';
import { openChain } from '#services/runtime/chain';
import { loadConfig, parseWitnessConfig } from '#services/runtime/config';
import { createHttpServer, listenHttp } from '#services/runtime/http-server';
import { createLogger } from '#services/runtime/logger';
import { openMetrics } from '#services/runtime/metrics';
import { waitForNetworkFile } from '#services/runtime/network-file';
import { openPolicies } from '#services/runtime/policies';
import { servePublicFolders } from '#services/runtime/public-server';
import { runMain } from '#services/runtime/shutdown';
import { verifySignature } from '#services/runtime/signature';
import { createWitness } from './witness.ts';
import { loadOrCreateWitnessKey } from './witness-key.ts';

const config = loadConfig(parseWitnessConfig);
const logger = createLogger({ stage: 'witness', level: config.logLevel }).child({ witness: config.witness });

await runMain({
  logger,
  main: async (lifetime) => {
    const { signal } = lifetime;
    const signer = await loadOrCreateWitnessKey(config.keyFile, config.witnessName);
    logger.info({ vkey: formatVerifierKey(signer.key) }, 'witness');
    const { network } = await waitForNetworkFile(config.dataDir, { signal, logger });
    const folder = join(config.dataDir, `witness-${config.witness}`);
    const metrics = openMetrics('witness');
    const witness = createWitness({
      ...config,
      connection: openChain(config),
      network: new PublicKey(network),
      policyOf: openPolicies(config.dataDir),
      signer,
      folder,
      verify: verifySignature,
      now: Date.now,
      metrics,
      logger,
      signal,
    });
    const server = createHttpServer({ logger, metrics, health: () => ({ ...witness.health() }) });
    await servePublicFolders(server, folder, ['evidence']);
    lifetime.own(await listenHttp(server, { ...config, logger }));
    await witness.run();
  },
});
