import { cellToCenterChild, cellToChildren, getResolution, gridDisk, gridRing } from 'h3-js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICY, type DensityLevel } from '#protocol/policy';
import { densityScales } from '#protocol/reward/density';
import { densityOfCell } from '#protocol/reward/density-of-cell';
import type { Cell } from '#protocol/units';

const ofHex = (value: string): Cell => BigInt(`0x${value}`) as Cell;
const [FIRST, FOURTH] = [631_210_990_448_411_135n as Cell, 631_210_990_454_702_591n as Cell];
const { density } = DEFAULT_POLICY;
/** Targets so small that every resolution lowers a scale among some dozens of hotspots. */
const SMALL: readonly DensityLevel[] = density.map((level, at) => ({
  ...level,
  target: 1 + at,
  max: 2 + 2 * at,
}));

describe('the density of one cell', () => {
  it('says which resolution lowers the scale, and by what', () => {
    const { scale, levels } = densityOfCell(FIRST, { cells: [FIRST, FIRST, FOURTH], table: density });
    expect(scale).toBe(5000n);
    // Two in one cell of resolution 10 with no other occupied: one counts; from there on it shares room enough.
    expect(
      levels.map(({ resolution, unclipped, clipped, limit, occupied }) => [
        resolution,
        unclipped,
        clipped,
        limit,
        occupied,
      ]),
    ).toEqual([
      [10, 2, 1, 1, 1],
      [9, 1, 1, 1, 1],
      [8, 1, 1, 1, 2],
      [7, 2, 2, 5, 0],
      [6, 2, 2, 25, 0],
      [5, 2, 2, 100, 0],
      [4, 2, 2, 500, 0],
    ]);
    expect(densityOfCell(FOURTH, { cells: [FIRST, FIRST, FOURTH], table: density }).scale).toBe(10_000n);
  });

  it('is what densityScales gives every hotspot of a fleet, crowded or across the borders of the coarsest cells', () => {
    const cities = [...gridDisk('871f1d489ffffff', 2), ...gridDisk('871f1d48dffffff', 1)].flatMap((root) =>
      cellToChildren(root, 9),
    );
    // Cells of resolution 6 over ten of resolution 4, and around a pentagon.
    const land = gridDisk('841f1d5ffffffff', 2).flatMap((root) => cellToChildren(root, 6));
    const pentagon = gridDisk('860800007ffffff', 3);
    const places = [cities, land, pentagon];
    const hotspot = fc.tuple(fc.nat(2), fc.nat(5000), fc.nat(342)).map(([region, place, inside]) => {
      const cells = places[region] ?? [];
      const coarse = cells[place % cells.length] ?? '';
      const finer = cellToChildren(coarse, getResolution(coarse) + 3);
      return ofHex(cellToCenterChild(finer[inside % finer.length] ?? '', 12));
    });
    fc.assert(
      fc.property(fc.array(hotspot, { minLength: 1, maxLength: 150 }), fc.boolean(), (fleet, small) => {
        const table = small ? SMALL : density;
        const scales = densityScales(fleet, table);
        for (const cell of new Set(fleet))
          expect(densityOfCell(cell, { cells: fleet, table }).scale).toBe(scales.get(cell));
      }),
      { seed: 11, numRuns: 20 },
    );
  });

  it('looks two of the coarsest cells away, where hotspots still count', () => {
    // Level 5 holds 2 where a neighbour is occupied, level 4 holds more where a neighbour holds 2.
    const table = density.map((level): DensityLevel => {
      if (level.resolution > 5) return { ...level, target: 1000, max: 1000 };
      return {
        ...level,
        neighbours: level.resolution === 5 ? 1 : 0,
        target: level.resolution === 5 ? 1 : 2,
        max: 10,
      };
    });
    const own = '841f1d5ffffffff';
    const children = cellToChildren(own, 5);
    const far = gridRing(own, 2).flatMap((coarse) => cellToChildren(coarse, 5));
    const between = gridRing(own, 1)
      .flatMap((coarse) => cellToChildren(coarse, 5))
      .find(
        (cell) =>
          gridRing(cell, 1).every((near) => !children.includes(near) && near !== cell) &&
          gridRing(cell, 1).some((near) => far.includes(near)),
      );
    if (between === undefined) throw new Error('no cell between');
    const beyond = gridRing(between, 1).find((near) => far.includes(near)) ?? '';
    const [cell = FIRST, ...fleet] = [...children, between, between, beyond].map((each) =>
      ofHex(cellToCenterChild(each, 12)),
    );
    const scaleOf = (cells: readonly Cell[]): bigint => {
      const { scale } = densityOfCell(cell, { cells, table });
      expect(scale).toBe(densityScales(cells, table).get(cell));
      return scale;
    };
    expect(scaleOf([cell, ...fleet])).toBeGreaterThan(scaleOf([cell, ...fleet.slice(0, -1)]));
  });
});
