import fc from 'fast-check';
import {
  cellToBoundary,
  cellToCenterChild,
  cellToChildren,
  cellToLatLng,
  cellToParent,
  getBaseCellNumber,
  getPentagons,
  getRes0Cells,
  gridDisk,
  gridDistance,
  latLngToCell,
} from 'h3-js';
import { describe, expect, test } from 'vitest';
import { cellResolution, cellsApart, parseCell } from '#protocol/geo/cell';
import type { Cell } from '#protocol/units';
import { evenly, globe, type Point } from '../../support/globe.ts';

type Pair = readonly [string, string];

const cellOf = (digits: string): Cell => {
  const value = BigInt(`0x${digits}`);
  return parseCell(value, cellResolution(value));
};

function h3Apart(pair: Pair): number | null {
  try {
    const [a, b] = [cellToParent(pair[0], 11), cellToParent(pair[1], 11)];
    return gridDistance(a, b);
  } catch {
    return null;
  }
}

const resolution = fc.integer({ min: 11, max: 15 });

/** Two cells within some degrees of a point. */
const around = (points: fc.Arbitrary<Point>, reach: number): fc.Arbitrary<Pair> => {
  const cell = ([latitude, longitude]: Point): fc.Arbitrary<string> =>
    fc
      .tuple(evenly(reach), evenly(reach), resolution)
      .map(([north, east, fine]) =>
        latLngToCell(Math.max(-90, Math.min(90, latitude + north)), longitude + east, fine),
      );
  return points.chain((point) => fc.tuple(cell(point), cell(point)));
};
const corners = [...getRes0Cells(), ...getRes0Cells().flatMap((cell) => cellToChildren(cell, 1))].flatMap(
  (cell) => cellToBoundary(cell).map(([latitude, longitude]): Point => [latitude, longitude]),
);
const pentagons = getPentagons(0).map((cell): Point => {
  const [latitude, longitude] = cellToLatLng(cell);
  return [latitude, longitude];
});

describe('two cells', () => {
  test.each<[string, number, fc.Arbitrary<Pair>]>([
    ['a few hundred metres apart', 40_000, around(globe, 0.003)],
    ['within the reach of radio', 60_000, around(globe, 0.5)],
    ['some degrees apart', 40_000, around(globe, 6)],
    ['near corners of base cells and their children', 30_000, around(fc.constantFrom(...corners), 0.01)],
    ['further around such corners', 30_000, around(fc.constantFrom(...corners), 0.7)],
    ['close to pentagons', 10_000, around(fc.constantFrom(...pentagons), 0.05)],
    ['further around pentagons', 20_000, around(fc.constantFrom(...pentagons), 8)],
    [
      'anywhere',
      20_000,
      fc.tuple(globe, globe).map(([a, b]) => [latLngToCell(...a, 11), latLngToCell(...b, 12)]),
    ],
  ])('are as many cells apart as H3 counts: %s', (_, numRuns, pairs) => {
    const wrong: unknown[] = [];
    const kinds = { acrossBaseCells: 0, uncounted: 0 };
    for (const pair of fc.sample(pairs, { seed: 13, numRuns })) {
      const [counted, apart] = [h3Apart(pair), cellsApart(cellOf(pair[0]), cellOf(pair[1]))];
      if (counted !== apart) wrong.push({ pair, counted, apart });
      if (counted === null) kinds.uncounted += 1;
      if (getBaseCellNumber(pair[0]) !== getBaseCellNumber(pair[1])) kinds.acrossBaseCells += 1;
    }
    expect(wrong.slice(0, 5)).toEqual([]);
    console.log(`${_}: seed 13, ${numRuns} pairs, ${JSON.stringify(kinds)}`);
  });

  test('are counted from one ring to the next', () => {
    const from = latLngToCell(52.5, 13.4, 11);
    for (const to of gridDisk(from, 9)) {
      const [a, b] = [from, to].map((cell) => cellOf(cellToCenterChild(cell, 12)));
      if (a !== undefined && b !== undefined) expect(cellsApart(a, b)).toBe(gridDistance(from, to));
    }
  });

  test('are no known number of cells apart across the world, and none where they are the same', () => {
    const [berlin, sydney] = [cellOf(latLngToCell(52.5, 13.4, 12)), cellOf(latLngToCell(-33.9, 151.2, 12))];
    expect(cellsApart(berlin, sydney)).toBeNull();
    expect(cellsApart(berlin, berlin)).toBe(0);
    for (const digits of getPentagons(12)) expect(cellsApart(cellOf(digits), cellOf(digits))).toBe(0);
  });

  test('are refused where one is coarser than what is counted', () => {
    const [coarse, fine] = [cellOf(latLngToCell(52.5, 13.4, 10)), cellOf(latLngToCell(52.5, 13.4, 12))];
    const refusal: unknown = expect.objectContaining({
      code: 'malformed_cell',
      context: { cell: coarse, resolution: 10, problem: 'coarser than resolution 11' },
    });
    expect(() => cellsApart(coarse, fine)).toThrow(refusal);
    expect(() => cellsApart(fine, coarse)).toThrow(refusal);
  });
});
