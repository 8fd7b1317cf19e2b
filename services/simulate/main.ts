import { setMaxListeners } from 'node:events';
import { readFile } from 'node:fs/promises';
import { PublicKey } from '@solana/web3.js';
import { readNetwork } from '#client';
import { openNetworkChain } from '#services/runtime/chain';
import { readKeypair } from '#services/runtime/chain-keypair';
import { loadConfig } from '#services/runtime/config';
import { createHttpServer, listenHttp } from '#services/runtime/http-server';
import { createLogger } from '#services/runtime/logger';
import { openMetrics } from '#services/runtime/metrics';
import { waitForNetworkFile } from '#services/runtime/network-file';
import { openPolicies } from '#services/runtime/policies';
import { runMain } from '#services/runtime/shutdown';
import { parseSimulateConfig } from './config.ts';
import { openFleet } from './fleet.ts';
import type { DeviceCounts } from './demo/device-loop.ts';
import { openIngestClient } from './demo/ingest-client.ts';
import { DEVICE_PLACE, deviceKeys } from './demo/device.ts';
import { registerFleet } from './demo/register.ts';
import { runSimulation, type Counts } from './demo/simulation.ts';

const config = loadConfig(parseSimulateConfig);
const logger = createLogger({ stage: 'simulate', level: config.logLevel });
const counts: Counts = { beacons: 0, witnesses: 0, receipted: 0, lost: 0 };
const device: DeviceCounts = { uplinks: 0, joins: 0, downlinks: 0 };

await runMain({
  logger,
  main: async (lifetime) => {
    const { signal } = lifetime;
    // Every hotspot waits on it.
    setMaxListeners(0, signal);
    const health = () => ({ ok: true, ...counts, ...device });
    const server = createHttpServer({ logger, metrics: openMetrics('simulate'), health });
    lifetime.own(await listenHttp(server, { ...config, logger }));
    const file = await waitForNetworkFile(config.dataDir, { signal, logger });
    const network = new PublicKey(file.network);
    const secret = Buffer.from((await readFile(config.secretFile, 'utf8')).trim(), 'hex');
    const fleet = openFleet(secret);
    const [payer, maker] = [await readKeypair(config.payerFile), await readKeypair(config.makerFile)];
    const connection = openNetworkChain(file, { rpcUrl: config.rpcUrl, commitment: 'confirmed' });
    const { registered } = await registerFleet({ connection, network, payer, maker, fleet, signal });
    logger.info({ registered, hotspots: fleet.length }, 'hotspots are registered');
    const { hash } = (await readNetwork(connection, network)).policy;
    const { policy } = await openPolicies(config.dataDir)(hash);
    const intervalMs = policy.beacon_interval_s * 1000;
    const client = openIngestClient({ url: config.ingestUrl, signal, now: Date.now });
    const { gatewayUrl, seed } = config;
    const options = {
      fleet,
      client,
      gatewayUrl,
      device: { keys: deviceKeys(secret), place: DEVICE_PLACE, counts: device },
      intervalMs,
      seed,
      signal,
      logger,
      now: Date.now,
    };
    await runSimulation(options, counts);
  },
});
