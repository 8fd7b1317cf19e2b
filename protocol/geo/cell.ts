import { ProtocolError } from '../errors.ts';
import type { Cell } from '../units.ts';
import { BASE_CELLS } from './h3/base-cells.ts';
import { digitAt, readBits } from './h3/bits.ts';

export { distanceMetres, metresBetween, unitVector, type Place, type UnitVector } from './distance.ts';
export { cellParent, cellResolution } from './h3/bits.ts';
export { cellCentre } from './h3/cell-centre.ts';
export { cellsApart, gridPoint, stepsApart, type GridPoint } from './h3/cells-apart.ts';

/** Resolution at which hotspots assert their location. */
const ASSERTED_RESOLUTION = 12;

/** Mode 1, reserved bits 0. */
const HEAD_OF_CELL = 0x08;
const UNUSED = 7;

/**
 * A valid H3 cell of the given resolution, pentagons included; throws malformed_cell with the problem. For a cell of any
 * resolution, ask for its own (`cellResolution`).
 */
export function parseCell(value: bigint, resolution: number = ASSERTED_RESOLUTION): Cell {
  const problem = value < 0n || value > 0xffff_ffff_ffff_ffffn ? 'not a u64' : problemOf(value, resolution);
  if (problem !== undefined) throw new ProtocolError('malformed_cell', { cell: value, resolution, problem });
  return value as Cell;
}

function problemOf(value: bigint, resolution: number): string | undefined {
  const bits = readBits(value);
  if (bits.head !== HEAD_OF_CELL) return 'mode or reserved bits of no cell';
  const base = BASE_CELLS[bits.base];
  if (base === undefined) return `no base cell ${bits.base}`;
  if (bits.resolution !== resolution) return `of resolution ${bits.resolution}`;
  let leading = 0;
  for (let level = 1; level <= 15; level += 1) {
    const digit = digitAt(bits, level);
    if ((digit === UNUSED) !== level > resolution) return `digit ${digit} at resolution ${level}`;
    if (leading === 0) leading = digit;
  }
  return base.pentagon && leading === 1 ? 'in the direction that a pentagon lacks' : undefined;
}
