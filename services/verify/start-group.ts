import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeBacklog } from '../runtime/backlog-file.ts';
import type { GroupConfig } from '../runtime/config.ts';
import { openJournalReader } from '../runtime/evidence/journal-reader.ts';
import { createHttpServer, listenHttp } from '../runtime/http-server.ts';
import { logOrigin } from '../runtime/log-origin.ts';
import type { Logger } from '../runtime/logger.ts';
import { openMetrics } from '../runtime/metrics.ts';
import { waitForNetworkFile } from '../runtime/network-file.ts';
import { readPolicy } from '../runtime/policy-file.ts';
import { openRegistryReader } from '../runtime/registry-file.ts';
import type { Lifetime } from '../runtime/shutdown.ts';
import { verifySignature } from '../runtime/signature.ts';
import { openChecker } from './checker.ts';
import { foldPath, readFoldPoint, writeFoldPoint, type FoldPoint } from './fold-file.ts';
import { openGroup } from './group.ts';
import { openOutbox } from './outbox.ts';

const BACKLOG_MS = 1000;

/** Opens everything of the one grouping and folding process; `done` ends when the lifetime does, or by its failure. */
export async function startGroup(options: {
  readonly config: GroupConfig;
  readonly logger: Logger;
  readonly lifetime: Lifetime;
}): Promise<{ readonly url: string; readonly done: Promise<void> }> {
  const { config, logger, lifetime } = options;
  const { dataDir, redisUrl } = config;
  const { name, network } = await waitForNetworkFile(dataDir, { signal: lifetime.signal, logger });
  const origin = logOrigin({ name, network, ingest: config.ingestName });
  const { policy, deny } = await readPolicy(dataDir);
  const point = await pointOrStart({ dataDir, origin, logger });
  const metrics = openMetrics('verify');
  const group = openGroup({
    origin,
    reader: openJournalReader(join(dataDir, 'ingest', 'journal')),
    registry: openRegistryReader(dataDir),
    policy,
    deny,
    checker: lifetime.own(openChecker({ redisUrl, logger, metrics, verify: verifySignature })),
    outbox: lifetime.own(openOutbox({ redisUrl, logger, metrics, now: Date.now })),
    verify: verifySignature,
    point,
    savePoint: pointSaver(dataDir, logger),
    now: Date.now,
    metrics,
  });
  lifetime.own(renewBacklog(() => writeBacklog(dataDir, group.backlog()), logger));
  const server = createHttpServer({ logger, metrics, health: () => ({ ok: true, ...group.backlog() }) });
  const { url } = lifetime.own(await listenHttp(server, { ...config, logger }));
  return { url, done: group.run(lifetime.signal) };
}

/** A point that cannot be read costs time, not truth: the log is read from its beginning. */
async function pointOrStart(options: {
  readonly dataDir: string;
  readonly origin: string;
  readonly logger: Logger;
}): Promise<FoldPoint | null> {
  try {
    return await readFoldPoint(options.dataDir, options.origin);
  } catch (error) {
    options.logger.warn(
      { error },
      'the point where fold stopped is damaged; reading the log from its beginning',
    );
    await rm(foldPath(options.dataDir), { force: true });
    return null;
  }
}

/** A point that cannot be written, as on a full disk, costs time after a restart: no reason to stop judging. */
export function pointSaver(dataDir: string, logger: Logger): (point: FoldPoint) => Promise<void> {
  let failing = false;
  return async (point) => {
    try {
      await writeFoldPoint(dataDir, point);
      failing = false;
    } catch (error) {
      if (!failing) logger.warn({ error }, 'the point where fold stands could not be written; trying again');
      failing = true;
    }
  };
}

function renewBacklog(write: () => Promise<void>, logger: Logger): { close(): void } {
  const timer = setInterval(() => {
    write().catch((error: unknown) => {
      logger.warn({ error }, 'the backlog could not be written');
    });
  }, BACKLOG_MS);
  return {
    close: () => {
      clearInterval(timer);
    },
  };
}
