import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { millis } from '#protocol/units';
import { createIngestApp } from '#services/ingest/app';
import { openBudget } from '#services/runtime/budget';
import type { Entropy } from '#services/ingest/entropy';
import { configKeyOf } from '#services/ingest/hotspots/config-key';
import type { HotspotsContext } from '#services/ingest/hotspots/open-hotspots';
import { loadOrCreateLogKey } from '#services/ingest/log-key';
import { openReceiptIndex } from '#services/ingest/receipts/receipt-index';
import { openRegistered } from '#services/ingest/registered';
import { openBacklogReader } from '#services/runtime/backlog-file';
import type { LocatedRecord } from '#protocol/evidence/record';
import { openJournalReader } from '#services/runtime/evidence/journal-reader';
import { STREAM_BOUNDS, type StreamBounds } from '#services/runtime/grpc/stream-bounds';
import { openHolds } from '#services/runtime/grpc/holds';
import { listenHttp } from '#services/runtime/http-server';
import { logSigner } from '#services/runtime/log/log-signer';
import { openLog, type EvidenceLog } from '#services/runtime/log/open-log';
import { openMetrics, type Metrics } from '#services/runtime/metrics';
import { openRegistryReader } from '#services/runtime/registry-file';
import { verifySignature } from '#services/runtime/signature';
import { SILENT } from '../service-world.ts';

type FaceContext = Parameters<typeof createIngestApp>[0]['hotspots'];

export interface IngestOptions {
  readonly dataDir: string;
  /** 0 or nothing: any that is free. */
  readonly port?: number;
  readonly now?: () => number;
  readonly random?: HotspotsContext['random'];
  readonly configSeed?: Uint8Array;
  readonly times?: HotspotsContext['times'];
  /** The first and the longest hold of a refused stream. */
  readonly holdMs?: readonly [number, number];
  readonly routeUrl?: string | null;
  readonly bounds?: StreamBounds;
  readonly entropy?: () => Entropy | null;
  /** Reports a minute. */
  readonly addressBudget?: number;
  readonly keyBudget?: number;
  /** Stands between the streams and the log. */
  readonly append?: (log: EvidenceLog) => EvidenceLog['append'];
}

/** Ingest with a real log on a real port, without a chain. */
export interface IngestWorld {
  readonly url: string;
  readonly log: EvidenceLog;
  readonly metrics: Metrics;
  readonly records: () => Promise<readonly LocatedRecord[]>;
  readonly close: () => Promise<void>;
}

export function hotspotsContext(options: IngestOptions): FaceContext {
  const now = options.now ?? Date.now;
  const [firstMs, maxMs] = options.holdMs ?? [0, 0];
  return {
    registry: openRegistryReader(options.dataDir),
    configKey: configKeyOf(options.configSeed ?? new Uint8Array(32).fill(7)),
    random: options.random ?? ((bytes) => new Uint8Array(randomBytes(bytes))),
    times: options.times ?? { initMs: 5000, renewMs: 1_800_000 },
    holds: openHolds({ firstMs, maxMs, forgetMs: 600_000, names: 1000, held: 1000 }, now),
    routeUrl: options.routeUrl ?? null,
    bounds: options.bounds ?? STREAM_BOUNDS,
  };
}

export async function openIngestWorld(options: IngestOptions): Promise<IngestWorld> {
  const { dataDir } = options;
  const now = options.now ?? Date.now;
  const dir = join(dataDir, 'ingest');
  const origin = 'test/ingest/0';
  const log = await openLog({
    dir,
    origin,
    signer: logSigner(origin, await loadOrCreateLogKey(dataDir)),
    clock: () => millis(now()),
    fatal: (error) => {
      throw error;
    },
  });
  const metrics = openMetrics('ingest');
  const keyBudget = options.keyBudget ?? 1e6;
  const app = await createIngestApp({
    logger: SILENT,
    metrics,
    publicDir: join(dir, 'public'),
    entropy: { current: options.entropy ?? (() => null) },
    receipts: openReceiptIndex({ log, limit: 20, verify: verifySignature }),
    reports: {
      append: options.append?.(log) ?? ((bodies) => log.append(bodies)),
      registered: openRegistered(openRegistryReader(dataDir)),
      budgets: {
        address: openBudget(options.addressBudget ?? 1e6),
        named: openBudget(keyBudget),
        verified: openBudget(keyBudget),
      },
      verify: verifySignature,
      backlogAge: openBacklogReader(dataDir),
      now,
    },
    hotspots: hotspotsContext(options),
    health: () => ({ ok: true, size: log.size }),
  });
  const { url } = await listenHttp(app, { host: '127.0.0.1', port: options.port ?? 0, logger: SILENT });
  const journal = openJournalReader(join(dir, 'journal'));
  return {
    url,
    log,
    metrics,
    records: () => journal.read(0, 100_000),
    close: async () => {
      await app.close();
      await log.close();
    },
  };
}
