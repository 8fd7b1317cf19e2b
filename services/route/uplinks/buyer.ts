import { randomBytes } from 'node:crypto';
import type { Receipt } from '#protocol/evidence/receipt';
import type { EvidenceBody } from '#protocol/evidence/record';
import { packetCommitment, encodeDisclosure } from '#protocol/route/disclosure';
import { SESSION_LIFETIME_MS } from '#protocol/settle/signer';
import type { EpochNumber } from '#protocol/units';
import type { Logger } from '../../runtime/logger.ts';
import type { Closeable } from '../../runtime/shutdown.ts';
import type { DisclosureStore } from '#services/route/disclosures/disclosure-store';
import { openWaitingList } from '#services/route/forward/waiting-list';
import type { LiveRoute } from '#services/route/routes/live-route';
import type { Credits } from './credits.ts';
import { shortId, type EpochMemory } from './epoch-memory.ts';
import type { LoggedSessions } from './sessions.ts';
import type { HeardCopy } from './uplink.ts';

/** What becomes of a copy. Refusals are counted by name; docs/spec/routing.md, "What the router forwards". */
export type BuyerOutcome =
  | 'bought'
  /** Could not count, because its session is of an epoch before: forwarded for nothing. */
  | 'unbilled'
  | 'duplicate'
  | 'too_many_copies'
  | 'too_expensive'
  | 'no_credits'
  | 'route_over'
  | 'overload'
  | 'log_unavailable';

export interface Offer {
  readonly frame: number;
  readonly route: number;
  readonly copies: readonly HeardCopy[];
}

/** Buys packets for routes, and forwards what was bought when its record and disclosure are on disk. */
export interface Buyer extends Closeable {
  /** Never waits and never throws. */
  offer(offer: Offer): void;
  /** Runs while nothing is being bought: a route's record may not slip in before packets that name the one before. */
  exclusive<Value>(work: () => Promise<Value>): Promise<Value>;
  /** Index of the route's record in the epoch's log. */
  noteLogged(route: LiveRoute, receipt: Pick<Receipt, 'index' | 'receivedAt'>): void;
}

export interface BuyerContext {
  readonly routeOf: (route: number) => LiveRoute | undefined;
  readonly append: (bodies: readonly EvidenceBody[]) => Promise<readonly Receipt[]>;
  readonly disclosures: Pick<DisclosureStore, 'append'>;
  readonly sessions: Pick<LoggedSessions, 'receivedAt'>;
  readonly credits: Credits;
  readonly memory: EpochMemory;
  /** Of a moment in ms; null before the first. */
  readonly epochAt: (ms: number) => EpochNumber | null;
  readonly price: (payloadBytes: number) => bigint;
  readonly now: () => number;
  readonly count: (outcome: BuyerOutcome, route: LiveRoute | undefined) => void;
  readonly logger: Logger;
}

interface Purchase {
  readonly route: LiveRoute;
  readonly copy: HeardCopy;
  readonly credits: bigint;
  readonly body: EvidenceBody;
  readonly disclosure: Uint8Array;
  readonly frame: number;
}

const MAX_WAITING = 20_000;
const BATCH = 500;

