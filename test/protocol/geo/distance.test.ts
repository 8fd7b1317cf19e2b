import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { distanceMetres, type Place } from '#protocol/geo/cell';
import {
  arcTangent,
  asNumber,
  fixed,
  multiply,
  ONE,
  sineAndCosine,
  squareRoot,
} from '../../support/fixed-point.ts';

/** What distance.ts promises, in metres. */
const BOUND = 1e-8;
/** Check 12 passes up to round(metres) = 100,999. */
const FARTHEST = 100_999.5;

const RADIUS = (6_371_007_180_918_475n * ONE) / 1_000_000_000n;
const POLE = 90_000_000_000;
const latitudes = fc.integer({ min: -POLE, max: POLE });
const longitudes = fc.integer({ min: -2 * POLE, max: 2 * POLE });
const places = fc.record({ latitude: latitudes, longitude: longitudes });
type Pair = readonly [Place, Place];

/** Metres with 60 decimals, by another formula than the one under test. */
function exactMetres([a, b]: Pair): bigint {
  const [here, there] = [sineAndCosine(a.latitude), sineAndCosine(b.latitude)];
  const apart = sineAndCosine(b.longitude - a.longitude);
  const east = multiply(there.cos, apart.sin);
  const north = multiply(here.cos, there.sin) - multiply(multiply(here.sin, there.cos), apart.cos);
  const along = multiply(here.sin, there.sin) + multiply(multiply(here.cos, there.cos), apart.cos);
  return multiply(RADIUS, arcTangent(squareRoot(multiply(east, east) + multiply(north, north)), along));
}

/** Pairs that break the promise, the worst error and the least distance from a rounding tie. */
function examine(pairs: Iterable<Pair>) {
  const broken: unknown[] = [];
  let [worst, closest] = [0, 1];
  for (const pair of pairs) {
    const exact = exactMetres(pair);
    const metres = distanceMetres(...pair);
    const error = asNumber(fixed(metres) - exact);
    const rounded = Number((exact + ONE / 2n) / ONE);
    const toTie = Math.abs(asNumber(exact % ONE) - 0.5);
    worst = Math.max(worst, Math.abs(error));
    closest = Math.min(closest, toTie);
    if (!(Math.abs(error) < BOUND)) broken.push({ pair, metres, error });
    if (Math.round(metres) !== rounded && toTie > BOUND) broken.push({ pair, metres, rounded, toTie });
    if (metres !== distanceMetres(pair[1], pair[0]))
      broken.push({ pair, metres, turned: 'another distance' });
  }
  return { broken: broken.slice(0, 3), worst, closest };
}

/** A place some nanodegrees further north and east, on the globe. */
function moved(from: Place, north: number, east: number): Place {
  const latitude = Math.max(-POLE, Math.min(POLE, from.latitude + north));
  return { latitude, longitude: ((from.longitude + east + 6 * POLE) % (4 * POLE)) - 2 * POLE };
}

const step = (reach: number) => fc.integer({ min: -reach, max: reach });
const within = (reach: number) =>
  fc.tuple(places, step(reach), step(reach)).map(([a, north, east]): Pair => [a, moved(a, north, east)]);
const opposite = fc
  .tuple(places, step(1_000_000), step(1_000_000))
  .map(([a, north, east]): Pair => [a, moved({ ...a, latitude: -a.latitude }, north, 2 * POLE + east)]);
const polar = fc
  .tuple(fc.constantFrom(-POLE, POLE), longitudes, longitudes, step(2_000_000_000), step(2_000_000_000))
  .map(([latitude, here, there, off, further]): Pair => [
    moved({ latitude, longitude: here }, off, 0),
    moved({ latitude, longitude: there }, further, 0),
  ]);

