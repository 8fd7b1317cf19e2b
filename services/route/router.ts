import { packetCredits } from '#protocol/reward/credits';
import { epochNumber, type Address, type EpochNumber } from '#protocol/units';
import type { RouteConfig } from '../runtime/config.ts';
import type { Logger } from '../runtime/logger.ts';
import type { StageLog } from '../runtime/log/open-stage-log.ts';
import type { Metrics } from '../runtime/metrics.ts';
import { policyHashAt, type RegistryFile } from '../runtime/registry-file.ts';
import type { Closeable } from '../runtime/shutdown.ts';
import type { DisclosureStore } from './disclosures/disclosure-store.ts';
import { openDownlinkSender } from './downlinks/send-downlink.ts';
import type { ForwardContext } from './forward/forwarder.ts';
import { openSocketBudget } from './forward/gwmp/gwmp-forwarder.ts';
import type { HttpQueue } from './forward/http/http-queue.ts';
import { openForwarder } from './forward/open-forwarder.ts';
import type { TargetRules } from './forward/target.ts';
import type { HotspotLink, HotspotLinkHandlers } from './hotspot-link.ts';
import type { RouteFiles } from './routes/route-files.ts';
import { openRouteTable, type RouteTable } from './routes/route-table.ts';
import { openBuyer, type Buyer } from './uplinks/buyer.ts';
import { openCollector } from './uplinks/collector.ts';
import { openCredits, type Credits } from './uplinks/credits.ts';
import { openEpochMemory } from './uplinks/epoch-memory.ts';
import { handleUplink } from './uplinks/handle-uplink.ts';
import { openLoggedSessions } from './uplinks/sessions.ts';
import type { RefreshedCredits } from './uplinks/settled-credits.ts';
import type { HeardCopy } from './uplinks/uplink.ts';

/** Everything between the streams of hotspots and the servers of owners. */
export interface Router extends Closeable {
  readonly table: RouteTable;
  readonly buyer: Buyer;
  readonly credits: Credits;
  readonly handlers: HotspotLinkHandlers;
  readonly isRegistered: (key: string) => boolean;
  refusedPackets(owner: Address): number;
  health(): { readonly routes: number; readonly epoch: string | null };
  /** The streams, as soon as they are open. */
  attach(link: HotspotLink): void;
}

const LOOK_MS = 250;
const REFRESH_MS = 5000;
const MAX_SOCKETS = 8192;
const MAX_FRAMES = 50_000;
/** Owners of whom it is remembered that packets were refused. */
const MAX_REFUSED = 100_000;