export function openBuyer(context: BuyerContext): Buyer {
  const { credits, memory, now, count } = context;
  const waiting = openWaitingList<Offer>(MAX_WAITING);
  /** Where a route's record of an epoch stands. */
  const logged = new Map<LiveRoute, { readonly epoch: EpochNumber; readonly index: number }>();
  let epoch: EpochNumber | null = null;
  let tail: Promise<unknown> = Promise.resolve();
  let running = false;

  const exclusive = <Value>(work: () => Promise<Value>): Promise<Value> => {
    const next = tail.then(work);
    tail = next.catch(() => undefined);
    return next;
  };
  const noteLogged = (
    route: LiveRoute,
    { index, receivedAt }: Pick<Receipt, 'index' | 'receivedAt'>,
  ): void => {
    const of = context.epochAt(receivedAt);
    if (of !== null) logged.set(route, { epoch: of, index });
  };
  /** Every route of the offers has a record in the epoch, or is left out. */
  const logRoutes = async (routes: ReadonlySet<LiveRoute>, current: EpochNumber): Promise<void> => {
    const missing = [...routes].filter((route) => logged.get(route)?.epoch !== current);
    const receipts = await context.append(
      missing.map(({ request, signature }) => ({ kind: 'route', request, signature })),
    );
    for (const [place, route] of missing.entries()) {
      const receipt = receipts[place];
      if (receipt !== undefined) noteLogged(route, receipt);
    }
  };
  const isOfEpoch = ({ packet }: HeardCopy, current: EpochNumber): boolean => {
    const opened = context.sessions.receivedAt(packet.session);
    return opened !== null && context.epochAt(opened) === current && now() - opened < SESSION_LIFETIME_MS;
  };
  /** What is bought of a copy, or why not. */
  const decide = (
    { route, copy, frame }: Pick<Purchase, 'route' | 'copy' | 'frame'>,
    current: EpochNumber,
  ): Purchase | Exclude<BuyerOutcome, 'bought'> => {
    const price = copy.isJoin ? 0n : context.price(copy.frame.length);
    if (route.until * 1000 <= now()) return 'route_over';
    if (memory.seen(shortId(copy.packet.bytes))) return 'duplicate';
    if (memory.copies(frame) >= route.maxCopies) return 'too_many_copies';
    if (price > route.maxPacketCredits) return 'too_expensive';
    // Joins are free for whoever could pay for the data that follows.
    if (credits.available(route.owner) < (price > 0n ? price : 1n)) return 'no_credits';
    const bytes = copy.packet.bytes;
    memory.add({ frame, packet: shortId(bytes) });
    if (!isOfEpoch(copy, current)) return 'unbilled';
    const record = logged.get(route);
    if (record?.epoch !== current) return 'unbilled';
    const salt = Uint8Array.from(randomBytes(32));
    credits.use(route.owner, current, price);
    return {
      route,
      copy,
      frame,
      credits: price,
      disclosure: encodeDisclosure({ salt, packet: bytes }),
      body: {
        kind: 'packet',
        commitment: packetCommitment({ salt, packet: bytes }),
        size: copy.frame.length,
        credits: Number(price),
        hotspot: copy.hotspot,
        owner: route.owner,
        session: copy.packet.session,
        route: record.index,
      },
    };
  };
  const buy = async (offers: readonly Offer[]): Promise<void> => {
    const current = context.epochAt(now());
    if (current === null) return;
    if (current !== epoch) {
      memory.clear();
      for (const [route, record] of logged) if (record.epoch !== current) logged.delete(route);
      epoch = current;
    }
    const live = offers.flatMap((offer) => {
      const route = context.routeOf(offer.route);
      return route === undefined ? [] : [{ ...offer, route }];
    });
    try {
      await logRoutes(new Set(live.map(({ route }) => route)), current);
    } catch (error) {
      for (const { route, copies } of live)
        copies.forEach(() => {
          count('log_unavailable', route);
        });
      throw error;
    }
    const bought: Purchase[] = [];
    for (const { route, frame, copies } of live)
      for (const copy of copies) {
        const decided = decide({ route, copy, frame }, current);
        if (typeof decided !== 'string') bought.push(decided);
        else {
          count(decided, route);
          if (decided === 'unbilled') route.forwarder?.forward(copy);
        }
      }
    if (bought.length === 0) return;
    try {
      await context.disclosures.append(
        current,
        bought.map(({ route, credits: price, disclosure }) => ({
          owner: route.owner,
          credits: Number(price),
          disclosure,
        })),
      );
      await context.append(bought.map(({ body }) => body));
    } catch (error) {
      for (const { route, credits: price } of bought) {
        credits.giveBack(route.owner, current, price);
        count('log_unavailable', route);
      }
      throw error;
    }
    for (const { route, copy } of bought) {
      count('bought', route);
      route.forwarder?.forward(copy);
    }
  };
  const run = async (): Promise<void> => {
    if (running) return;
    running = true;
    while (waiting.length > 0) {
      const offers = Array.from({ length: Math.min(BATCH, waiting.length) }, () => waiting.shift());
      await exclusive(() => buy(offers.filter((offer) => offer !== undefined))).catch((error: unknown) => {
        context.logger.warn({ error }, 'packets could not be bought, and are not forwarded');
      });
    }
    running = false;
  };
  return {
    offer: (offer) => {
      if (!waiting.push(offer)) count('overload', undefined);
      void run();
    },
    exclusive,
    noteLogged,
    close: async () => {
      while (running) await tail;
      await tail;
    },
  };
}
