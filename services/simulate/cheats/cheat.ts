import type { Entropy } from '#protocol/crypto/payload';
import type { HotspotKey } from '#protocol/units';
import type { Sign } from '#services/simulate/hotspot/identity';
import type { Draft, Told } from '#services/simulate/hotspot/reports';
import type { Frame } from '#services/simulate/medium/medium';
import type { Coordinates } from '#services/simulate/medium/place';
import type { Random } from '#services/simulate/medium/random';
import type { Reception } from '#services/simulate/medium/radio';

/** A beacon as it was heard. */
export interface HeardBeacon {
  readonly told: Told;
  readonly reception: Reception;
  readonly frame: Frame;
}

/** A beacon that the hotspot made, before it is sent and told. */
export interface OwnBeacon {
  readonly frame: Frame;
  readonly draft: Draft;
}

/** What a hotspot has to cheat with: its socket, its radio and its clock. */
export interface Means {
  readonly key: HotspotKey;
  readonly random: Random;
  readonly intervalMs: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly entropy: () => Promise<Entropy>;
  /** Sends a report, after some milliseconds, signed as its version does or by another key. */
  readonly submit: (draft: Draft, how?: { readonly after?: number; readonly sign?: Sign }) => void;
  /** Sends on air, after some milliseconds. */
  readonly transmit: (frame: Frame, after?: number) => void;
  /** Reports of its own key, as of now. */
  readonly beacon: (of: {
    readonly told: Told & Pick<Frame, 'txPower'>;
    readonly local: Uint8Array;
    readonly remote: Uint8Array;
  }) => Draft;
  readonly witness: (heard: Pick<HeardBeacon, 'told' | 'reception'>) => Draft;
}

/** One way to cheat. What a cheat does not say, its hotspot does as an honest one. */
export interface Cheat {
  /** What it does, for people. */
  readonly does: string;
  /** Whether those that cheat together are in one room, or each beside an honest peer; elsewhere where it is not said. */
  readonly stands?: 'together' | 'beside';
  /** What its owner asserts, where that is not where the antenna is; `member` counts those that cheat together. */
  readonly asserts?: (place: Coordinates, member: number) => Coordinates;
  /** dB in its antenna cable. */
  readonly attenuation?: number;
  /** false: it has no beacons of its own. */
  readonly beacons?: false;
  /** Instead of sending a beacon and telling of it. */
  readonly beacon?: (own: OwnBeacon, means: Means) => void;
  /** Instead of telling once of a beacon that it hears. */
  readonly hear?: (heard: HeardBeacon, means: Means) => void;
  /** What it makes of a beacon that a friend hears. */
  readonly overhear?: (heard: HeardBeacon, means: Means) => void;
}

export const HONEST: Cheat = { does: 'sends what it tells of, and tells of what it hears' };
