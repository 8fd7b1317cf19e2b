import type { HotspotKey } from '../../units.ts';
import { findingOf, type Classifier, type Shown } from './finding.ts';
import { factsOf, type Reception } from './observed.ts';
import { median } from './order-statistics.ts';
import { addTo } from './grouped.ts';

/** Beacons that the hotspot says it sent, and receptions that make one number of a neighbour. */
export const LEAST_BEACONS = 8;
export const LEAST_RECEPTIONS = 3;
/** Tenths of a dB above the weakest others that the neighbour makes out: what no fading and no pair of devices takes. */
export const STRONG_DDB = 200;
/** Others that it makes out no better. */
export const LEAST_WEAKER = 3;
/** Neighbours that should hear it, and the share that may, one in six. */
export const LEAST_NEIGHBOURS = 6;
export const MOST_SHARE = 6;

/**
 * Hotspots that hear many neighbours well and are not heard by them, though a path takes the same in both directions and
 * those neighbours make out weaker signals of others: what they report as their beacons is not on air, whoever else
 * claims to hear it.
 */
export const neverReciprocates: Classifier = (of, vouches) => {
  const beacons = new Map<HotspotKey, Shown[]>();
  for (const poc of of.pocs) addTo(beacons, poc.key, poc);
  const weak = new Map([...of.heard].map(([key, heard]) => [key, weakestOf(heard)]));
  return [...beacons].flatMap(([key, sent]) => {
    if (sent.length < LEAST_BEACONS) return [];
    const { gain } = factsOf(of, key);
    const neighbours = [...(of.heard.get(key) ?? [])].filter(([neighbour, receptions]) => {
      const signals = receptions.flatMap(({ signal }) => signal ?? []);
      if (signals.length < LEAST_RECEPTIONS || !vouches(neighbour)) return false;
      // Both send what the plan allows at the antenna: the directions differ by the receivers' gains alone.
      const there = median(signals) + factsOf(of, neighbour).gain - gain;
      return there - STRONG_DDB >= (weak.get(neighbour) ?? Infinity);
    });
    const mutual = neighbours.filter(([neighbour]) => of.heard.get(neighbour)?.has(key) === true).length;
    if (neighbours.length < LEAST_NEIGHBOURS || mutual * MOST_SHARE > neighbours.length) return [];
    const numbers = { beacons: sent.length, neighbours: neighbours.length, mutual };
    const says = `${neighbours.length} neighbours are heard ${STRONG_DDB / 10} dB better than what they make out themselves; ${mutual} of them heard any of its ${sent.length} beacons`;
    const heard = neighbours.flatMap(([, receptions]) => receptions.slice(0, 3));
    const shown = [...sent.slice(0, 16), ...heard];
    return findingOf({ reason: 'never_reciprocates', accused: [key], shown, numbers, says });
  });
};

/** The signal to which a hotspot makes out enough others. */
function weakestOf(heard: ReadonlyMap<HotspotKey, readonly Reception[]>): number {
  const weakest = [...heard.values()].flatMap((receptions) => {
    const signals = receptions.flatMap(({ signal }) => signal ?? []);
    return signals.length === 0 ? [] : Math.min(...signals);
  });
  return new Float64Array(weakest).sort()[LEAST_WEAKER - 1] ?? Infinity;
}
