import type { Policy } from '../policy.ts';
import { millis, type HotspotKey, type Millis } from '../units.ts';
import type { PocState } from '../verify/poc.ts';
import { bucketOf } from '../verify/rules/state.ts';
import { clocksOf } from '../verify/state.ts';

/** One of a hotspot's clocks as an epoch left it; `until` is the first moment at which it no longer counts. */
export interface ClockReading {
  readonly at: Millis;
  /** At the epoch's end. */
  readonly age: number;
  readonly until: Millis;
}

/** The three clocks (poc.md 3, "State"); null: it never moved. */
export interface HotspotClocks {
  /** `until`: the beginning of the next interval, from which another beacon counts. */
  readonly lastBeacon: ClockReading | null;
  /** The last beacon that met the rules and was heard: while it counts, the hotspot's witness reports do. */
  readonly lastHeard: ClockReading | null;
  /** Until when the last heard beacon makes the hotspot count in the density. */
  readonly activeUntil: Millis | null;
  /** The last valid witness report: while it counts, the hotspot's beacons do. */
  readonly lastWitness: ClockReading | null;
}

/** Reads a hotspot's clocks at an epoch's end (seconds). */
export function hotspotClocks(input: {
  readonly key: HotspotKey;
  readonly state: PocState;
  readonly policy: Policy;
  readonly end: number;
}): HotspotClocks {
  const { key, state, policy, end } = input;
  const { lastBeacon, lastBeaconRecip, lastWitness } = clocksOf(state, key);
  const reading = (at: Millis | null, until: (at: Millis) => number): ClockReading | null =>
    at === null ? null : { at, age: end * 1000 - at, until: millis(until(at)) };
  const reciprocal = (at: Millis): number => at + policy.windows.reciprocity_ms;
  return {
    lastBeacon: reading(lastBeacon, (at) => (bucketOf(at, policy) + 1) * policy.beacon_interval_s * 1000),
    lastHeard: reading(lastBeaconRecip, reciprocal),
    activeUntil: lastBeaconRecip === null ? null : millis(lastBeaconRecip + policy.windows.active_ms),
    lastWitness: reading(lastWitness, reciprocal),
  };
}
