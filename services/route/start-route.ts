import { join } from 'node:path';
import { PublicKey } from '@solana/web3.js';
import type { Address } from '#protocol/units';
import { openBudget } from '../runtime/budget.ts';
import type { RouteConfig } from '../runtime/config.ts';
import { listenHttp, type HttpServer } from '../runtime/http-server.ts';
import type { Logger } from '../runtime/logger.ts';
import { openStageLog } from '../runtime/log/open-stage-log.ts';
import { openMetrics, type Metrics } from '../runtime/metrics.ts';
import { openPublicFiles } from '../runtime/public-files.ts';
import type { Lifetime } from '../runtime/shutdown.ts';
import { verifySignature } from '../runtime/signature.ts';
import { createRouteApp } from './api/app.ts';
import { openReaders } from './api/readers.ts';
import { openDisclosureStore } from './disclosures/disclosure-store.ts';
import { openDeadLetters } from './forward/http/dead-letters.ts';
import { openHttpQueue } from './forward/http/http-queue.ts';
import type { HotspotLink, HotspotLinkHandlers } from './hotspot-link.ts';
import { openRouteFiles } from './routes/route-files.ts';
import { openRouter } from './router.ts';
import { openSettledCredits } from './uplinks/settled-credits.ts';

const DAY_MS = 86_400_000;
const CLEAN_EVERY_MS = 3_600_000;

export interface RouteStart {
  readonly config: RouteConfig;
  readonly logger: Logger;
  readonly lifetime: Lifetime;
  /** Called where the log or the clock says that this process must end. */
  readonly fatal: (error: Error) => void;
  /** The streams of hotspots. */
  readonly openLink: (handlers: HotspotLinkHandlers, stage: LinkStage) => HotspotLink;
}

/** What the streams of hotspots are opened with. */
export interface LinkStage {
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Does not listen yet: streams may come to its port. */
  readonly server: HttpServer;
  readonly now: () => number;
  readonly isRegistered: (key: string) => boolean;
  readonly maxStreams: number;
}

/** Opens everything of the router in the order in which it can refuse: network, clock, log, routes, ports. */
export async function startRoute(options: RouteStart): Promise<{
  readonly url: string;
  readonly origin: string;
  readonly vkey: string;
}> {
  const { config, logger, lifetime } = options;
  const stage = await openStageLog({ ...options, stage: 'route', name: config.routeName });
  const { log, network, registry, origin, vkey, dir, now } = stage;
  const metrics = openMetrics('route');
  const rules = { allowPrivate: config.allowPrivateTargets };

  const disclosures = lifetime.own(await openDisclosureStore(join(dir, 'disclosures')));
  const files = await openRouteFiles(join(dir, 'routes'));
  const deadLetters = lifetime.own(openDeadLetters({ redisUrl: config.redisUrl, logger }));
  const posts = lifetime.own(
    openHttpQueue({ redisUrl: config.redisUrl, logger, deadLetters, random: Math.random }),
  );
  const settled = openSettledCredits({
    registry,
    folders: config.folderUrls.map(openPublicFiles),
    logger,
  });
  const router = lifetime.own(
    await openRouter({ ...stage, config, logger, metrics, rules, disclosures, files, posts, settled }),
  );
  await posts.start();

  const clean = setInterval(() => {
    disclosures.dropBefore(now() - config.disclosureDays * DAY_MS).catch((error: unknown) => {
      logger.warn({ error }, 'old disclosures could not be deleted');
    });
  }, CLEAN_EVERY_MS);
  lifetime.own({
    close: () => {
      clearInterval(clean);
    },
  });
  const app = await createRouteApp({
    logger,
    metrics,
    publicDir: stage.publicDir,
    health: () => ({ ok: true, origin, size: log.size, ...router.health() }),
    register: {
      network: network.network,
      table: router.table,
      files,
      buyer: router.buyer,
      append: (bodies) => log.append(bodies),
      verify: verifySignature,
      rules,
      now,
    },
    credits: router.credits,
    refusedPackets: (owner: Address) => router.refusedPackets(owner),
    disclosures,
    deadLetters,
    readers: openReaders({
      chain: stage.chain,
      network: new PublicKey(network.network),
      verify: verifySignature,
      now,
    }),
    budget: openBudget(config.addressBudget),
    now,
  });
  const { isRegistered } = router;
  const { maxStreams } = config;
  router.attach(
    options.openLink(router.handlers, { logger, metrics, server: app, now, isRegistered, maxStreams }),
  );
  const { url } = lifetime.own(await listenHttp(app, { ...config, logger }));
  return { url, origin, vkey };
}
