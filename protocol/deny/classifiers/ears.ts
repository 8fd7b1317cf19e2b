import type { HotspotKey } from '../../units.ts';
import { factsOf, type Observed, type Reception } from './observed.ts';
import { median } from './order-statistics.ts';
import { addTo } from './grouped.ts';

/** Receptions of a beaconer that make one number of it. */
export const LEAST_RECEPTIONS = 3;
/** Beaconers that both hear. */
export const LEAST_COMMON = 8;

/** A beaconer as somebody hears it. */
export interface Ear {
  /** Median of the signals without the listener's antenna gain, tenths of a dBm. */
  readonly signal: number;
  readonly first: Reception;
}
/** Beaconers as one hotspot hears them. */
export type Ears = ReadonlyMap<HotspotKey, Ear>;

/** Whom two hotspots hear. */
export interface Common {
  readonly pair: readonly [HotspotKey, HotspotKey];
  readonly beaconers: readonly {
    readonly key: HotspotKey;
    readonly ears: readonly [Ear, Ear];
    /** Tenths of a dB from the usual difference of the two. */
    readonly off: number;
  }[];
}

/** Whom a hotspot hears often enough. */
export function earsOf(
  of: Observed,
  key: HotspotKey,
  heard: ReadonlyMap<HotspotKey, readonly Reception[]>,
): Ears {
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

/** Pairs that hear LEAST_COMMON of the same beaconers or more, each once, the smaller key first. */
export function* candidates(
  ears: ReadonlyMap<HotspotKey, Ears>,
): Generator<readonly [HotspotKey, HotspotKey]> {
  const heardBy = new Map<HotspotKey, HotspotKey[]>();
  for (const [key, of] of ears) for (const beaconer of of.keys()) addTo(heardBy, beaconer, key);
  for (const [a, of] of ears) {
    const common = new Map<HotspotKey, number>();
    for (const beaconer of of.keys())
      for (const b of heardBy.get(beaconer) ?? []) if (a < b) common.set(b, (common.get(b) ?? 0) + 1);
    for (const [b, count] of common) if (count >= LEAST_COMMON) yield [a, b];
  }
}

/** Whom both hear, or those named of them. */
export function commonOf(
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
