import type { Forwarder } from '#services/route/forward/forwarder';
import type { RouteEntries } from '#services/route/match/matcher';
import type { RouteName } from '#services/route/uplinks/uplink';
import type { StoredRoute } from './route-files.ts';

/** A route in force: what its owner signed, and where its packets go. Replaced as a whole. */
export interface LiveRoute extends RouteName {
  /** Of this process; another one after each change. */
  readonly number: number;
  readonly stored: StoredRoute;
  readonly request: Uint8Array;
  readonly signature: Uint8Array;
  readonly sequence: number;
  /** Seconds since the Unix epoch. */
  readonly until: number;
  readonly maxCopies: number;
  readonly maxPacketCredits: bigint;
  readonly entries: RouteEntries;
  /** null: revoked, or its target must not be spoken to. */
  readonly forwarder: Forwarder | null;
}
