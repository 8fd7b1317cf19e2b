import type { Place } from './cell.ts';
import { arcTangent, cosine, sine } from './trigonometry.ts';

/** Mean radius of the Earth in metres (poc.md 4). */
const RADIUS_M = 6_371_007.180918475;

/** Great-circle metres between two places, unrounded; the same bits on every engine. */
export function distanceMetres(a: Place, b: Place): number {
  const [sinA, cosA] = [sine(a.latitude), cosine(a.latitude)];
  const [sinB, cosB] = [sine(b.latitude), cosine(b.latitude)];
  const apart = b.longitude - a.longitude;
  const [sinApart, cosApart] = [sine(apart), cosine(apart)];
  const east = cosB * sinApart;
  const north = cosA * sinB - sinA * cosB * cosApart;
  const across = Math.sqrt(east * east + north * north);
  return RADIUS_M * arcTangent(across, sinA * sinB + cosA * cosB * cosApart);
}
