import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { distanceMetres } from '#protocol/geo/cell';
import {
  arcTangent as fastArcTangent,
  cosine as fastCosine,
  sine as fastSine,
} from '#protocol/geo/trigonometry';
import { arcTangent, cosine, multiply, ONE, radians, sine, squareRoot } from '../../support/fixed-point.ts';

const RADIUS_NM = 6_371_007_180_918_475n;
const latitudes = fc.integer({ min: -90_000_000_000, max: 90_000_000_000 });
const longitudes = fc.integer({ min: -180_000_000_000, max: 180_000_000_000 });
const places = fc.record({ latitude: latitudes, longitude: longitudes });
type Place = { readonly latitude: number; readonly longitude: number };

const asNumber = (value: bigint): number => Number(value / 10n ** 40n) / 1e20;

/** Haversine in 60 decimals, in metres: another formula than the one under test. */
function exactMetres(a: Place, b: Place): number {
  const half = (from: number, to: number): bigint => sine(radians(to - from) / 2n);
  const across = half(a.latitude, b.latitude);
  const along = half(a.longitude, b.longitude);
  const cosines = multiply(cosine(radians(a.latitude)), cosine(radians(b.latitude)));
  const h = multiply(across, across) + multiply(cosines, multiply(along, along));
  const bounded = h > ONE ? ONE : h < 0n ? 0n : h;
  const angle = 2n * arcTangent(squareRoot(bounded), squareRoot(ONE - bounded));
  return asNumber((angle * RADIUS_NM) / 10n ** 9n);
}

describe('great-circle metres', () => {
  test('are within a micrometre of a computation with 60 decimals, anywhere', () => {
    fc.assert(
      fc.property(places, places, (a, b) => {
        expect(Math.abs(distanceMetres(a, b) - exactMetres(a, b))).toBeLessThan(1e-6);
      }),
      { seed: 5, numRuns: 300 },
    );
  });

  test('are as good within the reach of radio', () => {
    const offset = fc.integer({ min: -900_000_000, max: 900_000_000 });
    const near = fc.record({
      latitude: fc.integer({ min: -85_000_000_000, max: 85_000_000_000 }),
      longitude: longitudes,
    });
    fc.assert(
      fc.property(near, offset, offset, (a, north, east) => {
        const b = { latitude: a.latitude + north, longitude: a.longitude + east };
        expect(Math.abs(distanceMetres(a, b) - exactMetres(a, b))).toBeLessThan(1e-7);
      }),
      { seed: 6, numRuns: 300 },
    );
  });

  test.each<[string, Place, Place, number]>([
    ['the same place', { latitude: 52e9, longitude: 13e9 }, { latitude: 52e9, longitude: 13e9 }, 0],
    [
      'a degree of the equator',
      { latitude: 0, longitude: 0 },
      { latitude: 0, longitude: 1e9 },
      111_195.051_97,
    ],
    ['antipodes', { latitude: 0, longitude: 0 }, { latitude: 0, longitude: 180e9 }, 20_015_109.355_54],
    [
      'across the date line',
      { latitude: 0, longitude: 179_500_000_000 },
      { latitude: 0, longitude: -179_500_000_000 },
      111_195.051_97,
    ],
    [
      'pole to pole',
      { latitude: 90e9, longitude: 0 },
      { latitude: -90e9, longitude: 45e9 },
      20_015_109.355_54,
    ],
  ])('between %s', (_, a, b, metres) => {
    expect(distanceMetres(a, b)).toBeCloseTo(metres, 4);
    expect(exactMetres(a, b)).toBeCloseTo(metres, 4);
  });

  test('do not depend on direction', () => {
    fc.assert(
      fc.property(places, places, (a, b) => {
        expect(Math.abs(distanceMetres(a, b) - distanceMetres(b, a))).toBeLessThan(1e-6);
      }),
      { seed: 7 },
    );
  });
});

describe('trigonometry without a libm', () => {
  test('has errors below 1e-15', () => {
    const angle = fc.integer({ min: -360_000_000_000, max: 360_000_000_000 });
    fc.assert(
      fc.property(angle, (nanodegrees) => {
        const x = radians(nanodegrees);
        expect(Math.abs(fastSine(nanodegrees) - asNumber(sine(x)))).toBeLessThan(1e-15);
        expect(Math.abs(fastCosine(nanodegrees) - asNumber(cosine(x)))).toBeLessThan(1e-15);
      }),
      { seed: 8, numRuns: 500 },
    );
  });

  test('finds angles again', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 180_000_000_000 }), (nanodegrees) => {
        const found = fastArcTangent(fastSine(nanodegrees), fastCosine(nanodegrees));
        expect(Math.abs(found - asNumber(radians(nanodegrees)))).toBeLessThan(2e-15);
      }),
      { seed: 9, numRuns: 500 },
    );
  });

  test('gives the same bits as when this was written, on every engine', () => {
    const far = distanceMetres(
      { latitude: 52_500_000_001, longitude: 13_400_000_003 },
      { latitude: 51_123_456_789, longitude: 12_987_654_321 },
    );
    expect(far).toBe(155_666.834_831_840_15);
  });
});
