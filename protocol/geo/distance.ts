import { arcTangent, cosine, sine } from './trigonometry.ts';

/** A place in nanodegrees, integers. */
export interface Place {
  readonly latitude: number;
  readonly longitude: number;
}

/** A place's direction from the centre of the Earth, of length 1. */
export interface UnitVector {
  readonly x: number;
  readonly y: number;
  readonly z: number;
}

/** Mean radius of the Earth in metres (poc.md 4). */
const RADIUS_M = 6_371_007.180918475;

/**
 * Great-circle metres between two places, unrounded: the same bits on every engine and in both directions, within
 * 1e-8 m of the exact value. Rounded metres are the exact ones unless these lie that close to a half.
 */
export function distanceMetres(from: Place, to: Place): number {
  return metresBetween(unitVector(from), unitVector(to));
}

/** `distanceMetres` of two places by their directions, for one that is in many pairs. */
export function metresBetween(a: UnitVector, b: UnitVector): number {
  // Length of the cross product against the dot product: good at every angle, 0 for equal places.
  const x = a.y * b.z - a.z * b.y;
  const y = a.z * b.x - a.x * b.z;
  const z = a.x * b.y - a.y * b.x;
  return RADIUS_M * arcTangent(Math.sqrt(x * x + y * y + z * z), a.x * b.x + a.y * b.y + a.z * b.z);
}

/** A place's direction. */
export function unitVector({ latitude, longitude }: Place): UnitVector {
  const level = cosine(latitude);
  return { x: level * cosine(longitude), y: level * sine(longitude), z: sine(latitude) };
}
