import { deriveBeacon, type DerivedBeacon, type Entropy } from '#protocol/crypto/payload';
import { addTo } from '#protocol/deny/classifiers/grouped';
import { freeSpaceTenths } from '#protocol/geo/free-space';
import { regionPlan, type Region } from '#protocol/geo/regions';
import { assertedRegion } from '#protocol/verify/rules/participant';
import { metresBetween } from '#services/simulate/medium/place';
import { airtimeMs } from '#services/simulate/medium/radio';
import type { City } from './cities.ts';
import { Draws } from './draws.ts';
import type { Hotspot } from './hotspot.ts';
import { floorOf, pathLoss, receive } from './radio.ts';

/** Bytes on air: a LoRaWAN proprietary frame is its payload after one byte of header. */
const FRAME_BYTES = 52;
/** Milliseconds that a concentrator and its host take. */
const HANDLING_MS = { least: 5, most: 30 };
/** A report now and then waits for a lost packet or does not arrive. */
const SPIKE = { chance: 0.01, ms: 2_000 };
const LOST = 0.01;

/** Who beacons, and how many milliseconds into each interval. */
export type Beaconer = Pick<Hotspot, 'facts' | 'phase'>;

/** A witness report as it will be logged. */
export interface Heard {
  readonly by: Pick<Hotspot, 'facts'>;
  /** Milliseconds after the frame's start. */
  readonly after: number;
  /** RSSI in tenths of a dBm. */
  readonly signal: number;
}

/** A beacon, when its report arrives after the start of its frame, and every report of it. */
export interface Transmission {
  readonly beaconer: Beaconer;
  readonly local: Uint8Array;
  readonly derived: DerivedBeacon;
  readonly beaconAfter: number;
  readonly heard: readonly Heard[];
}

/** What a hotspot can be heard by, with the loss in between. */
interface Link {
  readonly to: Hotspot;
  readonly loss: number;
}

/** A fleet with the paths of its frames, by hotspot's index. */
export interface Air {
  readonly fleet: readonly Hotspot[];
  /** Over which a frame may be heard at all. */
  readonly links: readonly (readonly Link[])[];
  /** Who else gets what a hotspot hears. */
  readonly forwarders: ReadonlyMap<number, readonly Hotspot[]>;
}

/** The same fleet and seed, the same air. */
export function openAir(fleet: readonly Hotspot[], seed: number): Air {
  const inCity = new Map<City, Hotspot[]>();
  const forwarders = new Map<number, Hotspot[]>();
  for (const hotspot of fleet) {
    addTo(inCity, hotspot.city, hotspot);
    const [friend] = hotspot.friends;
    if (friend !== undefined && hotspot.kind.startsWith('forwarder')) addTo(forwarders, friend, hotspot);
  }
  const links = fleet.map((from) => {
    const { power, datarate, hertz } = settingOf(from);
    return (inCity.get(from.city) ?? []).flatMap((to): Link[] => {
      if (to === from) return [];
      const loss = pathLoss({ seed, from, to, hertz });
      const arrives = power + from.gain + from.transmitOffset - loss + to.gain;
      // Fading hardly ever adds more.
      return arrives < floorOf(to, datarate) - 8 ? [] : [{ to, loss }];
    });
  });
  return { fleet, links, forwarders };
}

