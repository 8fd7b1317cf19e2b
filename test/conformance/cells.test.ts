import { describe, expect, it } from 'vitest';
import { codeOf, outOf } from './support/ask.ts';
import { readVectors } from './support/read-vectors.ts';

const { cells } = readVectors('settlement.json') as { readonly cells: { readonly valid: readonly string[] } };
const FINE = '631210990448411135';

/** The parent of a cell at a resolution. */
function parent(resolution: bigint): string {
  const unused = (1n << (3n * (15n - resolution))) - 1n;
  return ((BigInt(FINE) & ~(0xfn << 52n)) | (resolution << 52n) | unused).toString();
}

describe('cells', () => {
  it('that are valid have a region or none, and others are refused', () => {
    expect(cells.valid.length).toBeGreaterThan(30);
    for (const cell of cells.valid)
      expect(codeOf('geo.region', { cell: BigInt(`0x${cell}`).toString() })).toBe('ok');
    for (const cell of ['0', '1', '631210990448411134', '18446744073709551615'])
      expect(codeOf('geo.region', { cell })).toBe('malformed_cell');
  });

  it('of any resolution have a place', () => {
    expect(outOf('geo.distance', { a: FINE, b: FINE })).toEqual({ metres: 0 });
    for (let resolution = 0n; resolution <= 12n; resolution += 1n)
      expect(codeOf('geo.distance', { a: FINE, b: parent(resolution) })).toBe('ok');
    // Base cells 2 and 119 lie opposite each other: half the circumference of a sphere of 6371.007180918475 km.
    const [north = '', south = ''] = [2n, 119n].map((base) =>
      ((0x8001fffffffffffn & ~(0x7fn << 45n)) | (base << 45n)).toString(),
    );
    expect(outOf('geo.distance', { a: north, b: south })).toEqual({ metres: 20_015_109 });
  });

  it('of resolution 11 or finer have a scale and steps between them, coarser ones have not', () => {
    expect(outOf('geo.cells_apart', { a: FINE, b: parent(11n) })).toEqual({ cells: 0 });
    expect(codeOf('geo.cells_apart', { a: FINE, b: parent(10n) })).toBe('malformed_cell');
    expect(codeOf('density.scale', { cells: [parent(10n)] })).toBe('malformed_cell');
    expect(outOf('geo.cells_apart', { a: FINE, b: '631051317931939839' })).toEqual({ cells: null });
  });

  it('have the region that the whole of them has', () => {
    expect(outOf('geo.region', { cell: FINE })).toEqual({ region: 'US915' });
    expect(outOf('geo.region', { cell: parent(9n) })).toEqual({ region: 'US915' });
    expect(outOf('geo.region', { cell: '631051317931939839' })).toEqual({ region: 'EU868' });
  });

  it('of the rules have the scales that the rules say', () => {
    const all = [
      '631210990448411135',
      '631210990450508287',
      '631210990452605439',
      '631210990454702591',
      '631210990456799743',
      '631210990458896895',
      '631210990460994047',
    ];
    const scale = Object.fromEntries(all.map((cell) => [cell, '0.7143']));
    expect(outOf('density.scale', { cells: all })).toEqual({ scale });
    expect(outOf('density.scale', { cells: [FINE, FINE, '631210990454702591'] })).toEqual({
      scale: { [FINE]: '0.5000', '631210990454702591': '1.0000' },
    });
    expect(outOf('density.scale', { cells: [] })).toEqual({ scale: {} });
  });
});
