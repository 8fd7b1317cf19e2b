import { placeAt } from '#services/simulate/medium/place';
import type { Cheat } from '../cheat.ts';

const ATTENUATION_DB = 30;
const APART_M = 1_500;

/** Two keys of one room whose attenuators make the path look like 3 km. */
export function attenuatedPair(): Cheat {
  return {
    does: 'one of two beside each other that assert places 3 km apart, behind attenuators',
    stands: 'together',
    asserts: (place, member) => placeAt(place, APART_M, 180 * member),
    attenuation: ATTENUATION_DB,
  };
}