/** Lets a hotspot beacon once: its frame, who hears it, and what cheaters make of it. */
export function transmit(of: {
  readonly air: Air;
  readonly beaconer: Hotspot;
  readonly remote: Entropy;
  readonly draws: Draws;
}): Transmission {
  const { air, beaconer, remote, draws } = of;
  const local = Uint8Array.from({ length: 4 }, () => Math.floor(draws.between(0, 256)));
  const derived = deriveBeacon({
    remote,
    local: { data: local, timestamp: 0, version: 0 },
    region: regionOf(beaconer),
    gain: beaconer.facts.gain,
  });
  const airtime = airtimeMs(derived.datarate, FRAME_BYTES);
  const heard: Heard[] = [];
  const report = (by: Hotspot, rssi: number, later = 0): void => {
    const after = airtime + later + draws.between(HANDLING_MS.least, HANDLING_MS.most) + uplinkMs(by, draws);
    if (!draws.chance(LOST)) heard.push({ by, after, signal: 10 * rssi });
  };
  const claimed = (by: Hotspot): number => claimedRssi({ beaconer, by, derived, draws });
  const { txPower: power, datarate } = derived;
  const friends = new Set(beaconer.friends);
  const received = new Map<Hotspot, number>();
  for (const { to, loss } of beaconer.kind === 'silent' ? [] : (air.links[beaconer.index] ?? [])) {
    const rssi = receive({ loss, from: beaconer, to, power, datarate, draws });
    if (rssi !== null) received.set(to, rssi);
  }
  for (const [by, rssi] of received) {
    const isFriend = friends.has(by.index);
    if (by.kind === 'liar') report(by, madeUpRssi({ by, beaconer, derived, draws }));
    else if (by.variant === 'one_antenna' && isFriend) report(by, claimed(by));
    else if (!(by.kind === 'early' && isFriend)) report(by, rssi);
    for (const other of air.forwarders.get(by.index) ?? []) {
      if (other === beaconer || received.has(other)) continue;
      report(other, other.kind === 'forwarder_far' ? rssi : claimed(other), draws.between(30, 150));
    }
  }
  for (const by of beaconer.friends.flatMap((index) => air.fleet[index] ?? [])) {
    if (by.kind === 'silent') report(by, claimed(by));
    if (by.kind === 'early') report(by, claimed(by), -airtime);
  }
  const beaconAfter = draws.between(0, 50) + uplinkMs(beaconer, draws);
  return { beaconer, local, derived, beaconAfter, heard };
}

/** What a hotspot sends with, on the plan's first channel. */
function settingOf(hotspot: Hotspot) {
  const { region, maxEirp, frequencies } = regionPlan(regionOf(hotspot));
  const nothing = { data: new Uint8Array(32), timestamp: 0, version: 0 };
  const { datarate } = deriveBeacon({ remote: nothing, local: nothing, region, gain: hotspot.facts.gain });
  return { power: Math.trunc((maxEirp - hotspot.facts.gain) / 10), datarate, hertz: frequencies[0] ?? 0 };
}

function regionOf({ index, facts }: Hotspot): Region {
  const region = assertedRegion(facts);
  if (region === null) throw new RangeError(`hotspot ${index} lies in no region`);
  return region;
}

function uplinkMs({ uplink }: Hotspot, draws: Draws): number {
  return (
    uplink.least +
    draws.exponential(uplink.jitter) +
    (draws.chance(SPIKE.chance) ? draws.exponential(SPIKE.ms) : 0)
  );
}

/** RSSI that somebody who knows the rules claims for the asserted places, the same path again and again. */
function claimedRssi(of: {
  readonly beaconer: Hotspot;
  readonly by: Hotspot;
  readonly derived: DerivedBeacon;
  readonly draws: Draws;
}): number {
  const path = new Draws(Math.min(of.beaconer.index, of.by.index), Math.max(of.beaconer.index, of.by.index));
  return Math.floor(boundOf(of) - path.between(6, 25) - Math.abs(of.draws.normal(2)));
}

function madeUpRssi(of: {
  readonly by: Hotspot;
  readonly beaconer: Hotspot;
  readonly derived: DerivedBeacon;
  readonly draws: Draws;
}): number {
  const { by, draws } = of;
  if (by.variant === 'constant') return Math.round(draws.between(-111, -109));
  if (by.variant === 'random') return Math.round(draws.between(-125, -85));
  return Math.floor(boundOf(of) - draws.between(0, 3));
}

/** What free space lets through between the asserted places, dBm, as everybody can compute it. */
function boundOf(of: {
  readonly by: Hotspot;
  readonly beaconer: Hotspot;
  readonly derived: DerivedBeacon;
}): number {
  const [from, to] = [of.beaconer.facts, of.by.facts];
  const metres = metresBetween(degrees(from), degrees(to));
  const loss = (freeSpaceTenths(Math.round(metres), of.derived.frequency) ?? 0) / 10;
  return of.derived.txPower + Math.trunc(from.gain / 10) + Math.trunc(to.gain / 10) - loss;
}

function degrees({ latitude, longitude }: { readonly latitude: number; readonly longitude: number }) {
  return { latitude: latitude / 1e9, longitude: longitude / 1e9 };
}
