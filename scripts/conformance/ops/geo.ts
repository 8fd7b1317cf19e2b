import { cellCentre, cellsApart, distanceMetres } from '#protocol/geo/cell';
import { freeSpaceLoss } from '#protocol/geo/free-space';
import { regionOf } from '#protocol/geo/regions';
import type { Op } from '../op.ts';
import { malformed } from '../refusal.ts';
import { cellOf, int32, size, u64 } from '../input/values.ts';

/** Places of decibels for people. */
const PLACES = 9;

/** The region that a cell of any resolution lies in. */
export const region: Op = (input) => ({ region: regionOf(input.get('cell', cellOf(0))) });

/** Rounded great-circle metres between the centres of cells of any resolution. */
export const distance: Op = (input) => {
  const [a, b] = [input.get('a', cellOf(0)), input.get('b', cellOf(0))];
  return { metres: Math.round(distanceMetres(cellCentre(a), cellCentre(b))) };
};

/** Grid distance at resolution 11 of cells at least as fine. */
export const apart: Op = (input) => ({
  cells: cellsApart(input.get('a', cellOf(11)), input.get('b', cellOf(11))),
});

/** Free-space loss and the bound on what a witness hears (poc.md 4, check 14): for people, the check itself is exact. */
export const bound: Op = (input) => {
  const power = input.get('tx_power', int32);
  const gains = [input.get('beacon_gain', int32), input.get('witness_gain', int32)];
  const metres = input.get('distance', size(1, Number.MAX_SAFE_INTEGER));
  const frequency = input.get('frequency', u64);
  if (frequency === 0n) throw malformed('in.frequency', 'a frequency above 0', 0);
  const fspl = freeSpaceLoss(metres, frequency);
  const total = gains.reduce((sum, gain) => sum + Math.trunc(gain / 10), power);
  return { fspl: fspl.toFixed(PLACES), bound: (total - fspl).toFixed(PLACES) };
};
