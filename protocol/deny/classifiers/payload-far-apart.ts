import { distanceMetres } from '../../geo/cell.ts';
import type { HotspotKey } from '../../units.ts';
import { beaconAirtime } from './airtime.ts';
import { findingOf, type Classifier, type Finding, type Shown } from './finding.ts';
import { factsOf, type Observed, type Reception, type SeenPoc } from './observed.ts';

/** Metres that one transmission does not reach: only two antennas 1,300 m above all between them would see each other. */
export const FAR_M = 300_000;
/** Payloads of which the hotspot stands apart, hotspots that it stands apart from, and its share of all, one in four. */
export const LEAST_APART = 8;
export const LEAST_OTHERS = 3;
export const LEAST_SHARE = 4;

/** Who stands apart in three quarters of the largest share, or more, is named at once; the others after a new count. */
export const NAMED_AT_ONCE = { of: 4, least: 3 };

interface Tally {
  readonly apart: Shown[];
  readonly others: Set<HotspotKey>;
  payloads: number;
  together: number;
}

/** A PoC with somebody who is too far from its beaconer. */
interface FarPoc {
  readonly poc: SeenPoc;
  readonly near: readonly Reception[];
  readonly far: readonly Reception[];
  readonly airtime: number;
}

/**
 * Hotspots that again and again have a payload which the others who have it cannot share with them: whoever stands apart
 * from a larger party. Who does so most is named first and counts for no party any more, so that those who only met it are
 * not named for it. A report that is so late that somebody may have sent the frame again near its hotspot does not count.
 */
export const payloadFarApart: Classifier = (of, vouches) => {
  const { pocs, together } = farPocs(of);
  const named = new Map<HotspotKey, Finding>();
  for (;;) {
    const counts = (key: HotspotKey): boolean => vouches(key) && !named.has(key);
    const suspects = [...tallied(of, { pocs, together, counts })].filter(
      ([key, tally]) => !named.has(key) && isShown(tally),
    );
    const largest = Math.max(...suspects.map(([, tally]) => shareOf(tally)));
    if (suspects.length === 0) return [...named.values()];
    for (const [key, tally] of suspects)
      if (shareOf(tally) * NAMED_AT_ONCE.of >= largest * NAMED_AT_ONCE.least)
        named.set(key, finding(key, tally));
  }
};

function isShown({ payloads, others, together }: Tally): boolean {
  return (
    payloads >= LEAST_APART && others.size >= LEAST_OTHERS && payloads * LEAST_SHARE >= payloads + together
  );
}

/** In millionths, rounded down: whole numbers order alike everywhere. */
function shareOf({ payloads, together }: Tally): number {
  return Math.floor((1_000_000 * payloads) / (payloads + together));
}

function finding(key: HotspotKey, { apart, others, payloads, together }: Tally): Finding {
  const numbers = { payloads, together, others: others.size, far_m: FAR_M };
  const says = `${payloads} payloads of or with ${others.size} other hotspots that stand more than ${FAR_M / 1000} km away, and ${together} of others`;
  return findingOf({ reason: 'payload_far_apart', accused: [key], shown: apart, numbers, says });
}

/** PoCs with far witnesses, and how many payloads each hotspot shared with a beaconer that is not far. */
function farPocs(of: Observed): {
  readonly pocs: readonly FarPoc[];
  readonly together: ReadonlyMap<HotspotKey, number>;
} {
  const reach = of.policy.pair.max_distance_km * 1000;
  const pocs: FarPoc[] = [];
  const together = new Map<HotspotKey, number>();
  for (const poc of of.pocs) {
    const beaconer = factsOf(of, poc.key);
    const near: Reception[] = [];
    const far: Reception[] = [];
    for (const witness of poc.witnesses) {
      // A signal is said of witnesses in reach alone.
      const metres = witness.signal === null ? distanceMetres(beaconer, factsOf(of, witness.key)) : 0;
      if (metres > FAR_M) far.push(witness);
      else together.set(witness.key, (together.get(witness.key) ?? 0) + 1);
      if (metres <= reach) near.push(witness);
    }
    if (near.length > 0) together.set(poc.key, (together.get(poc.key) ?? 0) + 1);
    if (far.length > 0) pocs.push({ poc, near, far, airtime: beaconAirtime(beaconer) ?? 0 });
  }
  return { pocs, together };
}

function tallied(
  of: Observed,
  by: {
    readonly pocs: readonly FarPoc[];
    readonly together: ReadonlyMap<HotspotKey, number>;
    readonly counts: (key: HotspotKey) => boolean;
  },
): ReadonlyMap<HotspotKey, Tally> {
  const tallies = new Map<HotspotKey, Tally>();
  const tallyOf = (key: HotspotKey): Tally => {
    const tally = tallies.get(key) ?? {
      apart: [],
      others: new Set(),
      payloads: 0,
      together: by.together.get(key) ?? 0,
    };
    tallies.set(key, tally);
    return tally;
  };
  const reach = of.policy.pair.max_distance_km * 1000;
  for (const { poc, near, far, airtime } of by.pocs) {
    const [first, ...agreeing] = near.filter(({ key }) => by.counts(key));
    const farOff = far.filter(({ key }) => by.counts(key));
    for (const witness of far) {
      const beside = farOff.filter(
        ({ key }) => distanceMetres(factsOf(of, key), factsOf(of, witness.key)) <= reach,
      );
      const party = by.counts(poc.key) && first !== undefined ? 2 + agreeing.length : 0;
      if (party <= beside.length || first === undefined || !isEarly(witness, first, airtime)) continue;
      const tally = tallyOf(witness.key);
      tally.payloads += 1;
      tally.others.add(poc.key);
      tally.apart.push(witness, poc, first);
    }
    if (near.length > 0) continue;
    const [leader] = farOff;
    const party = farOff.filter(
      (witness) =>
        leader !== undefined &&
        distanceMetres(factsOf(of, leader.key), factsOf(of, witness.key)) <= reach &&
        isEarly(witness, poc, Math.floor((3 * airtime) / 2)),
    );
    if (party.length < 2 || 2 * party.length <= farOff.length) continue;
    const tally = tallyOf(poc.key);
    tally.payloads += 1;
    for (const { key } of party) tally.others.add(key);
    tally.apart.push(poc, ...party.slice(0, 2));
  }
  return tallies;
}

/** Whether a report came sooner than so many milliseconds after another one in the same log. */
function isEarly({ position }: Shown, than: Shown, span: number): boolean {
  return position.origin === than.position.origin && position.receivedAt < than.position.receivedAt + span;
}
