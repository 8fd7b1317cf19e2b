import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arcTangent, cosine, sine } from '#protocol/geo/trigonometry';
import {
  arcTangent as exactArcTangent,
  asNumber,
  fixed,
  radians,
  sineAndCosine,
} from '../../support/fixed-point.ts';

const TURN = 360_000_000_000;
const off = (value: number, exact: bigint): number => Math.abs(asNumber(fixed(value) - exact));

describe('trigonometry without a libm, against arithmetic with 60 decimals', () => {
  test('has sines and cosines within 2e-16', () => {
    const eighths = [...Array(33).keys()].map((eighth) => (eighth - 16) * (TURN / 16));
    const near = fc
      .tuple(fc.constantFrom(...eighths), fc.integer({ min: -3, max: 3 }))
      .map(([a, b]) => a + b);
    const angle = fc.oneof(fc.integer({ min: -TURN, max: TURN }), near);
    let worst = 0;
    for (const nanodegrees of fc.sample(angle, { seed: 8, numRuns: 20_000 })) {
      const exact = sineAndCosine(nanodegrees);
      worst = Math.max(worst, off(sine(nanodegrees), exact.sin), off(cosine(nanodegrees), exact.cos));
    }
    expect(worst).toBeLessThan(2e-16);
  });

  test('has arc tangents within 5e-16, and within 6e-16 of themselves', () => {
    const side = fc.oneof(
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.integer({ min: 0, max: 16 }).map((n) => n / 16),
    );
    let [worst, share] = [0, 0];
    for (const [y, x, back] of fc.sample(fc.tuple(side, side, fc.boolean()), { seed: 9, numRuns: 20_000 })) {
      // Bits below 2^-100 are not exact in the slow arithmetic.
      if (Math.max(x, y) < 1e-6 || (y > 0 && y < 1e-6) || (x > 0 && x < 1e-6)) continue;
      const angle = arcTangent(y, back ? -x : x);
      const exact = exactArcTangent(fixed(y), fixed(back ? -x : x));
      worst = Math.max(worst, off(angle, exact));
      if (angle > 0) share = Math.max(share, off(angle, exact) / angle);
    }
    expect(worst).toBeLessThan(5e-16);
    expect(share).toBeLessThan(6e-16);
  });

  test('finds angles again', () => {
    for (const nanodegrees of fc.sample(fc.integer({ min: 0, max: TURN / 2 }), { seed: 9, numRuns: 5000 }))
      expect(off(arcTangent(sine(nanodegrees), cosine(nanodegrees)), radians(nanodegrees))).toBeLessThan(
        1e-15,
      );
  });

  test('has exact values at the axes', () => {
    expect([sine(0), cosine(0), sine(TURN / 4), sine(-TURN / 4), cosine(TURN / 2)]).toEqual([
      0, 1, 1, -1, -1,
    ]);
    expect([arcTangent(0, 1), arcTangent(0, 0), arcTangent(0, -1)]).toEqual([0, 0, Math.PI]);
    expect([arcTangent(1, 0), arcTangent(1, 1)]).toEqual([Math.PI / 2, Math.PI / 4]);
  });
});
