import type { Cell } from '../../units.ts';
import type { Place } from '../distance.ts';
import { arcTangent } from '../trigonometry.ts';
import { cellResolution } from './bits.ts';
import { facePoint } from './face-point.ts';
import { direction } from './icosahedron.ts';

const NANODEGREES_PER_RADIAN = 180_000_000_000 / 3.141592653589793;

/**
 * The centre of a cell of any resolution in nanodegrees, rounded half away from zero: the same integers on every engine.
 * Before rounding they are within 0.0001 of the exact ones.
 */
export function cellCentre(cell: Cell): Place {
  const exact = direction(facePoint(cell, cellResolution(cell)));
  const [x, y, z] = [Number(exact.x), Number(exact.y), Number(exact.z)];
  const latitude = arcTangent(Math.abs(z), Math.sqrt(x * x + y * y));
  const longitude = arcTangent(Math.abs(y), x);
  return { latitude: nanodegrees(latitude, z), longitude: nanodegrees(longitude, y) };
}

function nanodegrees(radians: number, sign: number): number {
  const rounded = Math.round(radians * NANODEGREES_PER_RADIAN);
  return sign < 0 ? 0 - rounded : rounded;
}
