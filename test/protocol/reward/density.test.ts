import { DEFAULT_POLICY } from '#protocol/policy';
import { decimalText } from '#protocol/reward/decimal';
import { densityScales } from '#protocol/reward/density';
import type { Cell } from '#protocol/units';
import { cellToCenterChild, cellToChildren, cellToParent, gridDisk } from 'h3-js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const cell = (value: bigint): Cell => value as Cell;
const ofHex = (value: string): Cell => cell(BigInt(`0x${value}`));
const texts = (cells: readonly Cell[]): readonly string[] => {
  const scales = densityScales(cells, DEFAULT_POLICY.density);
  return [...new Set(cells)].map((each) => decimalText(scales.get(each) ?? -1n, 4));
};
const SEVEN = [
  631210990448411135n,
  631210990450508287n,
  631210990452605439n,
  631210990454702591n,
  631210990456799743n,
  631210990458896895n,
  631210990460994047n,
].map(cell);

/** The rule of poc.md 5 as it reads, slowly: every count at every resolution, no shortcut. */
function slowScales(cells: readonly Cell[]): ReadonlyMap<Cell, number> {
  const table: Record<number, readonly [number, number, number]> = {
    4: [2, 500, 1000],
    5: [4, 100, 200],
    6: [4, 25, 50],
    7: [4, 5, 10],
    8: [2, 1, 1],
    9: [2, 1, 1],
    10: [2, 1, 1],
  };
  const hexes = cells.map((each) => each.toString(16));
  let clipped = new Map<string, number>();
  for (const hex of hexes) {
    const parent = cellToParent(hex, 11);
    clipped.set(parent, (clipped.get(parent) ?? 0) + 1);
  }
  const scales = new Map(hexes.map((hex) => [hex, 1]));
  for (let resolution = 10; resolution >= 4; resolution -= 1) {
    const [n, target, max] = table[resolution] ?? [0, 0, 0];
    const unclipped = new Map<string, number>();
    for (const [child, count] of clipped) {
      const parent = cellToParent(child, resolution);
      unclipped.set(parent, (unclipped.get(parent) ?? 0) + count);
    }
    clipped = new Map(
      [...unclipped].map(([parent, count]) => {
        const occupied = gridDisk(parent, 1).filter((near) => (unclipped.get(near) ?? 0) >= target).length;
        return [parent, Math.min(count, max, target * Math.max(Math.max(occupied - n, 0) + 1, 1))];
      }),
    );
    for (const hex of hexes.filter((each, at) => hexes.indexOf(each) === at)) {
      const parent = cellToParent(hex, resolution);
      scales.set(hex, ((scales.get(hex) ?? 0) * (clipped.get(parent) ?? 0)) / (unclipped.get(parent) ?? 1));
    }
  }
  return new Map([...scales].map(([hex, scale]) => [ofHex(hex), scale]));
}

describe('density scales', () => {
  it('are 5/7 for seven cells under one cell of resolution 7 (vector A)', () => {
    expect(texts(SEVEN)).toEqual(SEVEN.map(() => '0.7143'));
  });

  it('are a half for two in one cell and one for a lone one (vector C)', () => {
    const [first, , , fourth] = SEVEN;
    if (first === undefined || fourth === undefined) throw new Error('seven cells');
    expect(texts([first, first, fourth])).toEqual(['0.5000', '1.0000']);
  });

  it('equal the rule as it reads, over crowds of any shape', () => {
    const roots = [...gridDisk('871f1d489ffffff', 2), '870800000ffffff'];
    const places = roots.flatMap((root) => cellToChildren(root, 9)).map((nine) => cellToChildren(nine, 12));
    const seed = 20_260_701;
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(places.length - 1), fc.nat(342)), { minLength: 1, maxLength: 400 }),
        (picks) => {
          const cells = picks.map(([nine, twelve]) => ofHex(places[nine]?.[twelve % 343] ?? ''));
          const exact = densityScales(cells, DEFAULT_POLICY.density);
          for (const [each, scale] of slowScales(cells))
            expect(Math.abs(Number(exact.get(each)) / 10_000 - scale)).toBeLessThanOrEqual(0.000_050_001);
        },
      ),
      { seed, numRuns: 25 },
    );
  });

  it('do not depend on the order of hotspots', () => {
    const crowd = gridDisk('8c1f1d489b2c1ff', 12).map(ofHex);
    expect(densityScales([...crowd].reverse(), DEFAULT_POLICY.density)).toEqual(
      new Map([...densityScales(crowd, DEFAULT_POLICY.density)].sort(([a], [b]) => (a < b ? 1 : -1))),
    );
  });

  it('are those of the parents at resolution 11, whatever the resolution of the cells', () => {
    const elevens = gridDisk('8b1f1d489b2cfff', 6);
    const fleet = elevens.flatMap((eleven, at) =>
      [11, 12, 15].map((finer) => cellToCenterChild(eleven, finer)).slice(at % 3),
    );
    const scales = densityScales(fleet.map(ofHex), DEFAULT_POLICY.density);
    const parents = densityScales(
      fleet.map((each) => ofHex(cellToParent(each, 11))),
      DEFAULT_POLICY.density,
    );
    expect(scales.size).toBe(fleet.length);
    for (const each of fleet)
      expect(scales.get(ofHex(each))).toBe(parents.get(ofHex(cellToParent(each, 11))));
    expect([...scales.keys()]).toEqual([...scales.keys()].sort((a, b) => (a < b ? -1 : 1)));
  });
});
