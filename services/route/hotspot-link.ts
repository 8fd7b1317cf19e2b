import type { HotspotKey, Millis } from '#protocol/units';
import type { PacketUp } from '#protocol/wire/packet';
import type { Window } from './downlinks/downlink.ts';

/** What routing needs of the streams of hotspots (gateway.md, "packet router"); hotspots/ keeps them. */
export interface HotspotLink {
  /** Sends a downlink on the hotspot's stream; false where it has none. Never waits. */
  send(hotspot: HotspotKey, down: PacketDown): boolean;
  /** Offers a new session on every stream: what is of the epoch before cannot count any more. */
  reoffer(): void;
}

/** A packet_router_packet_down_v1. */
export interface PacketDown {
  readonly payload: Uint8Array;
  readonly rx1: Window;
  readonly rx2: Window | null;
}

/** A packet of the hotspot whose session it came in, signed by the session's key. */
export interface ReceivedPacket {
  readonly packet: PacketUp;
  /** Index of the session_init in the router's log. */
  readonly session: number;
  readonly receivedAt: Millis;
}

/** What the streams need of routing. */
export interface HotspotLinkHandlers {
  /** Never waits and never throws. */
  readonly onPacket: (packet: ReceivedPacket) => void;
  /** Resolves with the index of the session_init in the log when it is on disk; a LogError otherwise. */
  readonly appendSession: (nonce: Uint8Array, init: Uint8Array) => Promise<number>;
}
