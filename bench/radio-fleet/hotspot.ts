import type { HotspotFacts } from '#protocol/verify/poc';
import type { City } from './cities.ts';

/** How a hotspot of a simulated fleet behaves; each kind of cheater cheats in one way. */
export const KINDS = [
  'honest',
  'spoofer_near',
  'spoofer_far',
  'liar',
  'silent',
  'sybil',
  'forwarder_near',
  'forwarder_far',
  'early',
] as const;
export type Kind = (typeof KINDS)[number];

/** What each kind of cheater does. */
export const CHEATS: Readonly<Record<Exclude<Kind, 'honest'>, string>> = {
  spoofer_near: 'asserts a place 10 to 90 km from its antenna',
  spoofer_far: 'asserts a place around another city, 400 km from its own or more',
  liar: 'makes up the RSSI of what it hears: always the same, any, or just below the bound',
  silent: 'only receives; reports beacons that it never sends, which a second one claims to hear',
  sybil: 'one of ten in a room that claim places kilometres apart, attenuated or behind one antenna',
  forwarder_near: 'signs as well what a friend 10 to 90 km away hears',
  forwarder_far: 'signs as well what a friend hears who is 400 km away or more',
  early: 'one of four that hand each other their payloads before they are sent',
};

/** How liars make up RSSI, and what rooms of sybils do. */
export type Variant = 'constant' | 'random' | 'below_bound' | 'attenuated' | 'one_antenna';

/** An honest hotspot's trouble, none of which is a cheat. */
export type Fault =
  'none' | 'weak_transmitter' | 'deaf_receiver' | 'slow_uplink' | 'careless_place' | 'understated_gain';

export interface Coordinates {
  readonly latitude: number;
  readonly longitude: number;
}

export interface Hotspot {
  readonly index: number;
  readonly kind: Kind;
  readonly variant: Variant | null;
  readonly fault: Fault;
  /** What the chain says. */
  readonly facts: HotspotFacts;
  readonly city: City;
  /** Where the antenna is. */
  readonly place: Coordinates;
  /** Antennas of one room have one number: what lies between it and others is the same for all of them. */
  readonly site: number;
  /** Path loss exponent around it. */
  readonly exponent: number;
  /** dB that its surroundings take, both ways. */
  readonly clutter: number;
  /** Metres of the antenna above what surrounds it. */
  readonly height: number;
  /** dBi, true. */
  readonly gain: number;
  /** dB: what it sends above its setting, reads above the truth, and needs above the chip's sensitivity. */
  readonly transmitOffset: number;
  readonly readOffset: number;
  readonly noise: number;
  /** dB in its antenna cable; 0 but for attenuated sybils. */
  readonly attenuation: number;
  /** Milliseconds to the log: least, and mean of what comes on top. */
  readonly uplink: { readonly least: number; readonly jitter: number };
  /** Milliseconds into the interval at which it beacons. */
  readonly phase: number;
  /** Cheaters that it works with, by index. */
  readonly friends: readonly number[];
}
