import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { epochNumber, millis } from '#protocol/units';
import { writeBacklog } from '../runtime/backlog-file.ts';
import type { GroupConfig } from '../runtime/config.ts';
import { createHttpServer, listenHttp } from '../runtime/http-server.ts';
import { logOrigin } from '../runtime/log-origin.ts';
import type { Logger } from '../runtime/logger.ts';
import { openMetrics } from '../runtime/metrics.ts';
import { waitForNetworkFile } from '../runtime/network-file.ts';
import { openPolicies, type Policies, type PolicyAtHand } from '../runtime/policies.ts';
import { openRegistryReader, policyHashAt, type RegistryReader } from '../runtime/registry-file.ts';
import type { Lifetime } from '../runtime/shutdown.ts';
import { verifySignature } from '../runtime/signature.ts';
import { openCheckQueue } from './check-queue.ts';
import { openChecker, sweepRegularly } from './checker.ts';
import { epochAt } from './epoch-at.ts';
import { foldPath, readFoldPoint, writeFoldPoint, type FoldPoint } from './fold-file.ts';
import { openGroup } from './group.ts';
import { openLogFeed } from './logs/log-feed.ts';
import { journalSource, publicSource } from './logs/log-source.ts';
import { openOutbox } from './outbox.ts';

const BACKLOG_MS = 1000;
const WAIT_MS = 500;

/** Opens everything of the one grouping and folding process; `done` ends when the lifetime does, or by its failure. */
export async function startGroup(options: {
  readonly config: GroupConfig;
  readonly logger: Logger;
  readonly lifetime: Lifetime;
}): Promise<{ readonly url: string; readonly done: Promise<void> }> {
  const { config, logger, lifetime } = options;
  const { dataDir, redisUrl } = config;
  const { name, network } = await waitForNetworkFile(dataDir, { signal: lifetime.signal, logger });
  const own = logOrigin({ name, network, ingest: config.ingestName });
  const registry = openRegistryReader(dataDir);
  const policyOf = openPolicies(dataDir);
  const { policy } = await policyAtStart({ registry, policyOf, signal: lifetime.signal, logger });
  const origins = policy.logs.map(({ origin }) => origin);
  if (!origins.includes(own))
    logger.warn(
      { own, origins },
      'the policy does not name the log of this machine; its reports do not count',
    );
  const point = await pointOrStart({ dataDir, origins, logger });
  const metrics = openMetrics('verify');
  const [verify, now] = [verifySignature, Date.now];
  const queue = lifetime.own(openCheckQueue({ redisUrl, logger }));
  const checker = openChecker({ queue, logger, metrics, verify, now });
  lifetime.own(sweepRegularly(checker, logger));
  const group = openGroup({
    feeds: policy.logs.map((log) => {
      const { from } = point?.logs.get(log.origin) ?? { from: 0 };
      const dir = join(dataDir, 'ingest', 'journal');
      const source = log.origin === own ? journalSource({ origin: own, dir }) : publicSource({ log, verify });
      return openLogFeed({ source, from, since: point?.time ?? millis(0), now, logger });
    }),
    registry,
    policy,
    policyOf,
    checker,
    outbox: lifetime.own(openOutbox({ redisUrl, logger, metrics, now })),
    verify,
    point,
    savePoint: pointSaver(dataDir, logger),
    now,
    metrics,
  });
  lifetime.own(renewBacklog(() => writeBacklog(dataDir, group.backlog()), logger));
  const health = () => ({ ok: true, ...group.backlog(), leftOut: group.leftOut().join(' ') || null });
  const server = createHttpServer({ logger, metrics, health });
  const { url } = lifetime.own(await listenHttp(server, { ...config, logger }));
  return { url, done: group.run(lifetime.signal) };
}

/** The policy in force now, once follow and the operator have said which that is. */
async function policyAtStart(options: {
  readonly registry: RegistryReader;
  readonly policyOf: Policies;
  readonly signal: AbortSignal;
  readonly logger: Logger;
}): Promise<PolicyAtHand> {
  for (let said = false; ; said = true) {
    try {
      const file = await options.registry.read();
      if (file === null) throw new Error('there is no registry yet; start follow');
      const epoch = epochAt(millis(Date.now()), file.network) ?? epochNumber(0n);
      return await options.policyOf(policyHashAt(file.network, epoch));
    } catch (error) {
      if (!said) options.logger.warn({ error }, 'registry and policy do not say yet which logs to read');
    }
    await sleep(WAIT_MS, undefined, { signal: options.signal });
  }
}

/** A point that cannot be read costs time, not truth: the logs are read from their beginning. */
async function pointOrStart(options: {
  readonly dataDir: string;
  readonly origins: readonly string[];
  readonly logger: Logger;
}): Promise<FoldPoint | null> {
  try {
    return await readFoldPoint(options.dataDir, options.origins);
  } catch (error) {
    options.logger.warn(
      { error },
      'the point where fold stopped is damaged; reading the logs from their beginning',
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
