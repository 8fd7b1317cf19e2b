import { createHash } from 'node:crypto';
import { latLngToCell } from 'h3-js';
import { cellCentre, parseCell } from '#protocol/geo/cell';
import { parseKey } from '#protocol/wire/key';
import { metresBetween } from '#services/simulate/medium/place';
import { CITIES, type City } from './cities.ts';
import { Draws } from './draws.ts';
import { KINDS, type Coordinates, type Fault, type Hotspot, type Kind, type Variant } from './hotspot.ts';
import { placeAt } from './radio.ts';

/** Hotspots to a city with its country; the share of them that stands in the country. */
const CITY_SIZE = 420;
const URBAN_M = 15_000;
const COUNTRY_SHARE = 0.25;
const CITY_SPREAD_M = { EU868: 12_000, US915: 25_000 };
const COUNTRY_M = 50_000;
const CHEATERS_OF_A_KIND = 0.02;
/** Keys that stand together. */
const TEAM: Partial<Record<Kind, number>> = { silent: 2, sybil: 10, early: 4 };
const LIES: readonly Variant[] = ['constant', 'random', 'below_bound'];
const FAULTS: readonly (readonly [Fault, number])[] = [
  ['weak_transmitter', 0.005],
  ['deaf_receiver', 0.005],
  ['slow_uplink', 0.01],
  ['careless_place', 0.05],
  ['understated_gain', 0.03],
];
const REGISTERED_S = 1_700_000_000;
const INTERVAL_MS = 6 * 3_600_000;

/** A fleet of hotspots with 2 % of every kind of cheater; the same seed, the same fleet. */
export function makeFleet(of: { readonly size: number; readonly seed: number }): readonly Hotspot[] {
  const { size, seed } = of;
  const draws = new Draws(seed, 1);
  const cities = CITIES.slice(0, Math.min(CITIES.length, Math.max(4, Math.round(size / CITY_SIZE))));
  const fleet: Hotspot[] = [];
  for (const { kind, city, count } of plan(size, cities, draws)) {
    const first = fleet.length;
    const room = roomAt(antennaPlace(city, draws), { city, draws });
    const friends = Array.from({ length: count }, (_, at) => first + at);
    for (const index of friends)
      fleet.push(makeHotspot({ seed, draws, cities, city, kind, index, room, friends, first }));
  }
  return fleet.map((hotspot) => withPartner(hotspot, { fleet, draws }));
}

/** Teams first, so that each stands in one city; then the honest. */
function plan(
  size: number,
  cities: readonly City[],
  draws: Draws,
): readonly { readonly kind: Kind; readonly city: City; readonly count: number }[] {
  const teams: { readonly kind: Kind; readonly city: City; readonly count: number }[] = [];
  let left = size;
  for (const kind of KINDS.filter((each) => each !== 'honest')) {
    const team = TEAM[kind] ?? 1;
    for (let rest = Math.round(size * CHEATERS_OF_A_KIND); rest > 0; rest -= team) {
      const count = Math.min(team, rest);
      teams.push({ kind, city: draws.pick(cities), count });
      left -= count;
    }
  }
  for (; left > 0; left -= 1) teams.push({ kind: 'honest', city: draws.pick(cities), count: 1 });
  return teams;
}

function makeHotspot(of: {
  readonly seed: number;
  readonly draws: Draws;
  readonly cities: readonly City[];
  readonly city: City;
  readonly kind: Kind;
  readonly index: number;
  readonly room: Room;
  readonly friends: readonly number[];
  readonly first: number;
}): Hotspot {
  const { draws, city, kind, index, room, friends, first } = of;
  const fault = kind === 'honest' ? faultOf(draws) : 'none';
  const variant = variantOf(kind, of);
  const isSybil = kind === 'sybil';
  const { place, exponent, clutter, height } = isSybil ? room : roomAt(antennaPlace(city, draws), of);
  const asserted = assertedPlace({ ...of, place, fault });
  const cell = parseCell(BigInt(`0x${latLngToCell(asserted.latitude, asserted.longitude, 12)}`));
  const gain = draws.pick([12, 12, 26, 30, 40, 58, 80]);
  const key = parseKey(
    Uint8Array.of(1, ...createHash('sha256').update(`fleet ${of.seed} hotspot ${index}`).digest()),
  );
  return {
    index,
    kind,
    variant,
    fault,
    facts: {
      key,
      mode: 'full',
      status: 'active',
      tier: 'endorsed',
      cell,
      ...cellCentre(cell),
      gain,
      elevation: Math.round(height),
      registeredAt: REGISTERED_S,
    },
    city,
    place,
    site: isSybil ? first : index,
    exponent,
    clutter,
    height,
    gain: gain / 10 + draws.normal(1) + (fault === 'understated_gain' ? draws.between(4, 7) : 0),
    transmitOffset: draws.normal(1) - (fault === 'weak_transmitter' ? 20 : 0),
    readOffset: draws.normal(2),
    noise: draws.between(0, 12) + (fault === 'deaf_receiver' ? 25 : 0),
    attenuation: variant === 'attenuated' ? draws.between(26, 38) : 0,
    uplink: uplinkOf(fault, draws),
    phase: Math.floor(draws.between(1_000, INTERVAL_MS - 60_000)),
    friends: friends.filter((friend) => friend !== index),
  };
}

