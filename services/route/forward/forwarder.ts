import type { Logger } from '../../runtime/logger.ts';
import type { Closeable } from '../../runtime/shutdown.ts';
import type { Downlink, DownlinkOutcome } from '#services/route/downlinks/downlink';
import type { RouteName, Uplink } from '#services/route/uplinks/uplink';
import type { TargetRules } from './target.ts';

/** Takes one route's packets to where its owner wants them. */
export interface Forwarder extends Closeable {
  /** Never waits and never throws: what cannot go on is kept for a while, the oldest dropped and counted. */
  forward(uplink: Uplink): void;
}

/** What came of what forwarders did, as it is counted. */
export type ForwardEvent =
  | 'sent'
  /** A waiting packet gave way to a newer one. */
  | 'dropped'
  /** A try failed; there may be others. */
  | 'failed'
  /** Given up for good. */
  | 'dead'
  /** The server said something that cannot be read. */
  | 'malformed'
  /** The target must not be spoken to. */
  | 'refused';

/** What every kind of forwarder is given. */
export interface ForwardContext {
  readonly of: RouteName;
  readonly rules: TargetRules;
  readonly now: () => number;
  readonly logger: Logger;
  readonly count: (event: ForwardEvent) => void;
  /** Counts, and hands it to the hotspot. */
  readonly sendDownlink: (downlink: Downlink) => DownlinkOutcome;
}
