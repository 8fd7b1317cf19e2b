import { distanceMetres } from '../../geo/cell.ts';
import type { HotspotKey } from '../../units.ts';
import { findingOf, type Classifier, type Shown } from './finding.ts';
import { factsOf, type Observed, type Reception } from './observed.ts';
import { addTo } from './grouped.ts';

/** Metres below which the asserted neighbours stand, and above which the far ones do. */
export const NEAR_M = 5_000;
export const FAR_M = 15_000;
/** Neighbours that others hear beyond the near, and the share that may be in contact, one in six. */
export const LEAST_NEIGHBOURS = 10;
export const LEAST_WITNESSES = 3;
export const MOST_SHARE = 6;
/** Far hotspots that are heard, and receptions that show it. */
export const LEAST_FAR = 8;
export const LEAST_RECEPTIONS = 3;

/**
 * Hotspots that hear the far and not the near: none or nearly none of the many who stand around the asserted place, and are
 * heard elsewhere, ever hears them or is heard by them, but hotspots three times as far away are. A signal falls with
 * distance; a wall may hide one neighbour, it does not hide all of them and leave what is far.
 */
export const farNotNear: Classifier = (of, vouches) => {
  const metres = (a: HotspotKey, b: HotspotKey): number => distanceMetres(factsOf(of, a), factsOf(of, b));
  const loud = loudOnes(of, { vouches, metres });
  const grid = gridOf(of, loud.keys());
  return [...of.heard].flatMap(([key, heard]) => {
    const far = [...heard].filter(
      ([beaconer, receptions]) =>
        receptions.length >= LEAST_RECEPTIONS && vouches(beaconer) && metres(key, beaconer) >= FAR_M,
    );
    if (far.length < LEAST_FAR) return [];
    const near = grid(key).filter((other) => other !== key && metres(key, other) <= NEAR_M);
    const contacts = near.filter(
      (other) => heard.has(other) || of.heard.get(other)?.has(key) === true,
    ).length;
    if (near.length < LEAST_NEIGHBOURS || contacts * MOST_SHARE > near.length) return [];
    const numbers = { near: near.length, contacts, far: far.length, near_m: NEAR_M, far_m: FAR_M };
    const says = `${contacts} of ${near.length} active neighbours within ${NEAR_M / 1000} km ever hear it or are heard, and ${far.length} hotspots beyond ${FAR_M / 1000} km are heard`;
    const shown = [
      ...far.slice(0, 24).flatMap(([, receptions]) => receptions.slice(0, 1)),
      ...near.slice(0, 24).flatMap((other): Shown[] => loud.get(other)?.slice(0, 1) ?? []),
    ];
    return findingOf({ reason: 'rssi_without_distance', accused: [key], shown, numbers, says });
  });
};

/** Hotspots that others hear beyond the near, with receptions that show it. */
function loudOnes(
  of: Observed,
  by: {
    readonly vouches: (key: HotspotKey) => boolean;
    readonly metres: (a: HotspotKey, b: HotspotKey) => number;
  },
): ReadonlyMap<HotspotKey, readonly Reception[]> {
  const heardFar = new Map<HotspotKey, Reception[]>();
  for (const [witness, heard] of of.heard)
    for (const [beaconer, [first]] of heard) {
      if (first === undefined || !by.vouches(witness) || !by.vouches(beaconer)) continue;
      if (by.metres(witness, beaconer) <= NEAR_M) continue;
      addTo(heardFar, beaconer, first);
    }
  return new Map([...heardFar].filter(([, receptions]) => receptions.length >= LEAST_WITNESSES));
}

/** Squares of a tenth of a degree of latitude and a fifth of longitude: what is near is in the nine around a place. */
function gridOf(of: Observed, keys: Iterable<HotspotKey>): (around: HotspotKey) => readonly HotspotKey[] {
  const squareOf = (key: HotspotKey): readonly [number, number] => {
    const { latitude, longitude } = factsOf(of, key);
    return [Math.floor(latitude / 100_000_000), Math.floor(longitude / 200_000_000)];
  };
  const squares = new Map<string, HotspotKey[]>();
  for (const key of keys) addTo(squares, squareOf(key).join(), key);
  return (around) => {
    const [row, column] = squareOf(around);
    return [-1, 0, 1].flatMap((up) =>
      [-1, 0, 1].flatMap((right) => squares.get([row + up, column + right].join()) ?? []),
    );
  };
}
