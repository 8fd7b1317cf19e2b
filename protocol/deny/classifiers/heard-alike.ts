import { distanceMetres } from '../../geo/cell.ts';
import type { HotspotKey } from '../../units.ts';
import { findingOf, pairOf, type Classifier, type Shown } from './finding.ts';
import { factsOf, type Observed, type Reception } from './observed.ts';
import { median, quantile } from './order-statistics.ts';

/** Receptions of a beaconer that make one number of it. */
export const LEAST_RECEPTIONS = 3;
/** How near to the usual difference a beaconer must be to be heard alike, tenths of a dB. */
export const ALIKE_DDB = 30;
/** Beaconers that both hear. */
export const LEAST_COMMON = 8;
/** What the middle half of the differences may span, for every three parts that the middle half of the signals spans. */
export const MOST_SPAN = { of: 3, most: 2 };
/** Metres that the two claim to be apart. */
export const LEAST_APART_M = 1000;
/** Others who are alike with both. */
export const LEAST_COMPANIONS = 3;
/** By how many those alike outnumber the others, and of how many the others may be one: without, and with the company. */
export const OUTSIDE = { surplus: 8, exceptions: 4 };
export const INSIDE = { surplus: 6, exceptions: 8 };
/** What the path between the two may take more or less than the paths of the others say, tenths of a dB. */
export const DETOUR_DDB = 60;

/** A beaconer as somebody hears it. */
interface Ear {
  /** Median of the signals without the listener's antenna gain, tenths of a dBm. */
  readonly signal: number;
  readonly first: Reception;
}
type Ears = ReadonlyMap<HotspotKey, Ear>;
type Graph = Map<HotspotKey, Map<HotspotKey, Common>>;

/** A beaconer that two hotspots hear. */
interface Common {
  readonly pair: readonly [HotspotKey, HotspotKey];
  readonly beaconers: readonly {
    readonly key: HotspotKey;
    readonly ears: readonly [Ear, Ear];
    /** Tenths of a dB from the usual difference of the two. */
    readonly off: number;
  }[];
}

/**
 * Pairs of hotspots that hear everybody alike, though they claim to be apart: walls and hills differ from place to place
 * by 6 dB and more for each beaconer, antennas of one room differ by the same amount for all of them. Five or more that
 * are alike in pairs are no chance. Only what listeners signed themselves counts, and not what they say of one another,
 * unless they hear hardly anybody else and the paths between them fit: then all of them are behind attenuators.
 */
export const heardAlike: Classifier = (of) => {
  const ears = new Map([...of.heard].map(([key, heard]) => [key, earsOf(of, key, heard)]));
  const resembling: Graph = new Map();
  for (const pair of candidates(ears)) {
    const [a, b] = pair;
    if (distanceMetres(factsOf(of, a), factsOf(of, b)) < LEAST_APART_M) continue;
    const common = commonOf(ears, pair);
    if (2 * withinOf(common).length >= common.beaconers.length) connect(resembling, common);
  }
  const alike: Graph = new Map();
  for (const [a, others] of resembling)
    for (const [b, common] of others)
      if (a < b && isAlike({ ears, resembling, common })) connect(alike, common);
  return [...alike].flatMap(([a, others]) =>
    [...others].flatMap(([b, common]) => {
      const companions = [...others.keys()].filter((key) => alike.get(b)?.has(key) === true).length;
      return a < b && companions >= LEAST_COMPANIONS ? finding(of, { common, companions }) : [];
    }),
  );
};

function finding(
  of: Observed,
  { common, companions }: { readonly common: Common; readonly companions: number },
) {
  const [a, b] = common.pair;
  const within = withinOf(common);
  const apart = Math.round(distanceMetres(factsOf(of, a), factsOf(of, b)));
  const numbers = { common: common.beaconers.length, within: within.length, companions, apart_m: apart };
  const says = `${within.length} of ${common.beaconers.length} beaconers are heard by both with one difference, to ${ALIKE_DDB / 10} dB, and ${companions} more hotspots hear like both; they claim to be ${apart} m apart`;
  const shown = within.slice(0, LEAST_COMMON).flatMap(({ ears }): Shown[] => ears.map(({ first }) => first));
  return findingOf({ reason: 'rssi_without_distance', accused: pairOf(a, b), shown, numbers, says });
}

/** Whether nearly all whom both hear tell the two no more apart, leaving aside those who resemble them. */
function isAlike(of: {
  readonly ears: ReadonlyMap<HotspotKey, Ears>;
  readonly resembling: Graph;
  readonly common: Common;
}): boolean {
  const { ears, resembling, common } = of;
  const [a, b] = common.pair;
  const outsiders = common.beaconers.filter(
    ({ key }) => resembling.get(a)?.has(key) !== true && resembling.get(b)?.has(key) !== true,
  );
  const outside = commonOf(
    ears,
    common.pair,
    outsiders.map(({ key }) => key),
  );
  return (
    holds(outside, OUTSIDE) || (holds(common, INSIDE) && isClosed(ears, common) && isDirect(ears, common))
  );
}

