import type { Address, HotspotKey, Millis } from '#protocol/units';

/** Whose route a packet takes. */
export interface RouteName {
  readonly owner: Address;
  readonly route: string;
}

/** A frame as one hotspot heard it; what forwarders get. */
export interface Uplink {
  readonly hotspot: HotspotKey;
  /** The PHYPayload. */
  readonly frame: Uint8Array;
  /** Microseconds of the concentrator's counter, u32. */
  readonly tmst: number;
  /** dBm. */
  readonly rssi: number;
  /** dB. */
  readonly snr: number;
  /** Hz. */
  readonly frequency: number;
  /** As the wire names it, such as SF7BW125. */
  readonly dataRate: string;
  readonly region: string;
  readonly receivedAt: Millis;
}

/** An uplink with what its hotspot signed. */
export interface HeardCopy extends Uplink {
  readonly packet: {
    /** As received, signature and all. */
    readonly bytes: Uint8Array;
    /** Index of the session_init in the router's log. */
    readonly session: number;
  };
  /** A join request or rejoin costs nothing. */
  readonly isJoin: boolean;
}
