import type { Windows } from '../policy.ts';
import type { HotspotKey, Millis } from '../units.ts';
import type { Clocks, EntropyFact, PocState, RecentPoc } from './poc.ts';

const NEVER: Clocks = { lastBeacon: null, lastBeaconRecip: null, lastWitness: null };

/** The state of a network in which nothing was judged yet. */
export function emptyPocState(): PocState {
  return { clocks: new Map(), entropies: new Map(), recent: new Map() };
}

/** A copy that can be moved on its own. */
export function clonePocState(state: PocState): PocState {
  const recent = [...state.recent].map(([payload, poc]): [string, RecentPoc] => [
    payload,
    { ...poc, seen: new Set(poc.seen) },
  ]);
  return {
    clocks: new Map(state.clocks),
    entropies: new Map(state.entropies),
    recent: new Map(recent),
  };
}

/** The hotspot's clocks; all null if it was never judged. */
export function clocksOf(state: PocState, key: HotspotKey): Clocks {
  return state.clocks.get(key) ?? NEVER;
}

/** Moves one clock by max(). */
export function moveClock(state: PocState, move: { key: HotspotKey; clock: keyof Clocks; to: Millis }): void {
  const { key, clock, to } = move;
  const clocks = clocksOf(state, key);
  const before = clocks[clock];
  if (before !== null && before >= to) return;
  // Field by field: a spread with a computed name takes as long as everything else that is done with clocks.
  state.clocks.set(key, {
    lastBeacon: clock === 'lastBeacon' ? to : clocks.lastBeacon,
    lastBeaconRecip: clock === 'lastBeaconRecip' ? to : clocks.lastBeaconRecip,
    lastWitness: clock === 'lastWitness' ? to : clocks.lastWitness,
  });
}

/** Keeps an entropy of the evidence; of several with the same data the first received one stands. */
export function rememberEntropy(entropies: Map<string, EntropyFact>, fact: EntropyFact): void {
  const before = entropies.get(fact.data);
  if (before === undefined || before.receivedAt > fact.receivedAt) entropies.set(fact.data, fact);
}

/**
 * The entropy that a beacon received at `at` may name; undefined if there is none, or it is too old to be kept, or was
 * received after the beacon's group was closed: whoever judges as the log grows has not seen it.
 */
export function findEntropy(
  entropies: ReadonlyMap<string, EntropyFact>,
  beacon: { readonly data: string; readonly at: Millis; readonly windows: Windows },
): EntropyFact | undefined {
  const fact = entropies.get(beacon.data);
  if (fact === undefined) return undefined;
  const age = beacon.at - fact.receivedAt;
  const { entropy_memory_ms, attach_after_ms } = beacon.windows;
  return age <= entropy_memory_ms && -age <= attach_after_ms ? fact : undefined;
}

/** Drops entropies that no beacon whose group is still open at `time` can name: whoever judges as the log grows. */
export function forgetEntropies(
  entropies: Map<string, EntropyFact>,
  { time, windows }: { readonly time: Millis; readonly windows: Windows },
): void {
  for (const [data, { receivedAt }] of entropies)
    if (time - receivedAt > windows.entropy_memory_ms + windows.attach_after_ms) entropies.delete(data);
}

/**
 * Drops what no report received after `time` can need, and entropies received after it. At an epoch's end this makes
 * the state a function of the evidence alone. Beacons stay for two spans: a copy of one within the first span must still
 * be known as a copy by whoever starts to read a span before the next epoch.
 */
export function forgetBefore(
  state: PocState,
  { time, windows }: { readonly time: Millis; readonly windows: Windows },
): void {
  for (const [data, { receivedAt }] of state.entropies)
    if (receivedAt > time || time - receivedAt > windows.entropy_memory_ms) state.entropies.delete(data);
  for (const [payload, { receivedAt }] of state.recent)
    if (time - receivedAt > 2 * windows.identity_ms) state.recent.delete(payload);
}