function holds({ beaconers }: Pick<Common, 'beaconers'>, by: typeof OUTSIDE): boolean {
  const exceptions = beaconers.length - withinOf({ beaconers }).length;
  if (beaconers.length < LEAST_COMMON || beaconers.length - 2 * exceptions < by.surplus) return false;
  if (exceptions * by.exceptions > beaconers.length) return false;
  const differences = spanOf(beaconers.map(({ off }) => off));
  return [0, 1].every((side) => {
    const signals = spanOf(beaconers.flatMap(({ ears }) => ears[side]?.signal ?? []));
    return differences * MOST_SPAN.of <= signals * MOST_SPAN.most;
  });
}

/** Whether whom both hear is at least half of whom each hears. */
function isClosed(ears: ReadonlyMap<HotspotKey, Ears>, { pair, beaconers }: Common): boolean {
  return pair.every((key) => 2 * beaconers.length >= (ears.get(key)?.size ?? 0));
}

function spanOf(values: readonly number[]): number {
  return quantile(values, 3, 4) - quantile(values, 1, 4);
}

/**
 * Whether the two hear each other as their company says: in a room, a path takes what both cables take, so that
 * (a, b) and (c, d) together are (a, c) and (b, d). Two who only hear the same room from outside have a path of their own.
 */
function isDirect(ears: ReadonlyMap<HotspotKey, Ears>, { pair: [a, b], beaconers }: Common): boolean {
  const own = ears.get(a)?.get(b) ?? ears.get(b)?.get(a);
  if (own === undefined) return false;
  const detours = beaconers.flatMap((c) =>
    beaconers.flatMap((d) => {
      const theirs = c === d ? undefined : ears.get(c.key)?.get(d.key);
      return theirs === undefined ? [] : own.signal + theirs.signal - c.ears[0].signal - d.ears[1].signal;
    }),
  );
  return detours.length > 0 && Math.abs(median(detours)) <= DETOUR_DDB;
}

function earsOf(of: Observed, key: HotspotKey, heard: ReadonlyMap<HotspotKey, readonly Reception[]>): Ears {
  const { gain } = factsOf(of, key);
  const ears = new Map<HotspotKey, Ear>();
  for (const [beaconer, receptions] of heard) {
    const signals = receptions.flatMap(({ signal }) => signal ?? []);
    const first = receptions.find(({ signal }) => signal !== null);
    if (first !== undefined && signals.length >= LEAST_RECEPTIONS)
      ears.set(beaconer, { signal: median(signals) - gain, first });
  }
  return ears;
}

/** Pairs that hear enough of the same beaconers, each once, the smaller key first. */
function* candidates(ears: ReadonlyMap<HotspotKey, Ears>): Generator<readonly [HotspotKey, HotspotKey]> {
  const heardBy = new Map<HotspotKey, HotspotKey[]>();
  for (const [key, of] of ears)
    for (const beaconer of of.keys()) {
      const before = heardBy.get(beaconer);
      if (before === undefined) heardBy.set(beaconer, [key]);
      else before.push(key);
    }
  for (const [a, of] of ears) {
    const common = new Map<HotspotKey, number>();
    for (const beaconer of of.keys())
      for (const b of heardBy.get(beaconer) ?? []) if (a < b) common.set(b, (common.get(b) ?? 0) + 1);
    for (const [b, count] of common) if (count >= LEAST_COMMON) yield [a, b];
  }
}

/** Whom both hear, or those named of them. */
function commonOf(
  ears: ReadonlyMap<HotspotKey, Ears>,
  pair: readonly [HotspotKey, HotspotKey],
  keys: Iterable<HotspotKey> = ears.get(pair[0])?.keys() ?? [],
): Common {
  const [a, b] = [ears.get(pair[0]), ears.get(pair[1])];
  const both = [...keys].flatMap((key) => {
    const [first, second] = [a?.get(key), b?.get(key)];
    return first === undefined || second === undefined ? [] : { key, ears: [first, second] as const };
  });
  const usual = median(both.map(({ ears: [first, second] }) => first.signal - second.signal));
  const beaconers = both.map((each) => ({ ...each, off: each.ears[0].signal - each.ears[1].signal - usual }));
  return { pair, beaconers };
}

function withinOf({ beaconers }: Pick<Common, 'beaconers'>): Common['beaconers'] {
  return beaconers.filter(({ off }) => Math.abs(off) <= ALIKE_DDB);
}

function connect(graph: Graph, common: Common): void {
  const [a, b] = common.pair;
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    const before = graph.get(from);
    if (before === undefined) graph.set(from, new Map([[to, common]]));
    else before.set(to, common);
  }
}
