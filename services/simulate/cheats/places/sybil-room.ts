import { placeAt } from '#services/simulate/medium/place';
import type { Cheat } from '../cheat.ts';

/** dB in each cable: two of them take what some kilometres would. */
const ATTENUATION_DB = 30;
const CIRCLE_M = 1_500;

/** Many keys with antennas in one room, each behind an attenuator. */
export function sybilRoom(): Cheat {
  return {
    does: 'one of many in a room that assert places kilometres apart, each behind an attenuator',
    stands: 'together',
    asserts: (place, member) => placeAt(place, CIRCLE_M, 45 * member),
    attenuation: ATTENUATION_DB,
  };
}
