import fc from 'fast-check';
import { cellToLatLng, cellToParent, greatCircleDistance, gridDisk, gridDistance, latLngToCell } from 'h3-js';
import { describe, expect, it } from 'vitest';
import { outOf } from './support/ask.ts';

/*
 * Geometry and density of the rules once more, by the H3 library and straight from the table: what the command answers is
 * compared with it.
 */

/** N, target and max by resolution (poc.md 5). */
const TABLE: readonly (readonly [resolution: number, n: number, target: number, max: number])[] = [
  [10, 2, 1, 1],
  [9, 2, 1, 1],
  [8, 2, 1, 1],
  [7, 4, 5, 10],
  [6, 4, 25, 50],
  [5, 4, 100, 200],
  [4, 2, 500, 1000],
];

/** Scale of every cell in ten-thousandths. */
function referenceScales(cells: readonly string[]): Readonly<Record<string, string>> {
  const count = (of: Iterable<readonly [string, number]>): Map<string, number> => {
    const counts = new Map<string, number>();
    for (const [cell, value] of of) counts.set(cell, (counts.get(cell) ?? 0) + value);
    return counts;
  };
  let finer = count(cells.map((cell) => [cellToParent(cell, 11), 1]));
  const fractions = new Map<string, [bigint, bigint]>();
  for (const [resolution, n, target, max] of TABLE) {
    const unclipped = count([...finer].map(([cell, value]) => [cellToParent(cell, resolution), value]));
    finer = new Map(
      [...unclipped].map(([cell, value]) => {
        const occupied = gridDisk(cell, 1).filter((near) => (unclipped.get(near) ?? 0) >= target).length;
        const limit = Math.min(max, target * Math.max(Math.max(occupied - n, 0) + 1, 1));
        const clipped = Math.min(limit, value);
        fractions.set(cell, [BigInt(clipped), BigInt(value)]);
        return [cell, clipped];
      }),
    );
  }
  return Object.fromEntries(
    cells.map((cell) => {
      let [numerator, denominator] = [10_000n, 1n];
      for (const [resolution] of TABLE) {
        const [clipped, unclipped] = fractions.get(cellToParent(cell, resolution)) ?? [1n, 1n];
        numerator *= clipped;
        denominator *= unclipped;
      }
      const twice = 2n * (numerator % denominator);
      let scaled = numerator / denominator;
      if (twice > denominator || (twice === denominator && scaled % 2n === 1n)) scaled += 1n;
      const digits = String(scaled).padStart(5, '0');
      return [decimal(cell), `${digits.slice(0, -4)}.${digits.slice(-4)}`];
    }),
  );
}

function decimal(cell: string): string {
  return BigInt(`0x${cell}`).toString();
}

const near = (most: number) => fc.double({ min: -most, max: most, noNaN: true });
const anywhere = fc.record({
  latitude: fc.double({ min: -89, max: 89, noNaN: true }),
  longitude: fc.double({ min: -180, max: 180, noNaN: true }),
});

describe('the density of any cells', () => {
  it('is the one of the table', () => {
    const cluster = fc.record({
      centre: anywhere,
      width: fc.constantFrom(0.0005, 0.005, 0.05, 0.5),
      steps: fc.array(fc.tuple(near(1), near(1)), { minLength: 1, maxLength: 160 }),
    });
    let least = '1.0000';
    fc.assert(
      fc.property(fc.array(cluster, { minLength: 1, maxLength: 4 }), (clusters) => {
        const cells = clusters.flatMap(({ centre, width, steps }) =>
          steps.map(([north, east]) =>
            latLngToCell(centre.latitude + north * width, centre.longitude + east * width, 12),
          ),
        );
        const expected = referenceScales(cells);
        least = Object.values(expected).reduce((low, scale) => (scale < low ? scale : low), least);
        expect(outOf('density.scale', { cells: cells.map(decimal) })).toEqual({ scale: expected });
      }),
      { seed: 17, numRuns: 150 },
    );
    expect(Number(least)).toBeLessThan(0.1);
  });
});

describe('the way between any two cells', () => {
  it('is the one of the H3 library', () => {
    let [apart, unknown] = [0, 0];
    const pair = fc.record({
      from: anywhere,
      north: near(1),
      east: near(1),
      width: fc.constantFrom(0.002, 0.02, 0.5, 40),
    });
    fc.assert(
      fc.property(pair, ({ from, north, east, width }) => {
        const a = latLngToCell(from.latitude, from.longitude, 12);
        const latitude = Math.max(-89, Math.min(89, from.latitude + north * width));
        const b = latLngToCell(latitude, from.longitude + east * width, 12);
        const metres = greatCircleDistance(cellToLatLng(a), cellToLatLng(b), 'm');
        const told = Number(outOf('geo.distance', { a: decimal(a), b: decimal(b) })['metres']);
        expect(Math.abs(told - metres)).toBeLessThan(0.500_001);
        let cells: number | null = null;
        try {
          cells = gridDistance(cellToParent(a, 11), cellToParent(b, 11));
          apart += 1;
        } catch {
          unknown += 1;
        }
        expect(outOf('geo.cells_apart', { a: decimal(a), b: decimal(b) })).toEqual({ cells });
      }),
      { seed: 19, numRuns: 3000 },
    );
    expect(apart).toBeGreaterThan(1000);
    expect(unknown).toBeGreaterThan(10);
  });
});
