import { placeAt } from '#services/simulate/medium/place';
import type { Cheat } from '../cheat.ts';

/** Metres from the antenna. */
const AWAY_M = 250_000;

export function locationSpoofer(): Cheat {
  return {
    does: 'asserts a place 250 km from where its antenna is',
    asserts: (place) => placeAt(place, AWAY_M, 300),
  };
}
