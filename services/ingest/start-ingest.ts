import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readClock } from '#client';
import { formatVerifierKey } from '#protocol/evidence/verifier-key';
import { millis } from '#protocol/units';
import { keyText } from '#protocol/wire/key';
import { openBacklogReader } from '../runtime/backlog-file.ts';
import { openChain } from '../runtime/chain.ts';
import type { IngestConfig } from '../runtime/config.ts';
import { HOLD_LIMITS, openHolds } from '../runtime/grpc/holds.ts';
import { SESSION_TIMES } from '../runtime/grpc/session-handshake.ts';
import { listenHttp } from '../runtime/http-server.ts';
import { logOrigin } from '../runtime/log-origin.ts';
import type { Logger } from '../runtime/logger.ts';
import { openMetrics } from '../runtime/metrics.ts';
import { waitForNetworkFile } from '../runtime/network-file.ts';
import { openPolicies } from '../runtime/policies.ts';
import { openRegistryReader } from '../runtime/registry-file.ts';
import type { Lifetime } from '../runtime/shutdown.ts';
import { verifySignature } from '../runtime/signature.ts';
import { openRegistered } from './registered.ts';
import { createIngestApp } from './app.ts';
import { openBudget } from './budget.ts';
import { checkClock, guardClock } from '../runtime/clock-check.ts';
import { closeEpochs } from '../runtime/log/close-epochs.ts';
import { loadOrCreateConfigKey } from './hotspots/config-key.ts';
import { openEntropyService } from './entropy.ts';
import { readLatestBlock } from './latest-block.ts';
import { loadOrCreateLogKey } from './log-key.ts';
import { logSigner } from '../runtime/log/log-signer.ts';
import { openLog } from '../runtime/log/open-log.ts';
import { openReceiptIndex } from './receipts/receipt-index.ts';

/** Newest public entries among which receipts are found: 25 MB at most. */
const FOUND_AMONG = 500_000;

/** Opens everything of ingest in the order in which it can refuse: network, clock, log, port. */
export async function startIngest(options: {
  readonly config: IngestConfig;
  readonly logger: Logger;
  readonly lifetime: Lifetime;
  /** Called where the log or the clock says that this process must end. */
  readonly fatal: (error: Error) => void;
}): Promise<{ readonly url: string; readonly origin: string; readonly vkey: string }> {
  const { config, logger, lifetime, fatal } = options;
  const { signal } = lifetime;
  const network = await waitForNetworkFile(config.dataDir, { signal, logger });
  const chain = openChain({
    rpcUrl: config.rpcUrl,
    commitment: 'confirmed',
    timeoutMs: 5000,
    // Its clock and its blocks are all that is read.
    pin: { genesisHash: network.genesisHash },
  });
  await checkClock({
    readChainSeconds: async () => (await readClock(chain, 'processed')).unixTime,
    now: Date.now,
    waitSeconds: config.clockWaitSeconds,
    logger,
    signal,
  });
  const now = guardClock({ now: Date.now, elapsed: () => performance.now(), stepped: fatal });

  const dir = join(config.dataDir, 'ingest');
  const publicDir = join(dir, 'public');
  await mkdir(publicDir, { recursive: true });
  const origin = logOrigin({ name: network.name, network: network.network, ingest: config.ingestName });
  const signer = logSigner(origin, await loadOrCreateLogKey(config.dataDir));
  const vkey = formatVerifierKey(signer.key);
  const log = lifetime.own(
    await openLog({
      dir,
      origin,
      signer,
      clock: () => millis(now()),
      fatal,
      failed: (error) => {
        logger.warn({ error }, 'the log could not publish; it tries again');
      },
    }),
  );
  logger.info({ origin, vkey, size: log.size }, 'log open');

  const registry = openRegistryReader(config.dataDir);
  closeEpochs({ log, registry, policyOf: openPolicies(config.dataDir), now, logger, signal }).catch(fatal);
  const entropy = openEntropyService({
    latestBlock: () => readLatestBlock(chain),
    record: (body) => log.append([body]),
    intervalMs: config.entropyIntervalSeconds * 1000,
    now,
    logger,
  });
  void entropy.run(signal);

  const configKey = await loadOrCreateConfigKey(config.dataDir);
  logger.info({ pubkey: keyText(configKey.key) }, 'hotspots name this pubkey in [config] of their settings');
  const metrics = openMetrics('ingest');
  const app = await createIngestApp({
    logger,
    metrics,
    publicDir,
    entropy,
    receipts: openReceiptIndex({ log, limit: FOUND_AMONG, verify: verifySignature }),
    reports: {
      append: (bodies) => log.append(bodies),
      registered: openRegistered(registry),
      budgets: {
        address: openBudget(config.addressBudget),
        named: openBudget(config.keyBudget),
        verified: openBudget(config.keyBudget),
      },
      verify: verifySignature,
      backlogAge: openBacklogReader(config.dataDir),
      now,
    },
    hotspots: {
      registry,
      configKey,
      random: (bytes) => new Uint8Array(randomBytes(bytes)),
      times: { ...SESSION_TIMES, initMs: config.sessionInitMs },
      holds: openHolds(HOLD_LIMITS, now),
      routeUrl: config.routeUrl,
    },
    health: () => ({ ok: true, origin, size: log.size, entropy: entropy.current() !== null }),
  });
  const { url } = lifetime.own(await listenHttp(app, { ...config, logger }));
  return { url, origin, vkey };
}