export async function openRouter(
  options: Pick<StageLog, 'log' | 'registry' | 'policyOf' | 'now'> & {
    readonly config: Pick<RouteConfig, 'copyWindowMs'>;
    readonly logger: Logger;
    readonly metrics: Metrics;
    readonly rules: TargetRules;
    readonly disclosures: DisclosureStore;
    readonly files: RouteFiles;
    readonly posts: HttpQueue;
    readonly settled: RefreshedCredits;
  },
): Promise<Router> {
  const { log, registry, policyOf, now, logger, metrics, rules, settled, disclosures } = options;
  const uplinks = metrics.counter('uplinks_total', 'Packets of hotspots');
  const dropped = metrics.counter('dropped_total', 'Packets that go nowhere, by reason', ['reason']);
  const copies = metrics.counter('copies_total', 'Copies of frames for routes, by what came of them', [
    'outcome',
  ]);
  const forwards = metrics.counter('forward_total', 'What came of forwarding', ['kind', 'event']);
  const downs = metrics.counter('downlinks_total', 'Downlinks of servers, by what came of them', ['outcome']);
  const refused = new Map<Address, number>();
  let facts: {
    readonly file: RegistryFile;
    readonly keys: ReadonlySet<string>;
    readonly creditBytes: number;
  } | null = null;
  let link: HotspotLink | null = null;

  const epochAt = (ms: number): EpochNumber | null => {
    if (facts === null) return null;
    const { firstEpochStart, epochLength } = facts.file.network;
    // start < received <= end.
    const epoch = Math.floor((ms - 1 - firstEpochStart * 1000) / (epochLength * 1000));
    return epoch < 0 ? null : epochNumber(BigInt(epoch));
  };
  const refresh = async (): Promise<void> => {
    const file = await registry.read();
    if (file === null) return;
    const keys = file === facts?.file ? facts.keys : new Set<string>(file.hotspots.map(({ key }) => key));
    facts = { file, keys, creditBytes: facts?.creditBytes ?? 24 };
    const epoch = epochAt(now()) ?? epochNumber(0n);
    const { policy } = await policyOf(policyHashAt(file.network, epoch));
    facts = { file, keys, creditBytes: policy.credit_bytes };
    await settled.refresh(epoch);
  };
  const downlinks = openDownlinkSender({ link: { send: (...down) => link?.send(...down) ?? false }, now });
  const sockets = openSocketBudget(MAX_SOCKETS);
  const table = openRouteTable({
    logger,
    openForwarder: (of, target) => {
      const context: ForwardContext = {
        of,
        rules,
        now,
        logger,
        count: (event) => {
          forwards.inc({ kind: target.kind, event });
        },
        sendDownlink: (downlink) => {
          const outcome = downlinks.send(downlink);
          downs.inc({ outcome });
          return outcome;
        },
      };
      return openForwarder({ target, context, posts: options.posts, sockets });
    },
  });
  for (const route of await options.files.readAll()) table.put(route);
  const credits = openCredits(settled);
  // What was bought before the start and is not settled yet stands in the disclosures.
  for (const epoch of await disclosures.epochs())
    for await (const { owner, credits: price } of disclosures.read(epoch))
      credits.use(owner, epoch, BigInt(price));

  const append: typeof log.append = (bodies) => log.append(bodies);
  const sessions = openLoggedSessions(append);
  const buyer = openBuyer({
    routeOf: (number) => table.byNumber(number),
    append,
    disclosures,
    sessions,
    credits,
    memory: openEpochMemory(),
    epochAt,
    price: (bytes) => packetCredits(bytes, { credit_bytes: facts?.creditBytes ?? 24 }),
    now,
    logger,
    count: (outcome, route) => {
      copies.inc({ outcome });
      if (outcome !== 'no_credits' || route === undefined) return;
      if (refused.size < MAX_REFUSED || refused.has(route.owner))
        refused.set(route.owner, (refused.get(route.owner) ?? 0) + 1);
    },
  });
  const collector = openCollector<HeardCopy>({
    windowMs: options.config.copyWindowMs,
    maxFrames: MAX_FRAMES,
    now,
    release: ({ id, route, copies: best }) => {
      buyer.offer({ frame: id, route, copies: best });
    },
  });
  let epoch: EpochNumber | null = null;
  const look = setInterval(() => {
    const current = epochAt(now());
    if (current === epoch) return;
    epoch = current;
    link?.reoffer();
  }, LOOK_MS);
  const refresher = setInterval(() => {
    refresh().catch((error: unknown) => {
      logger.warn({ error }, 'registry, policy or folders cannot be read; what was known goes on');
    });
  }, REFRESH_MS);
  await refresh().catch((error: unknown) => {
    logger.warn({ error }, 'registry and policy cannot be read yet');
  });
  epoch = epochAt(now());
  const isRegistered = (key: string): boolean => facts?.keys.has(key) ?? false;
  return {
    table,
    buyer,
    credits,
    isRegistered,
    handlers: {
      onPacket: (packet) => {
        handleUplink(packet, {
          routes: table,
          collector,
          downlinks,
          isRegistered,
          received: () => {
            uplinks.inc();
          },
          dropped: (reason) => {
            dropped.inc({ reason });
          },
        });
      },
      appendSession: (nonce, init) => sessions.append(nonce, init),
    },
    refusedPackets: (owner) => refused.get(owner) ?? 0,
    health: () => ({ routes: table.matcher.size, epoch: epoch === null ? null : String(epoch) }),
    attach: (opened) => {
      link = opened;
    },
    close: async () => {
      clearInterval(look);
      clearInterval(refresher);
      collector.close();
      await buyer.close();
      await table.close();
    },
  };
}
