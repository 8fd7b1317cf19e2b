import { distanceMetres } from '../../geo/cell.ts';
import type { HotspotKey } from '../../units.ts';
import { findingOf, pairOf, type Classifier, type Shown } from './finding.ts';
import { candidates, commonOf, earsOf, LEAST_COMMON, type Common, type Ears } from './ears.ts';
import { factsOf, type Observed } from './observed.ts';
import { median, quantile } from './order-statistics.ts';

type Graph = Map<HotspotKey, Map<HotspotKey, Common>>;

/** How near to the usual difference a beaconer must be to be heard alike, tenths of a dB. */
export const ALIKE_DDB = 30;
/** Metres that the two claim to be apart. */
export const LEAST_APART_M = 1000;
/** Others who are alike with both. */
export const LEAST_COMPANIONS = 3;
/** By how many those alike outnumber the others, and of how many the others may be one: without, and with the company. */
export const OUTSIDE = { surplus: 6, exceptions: 3 };
export const INSIDE = { surplus: 4, exceptions: 4 };
/** Without the company: what the middle half of the differences may span of what the middle half of the signals spans. */
export const MOST_SPAN = { of: 5, most: 4 };
/** With the company: what it is at least of all whom each of the two hears. */
export const CLOSED = { of: 4, least: 3 };
/** What the path between the two may take more or less than the paths of the others say, tenths of a dB. */
export const DETOUR_DDB = 60;

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
  keepCompany(alike);
  return [...alike].flatMap(([a, others]) =>
    [...others].flatMap(([b, common]) =>
      a < b ? finding(of, { common, companions: companionsOf(alike, common) }) : [],
    ),
  );
};

/** Leaves the pairs that have enough company among those that are left: all of a room are alike, chance makes no rooms. */
function keepCompany(alike: Graph): void {
  for (;;) {
    const lonely = [...alike.values()].flatMap((others) =>
      [...others.values()].filter((common) => companionsOf(alike, common) < LEAST_COMPANIONS),
    );
    if (lonely.length === 0) return;
    for (const {
      pair: [a, b],
    } of lonely) {
      alike.get(a)?.delete(b);
      alike.get(b)?.delete(a);
    }
  }
}

/** How many are alike with both of a pair. */
function companionsOf(alike: Graph, { pair: [a, b] }: Common): number {
  return [...(alike.get(a)?.keys() ?? [])].filter((key) => alike.get(b)?.has(key) === true).length;
}

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

/** Whether nearly all whom both hear tell the two no more apart: strangers to one another, or else the company alone. */
function isAlike(of: {
  readonly ears: ReadonlyMap<HotspotKey, Ears>;
  readonly resembling: Graph;
  readonly common: Common;
}): boolean {
  const { ears, resembling, common } = of;
  const outside = commonOf(ears, common.pair, strangersOf(resembling, common));
  if (holds(outside, OUTSIDE) && isSharp(outside)) return true;
  return holds(common, INSIDE) && isClosed(ears, common) && isDirect(ears, common);
}

/**
 * Those whom both hear and who resemble neither of them; of those who seem to be in one room, the first. Whatever their
 * cables take, such a room is heard by one path, and tells no more than one beaconer.
 */
function strangersOf(resembling: Graph, { pair, beaconers }: Common): readonly HotspotKey[] {
  const strangers: HotspotKey[] = [];
  for (const { key } of beaconers) {
    const like = resembling.get(key);
    const isCompany = pair.some((one) => like?.has(one) === true);
    const isRoommate = strangers.some((other) => {
      const common = like?.get(other);
      return common !== undefined && holds(common, INSIDE);
    });
    if (!isCompany && !isRoommate) strangers.push(key);
  }
  return strangers;
}

function holds({ beaconers }: Pick<Common, 'beaconers'>, by: typeof OUTSIDE): boolean {
  const exceptions = beaconers.length - withinOf({ beaconers }).length;
  return (
    beaconers.length >= LEAST_COMMON &&
    beaconers.length - 2 * exceptions >= by.surplus &&
    exceptions * by.exceptions <= beaconers.length
  );
}

/** Whether the differences span less than the signals: where all is heard at the edge, everybody hears alike. */
function isSharp({ beaconers }: Pick<Common, 'beaconers'>): boolean {
  const differences = spanOf(beaconers.map(({ off }) => off));
  return [0, 1].every((side) => {
    const signals = spanOf(beaconers.flatMap(({ ears }) => ears[side]?.signal ?? []));
    return differences * MOST_SPAN.of <= signals * MOST_SPAN.most;
  });
}

/** Whether the two hear hardly anybody but those whom both hear. */
function isClosed(ears: ReadonlyMap<HotspotKey, Ears>, { pair, beaconers }: Common): boolean {
  return pair.every((key) => beaconers.length * CLOSED.of >= (ears.get(key)?.size ?? 0) * CLOSED.least);
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
