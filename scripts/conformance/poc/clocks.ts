import type { HotspotKey, Millis } from '#protocol/units';
import type { Clocks, PocState } from '#protocol/verify/poc';
import { clocksOf, emptyPocState } from '#protocol/verify/state';
import { NO_FIELDS, object, type Fields } from '../input/fields.ts';
import { textOf } from '../input/key-forms.ts';
import type { Json } from '../op.ts';
import { malformed } from '../refusal.ts';
import { keyName, time } from '../input/values.ts';

/** The three maps of a line's state, by what the rules call them. */
const CLOCKS = [
  ['last_beacon', 'lastBeacon'],
  ['last_beacon_recip', 'lastBeaconRecip'],
  ['last_witness', 'lastWitness'],
] as const satisfies readonly (readonly [string, keyof Clocks])[];

/** The state that the maps describe; an absent map, and null for a key, mean never. */
export function stateOf(given: Fields): PocState {
  const state = emptyPocState();
  for (const [name, clock] of CLOCKS) {
    const seen = new Set<HotspotKey>();
    given.optional(name, object, NO_FIELDS).entries((label, value, path) => {
      const hotspot = keyName(label, path);
      if (seen.has(hotspot)) throw malformed(path, 'each key once', label);
      seen.add(hotspot);
      if (value !== null)
        state.clocks.set(hotspot, { ...clocksOf(state, hotspot), [clock]: time(value, path) });
    });
  }
  return state;
}

/** The maps of a state, for every clock that ever moved. */
export function stateOut({ clocks }: PocState): Readonly<Record<string, Json>> {
  return Object.fromEntries(
    CLOCKS.map(([name, clock]) => [
      name,
      Object.fromEntries(
        [...clocks].flatMap(([hotspot, { [clock]: at }]): [string, Millis][] =>
          at === null ? [] : [[textOf(hotspot), at]],
        ),
      ),
    ]),
  );
}