describe('great-circle metres against arithmetic with 60 decimals', () => {
  test.each<[string, number, fc.Arbitrary<Pair>]>([
    ['anywhere', 40_000, fc.tuple(places, places)],
    ['within the reach of radio', 40_000, within(1_000_000_000)],
    ['within a metre', 10_000, within(9)],
    ['near the antipodes', 5_000, opposite],
    ['around the poles', 5_000, polar],
  ])('are within the bound and round alike: %s', (_, numRuns, pairs) => {
    const { broken, worst } = examine(fc.sample(pairs, { seed: 5, numRuns }));
    expect(broken).toEqual([]);
    console.log(`${_}: seed 5, worst error ${worst.toExponential(1)} m`);
  });

  test('round alike as close to a tie as whole nanodegrees come', () => {
    // From each place, the nanodegree of latitude at which the distance crosses the tie.
    const starts = fc.sample(
      fc.record({
        from: fc.record({ latitude: step(80_000_000_000), longitude: longitudes }),
        aside: step(700_000_000),
        metres: fc.oneof(
          fc.constant(FARTHEST),
          fc.integer({ min: 400, max: 100_999 }).map((m) => m + 0.5),
        ),
      }),
      { seed: 6, numRuns: 60_000 },
    );
    const candidates = starts
      .map(({ from, aside, metres }) => closestPair(from, Math.min(aside, metres * 4_000), metres))
      .sort((a, b) => a.toTie - b.toTie)
      .slice(0, 4000);
    const { broken, worst, closest } = examine(candidates.map(({ pair }) => pair));
    expect(broken).toEqual([]);
    expect(closest).toBeLessThan(1e-7);
    console.log(
      `ties: seed 6, worst error ${worst.toExponential(1)} m, as close as ${closest.toExponential(1)} m to a tie`,
    );
  });
});

/** Of the places `aside` nanodegrees further east, the one whose distance is closest to `metres`, going north. */
function closestPair(from: Place, aside: number, metres: number): { pair: Pair; toTie: number } {
  const at = (north: number): Place => moved(from, north, aside);
  let [low, high] = [0, 1_000_000_000];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (distanceMetres(from, at(middle)) < metres) low = middle;
    else high = middle;
  }
  const [under, over] = [low, high].map((north) => {
    const to = at(north);
    return { pair: [from, to] as const, toTie: Math.abs(distanceMetres(from, to) - metres) };
  });
  if (under === undefined || over === undefined) throw new Error('two ends of a bisection');
  return under.toTie < over.toTie ? under : over;
}

describe('great-circle metres', () => {
  const half = 20_015_109.355_54;
  test.each<[string, Pair, number]>([
    [
      'a place and itself',
      [
        { latitude: 52e9, longitude: 13e9 },
        { latitude: 52e9, longitude: 13e9 },
      ],
      0,
    ],
    [
      'a pole and itself by another longitude',
      [
        { latitude: 90e9, longitude: 7e9 },
        { latitude: 90e9, longitude: -150e9 },
      ],
      0,
    ],
    [
      'both sides of the date line, at it',
      [
        { latitude: 5e9, longitude: 180e9 },
        { latitude: 5e9, longitude: -180e9 },
      ],
      0,
    ],
    [
      'a degree across it',
      [
        { latitude: 0, longitude: 179.5e9 },
        { latitude: 0, longitude: -179.5e9 },
      ],
      111_195.051_97,
    ],
    [
      'antipodes',
      [
        { latitude: 0, longitude: 0 },
        { latitude: 0, longitude: 180e9 },
      ],
      half,
    ],
    [
      'pole and pole',
      [
        { latitude: 90e9, longitude: 0 },
        { latitude: -90e9, longitude: 45e9 },
      ],
      half,
    ],
    [
      'a nanodegree',
      [
        { latitude: 0, longitude: 0 },
        { latitude: 0, longitude: 1 },
      ],
      0.000_111_2,
    ],
  ])('are those between %s', (_, [a, b], metres) => {
    expect(distanceMetres(a, b)).toBeCloseTo(metres, metres < 1 ? 7 : 4);
    expect(Object.is(distanceMetres(a, b), -0)).toBe(false);
    if (metres === 0) expect(distanceMetres(a, b)).toBe(0);
  });
});
