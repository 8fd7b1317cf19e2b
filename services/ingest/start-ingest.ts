import { randomBytes } from 'node:crypto';
import { keyText } from '#protocol/wire/key';
import { openBacklogReader } from '../runtime/backlog-file.ts';
import type { IngestConfig } from '../runtime/config.ts';
import { HOLD_LIMITS, openHolds } from '../runtime/grpc/holds.ts';
import { SESSION_TIMES } from '../runtime/grpc/session-handshake.ts';
import { listenHttp } from '../runtime/http-server.ts';
import type { Logger } from '../runtime/logger.ts';
import { openStageLog } from '../runtime/log/open-stage-log.ts';
import { openMetrics } from '../runtime/metrics.ts';
import type { Lifetime } from '../runtime/shutdown.ts';
import { verifySignature } from '../runtime/signature.ts';
import { openRegistered } from './registered.ts';
import { createIngestApp } from './app.ts';
import { openBudget } from '../runtime/budget.ts';
import { loadOrCreateConfigKey } from './hotspots/config-key.ts';
import { openEntropyService } from './entropy.ts';
import { readLatestBlock } from './latest-block.ts';
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
  const { config, logger, lifetime } = options;
  const { log, chain, registry, origin, vkey, publicDir, now } = await openStageLog({
    ...options,
    stage: 'ingest',
    name: config.ingestName,
  });
  const entropy = openEntropyService({
    latestBlock: () => readLatestBlock(chain),
    record: (body) => log.append([body]),
    intervalMs: config.entropyIntervalSeconds * 1000,
    now,
    logger,
  });
  void entropy.run(lifetime.signal);

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
      bounds: { all: config.maxStreams, perAddress: config.maxAddressStreams },
    },
    health: () => ({ ok: true, origin, size: log.size, entropy: entropy.current() !== null }),
  });
  const { url } = lifetime.own(await listenHttp(app, { ...config, logger }));
  return { url, origin, vkey };
}
