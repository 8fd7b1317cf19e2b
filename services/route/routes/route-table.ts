import type { Address } from '#protocol/units';
import type { Logger } from '../../runtime/logger.ts';
import type { Closeable } from '../../runtime/shutdown.ts';
import type { Forwarder } from '#services/route/forward/forwarder';
import { TargetError } from '#services/route/forward/target';
import { openMatcher, type Matcher } from '#services/route/match/matcher';
import type { RouteName } from '#services/route/uplinks/uplink';
import type { LiveRoute } from './live-route.ts';
import type { ForwardTarget } from './private-part.ts';
import type { StoredRoute } from './route-files.ts';

/** All routes in force, and which of them take a frame. */
export interface RouteTable extends Closeable {
  readonly matcher: Pick<Matcher, 'byDevAddr' | 'byJoin' | 'size'>;
  /** Routes to MQTT brokers, of which each holds a connection. */
  readonly brokers: number;
  byNumber(number: number): LiveRoute | undefined;
  /** Revoked ones too: their sequence still counts. */
  ofOwner(owner: Address): readonly LiveRoute[];
  find(name: RouteName): LiveRoute | undefined;
  /** Puts a route in the place of the one that it replaces. */
  put(stored: StoredRoute): LiveRoute;
}

export function openRouteTable(options: {
  readonly openForwarder: (of: RouteName, target: ForwardTarget) => Forwarder;
  readonly logger: Logger;
}): RouteTable {
  const matcher = openMatcher();
  const numbers = new Map<number, LiveRoute>();
  const owners = new Map<Address, Map<string, LiveRoute>>();
  let next = 1;
  let brokers = 0;

  const forwarderOf = (of: RouteName, target: ForwardTarget): Forwarder | null => {
    try {
      return options.openForwarder(of, target);
    } catch (error) {
      if (!(error instanceof TargetError)) throw error;
      // It was allowed when it was registered, and the configuration is another one now.
      options.logger.warn({ error, ...of }, 'a route leads where it may not');
      return null;
    }
  };
  const takeAway = (route: LiveRoute): void => {
    matcher.remove(route.number, route.entries);
    numbers.delete(route.number);
    if (isOfBroker(route)) brokers -= 1;
    Promise.resolve(route.forwarder?.close()).catch((error: unknown) => {
      options.logger.debug({ error }, 'closing a forwarder');
    });
  };
  return {
    matcher,
    get brokers() {
      return brokers;
    },
    byNumber: (number) => numbers.get(number),
    ofOwner: (owner) => [...(owners.get(owner)?.values() ?? [])],
    find: ({ owner, route }) => owners.get(owner)?.get(route),
    put: (stored) => {
      const { request } = stored;
      const of = { owner: request.owner, route: request.route };
      const routes = owners.get(of.owner) ?? new Map<string, LiveRoute>();
      const before = routes.get(of.route);
      if (before !== undefined) takeAway(before);
      const target = stored.private?.forward;
      const live: LiveRoute = {
        ...of,
        number: next++,
        stored,
        request: stored.bytes,
        signature: stored.signature,
        sequence: request.sequence,
        until: request.until,
        maxCopies: request.maxCopies,
        maxPacketCredits: BigInt(request.maxPacketCredits),
        entries: { devAddrs: request.devAddrs, euis: stored.private?.euis ?? [] },
        forwarder: target === undefined ? null : forwarderOf(of, target),
      };
      matcher.add(live.number, live.entries);
      numbers.set(live.number, live);
      if (isOfBroker(live)) brokers += 1;
      owners.set(of.owner, routes.set(of.route, live));
      return live;
    },
    close: async () => {
      await Promise.allSettled([...numbers.values()].map(async (route) => route.forwarder?.close()));
    },
  };
}

function isOfBroker({ stored }: LiveRoute): boolean {
  return stored.private?.forward.kind === 'mqtt';
}