type Room = Pick<Hotspot, 'place' | 'exponent' | 'clutter' | 'height'>;

/** What the surroundings of a place do: houses in the city, less of them outside. */
function roomAt(place: Coordinates, { city, draws }: { readonly city: City; readonly draws: Draws }): Room {
  const isUrban = metresBetween(place, city) < URBAN_M;
  const exponent = isUrban ? draws.between(3, 3.5) : draws.between(2.7, 3.1);
  const height = draws.chance(0.05) ? draws.between(80, 400) : draws.between(4, 40);
  return { place, exponent, clutter: draws.between(6, 24), height };
}

/** Liars take turns, and so do rooms: cables with attenuators, or one antenna for all keys. */
function variantOf(
  kind: Kind,
  { index, first }: { readonly index: number; readonly first: number },
): Variant | null {
  if (kind === 'liar') return LIES[index % LIES.length] ?? null;
  if (kind !== 'sybil') return null;
  return (first / 10) % 2 < 1 ? 'attenuated' : 'one_antenna';
}

function antennaPlace(city: City, draws: Draws): Coordinates {
  const radians = draws.between(0, 2 * Math.PI);
  const spread = CITY_SPREAD_M[city.region === 'EU868' ? 'EU868' : 'US915'];
  const isCountry = draws.chance(COUNTRY_SHARE);
  const metres = isCountry ? spread + draws.between(0, COUNTRY_M) : Math.abs(draws.normal(spread));
  return placeAt(city, { metres, radians });
}

function assertedPlace(of: {
  readonly draws: Draws;
  readonly cities: readonly City[];
  readonly city: City;
  readonly kind: Kind;
  readonly place: Coordinates;
  readonly fault: Fault;
}): Coordinates {
  const { draws, place } = of;
  const radians = draws.between(0, 2 * Math.PI);
  if (of.kind === 'spoofer_near') return placeNear(place, of);
  if (of.kind === 'spoofer_far') return antennaPlace(draws.pick(farFrom(of.city, of.cities)), draws);
  if (of.kind === 'sybil') return placeAt(place, { metres: draws.between(800, 6_000), radians });
  if (of.fault === 'careless_place') return placeAt(place, { metres: draws.between(100, 800), radians });
  return place;
}

/** Another place of the city or its country, 10 to 90 km away. */
function placeNear(
  place: Coordinates,
  { city, draws }: { readonly city: City; readonly draws: Draws },
): Coordinates {
  for (;;) {
    const other = antennaPlace(city, draws);
    const metres = metresBetween(place, other);
    if (metres >= 10_000 && metres <= 90_000) return other;
  }
}

/** Cities of the region that are 400 km away or more. */
function farFrom(city: City, cities: readonly City[]): readonly City[] {
  return cities.filter((other) => other.region === city.region && metresBetween(other, city) >= 400_000);
}

/** Whom a forwarder gets its frames from: any hotspot at the right distance, which need not know. */
function withPartner(
  hotspot: Hotspot,
  { fleet, draws }: { readonly fleet: readonly Hotspot[]; readonly draws: Draws },
): Hotspot {
  const { kind, city } = hotspot;
  if (kind !== 'forwarder_near' && kind !== 'forwarder_far') return hotspot;
  const isFar = kind === 'forwarder_far';
  const partners = fleet.filter((other) => {
    if (other.city.region !== city.region || (other.city === city) === isFar) return false;
    const metres = metresBetween(other.place, hotspot.place);
    return isFar ? metres >= 400_000 : metres >= 10_000 && metres <= 90_000;
  });
  return { ...hotspot, friends: [draws.pick(partners).index] };
}

function faultOf(draws: Draws): Fault {
  let draw = draws.uniform();
  for (const [fault, share] of FAULTS) {
    if (draw < share) return fault;
    draw -= share;
  }
  return 'none';
}

/** Cable, mobile network or satellite; a slow one is slow for every report. */
function uplinkOf(fault: Fault, draws: Draws): Hotspot['uplink'] {
  if (fault === 'slow_uplink') return { least: draws.between(800, 2_000), jitter: 500 };
  const kind = draws.uniform();
  if (kind < 0.8) return { least: draws.between(15, 80), jitter: draws.between(10, 60) };
  if (kind < 0.95) return { least: draws.between(50, 200), jitter: draws.between(30, 150) };
  return { least: draws.between(300, 650), jitter: draws.between(50, 200) };
}
