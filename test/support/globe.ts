import fc from 'fast-check';

export type Point = readonly [latitude: number, longitude: number];

/** Numbers from -reach to reach, all alike often; doubles of fast-check crowd around zero. */
export function evenly(reach: number): fc.Arbitrary<number> {
  return fc
    .noBias(fc.integer({ min: -1_000_000_000, max: 1_000_000_000 }))
    .map((step) => (step / 1e9) * reach);
}

/** Points in degrees, all over the globe alike often. */
export const globe: fc.Arbitrary<Point> = fc
  .tuple(evenly(1), evenly(180))
  .map(([height, longitude]) => [(Math.asin(height) * 180) / Math.PI, longitude]);
