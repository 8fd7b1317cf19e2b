import { gridDisk } from 'h3-js';
import { cellParent } from '../geo/cell.ts';
import type { DensityLevel } from '../policy.ts';
import type { Cell } from '../units.ts';
import { divideHalfEven } from './decimal.ts';

export const SCALE_DECIMALS = 4;
const FINEST = 11;

/** The parents of one resolution that hold hotspots, in H3's order: there the children of one parent stand together. */
interface Level {
  readonly cells: BigUint64Array;
  /** Where each one's children begin in the next finer level, and where the last one's end. */
  readonly children: Uint32Array;
  /** Hotspots in it, as far as finer resolutions left them. */
  readonly unclipped: Uint32Array;
  readonly clipped: Uint32Array;
}

/** A product of clipped / unclipped. */
interface Fraction {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

const ONE: Fraction = { numerator: 1n, denominator: 1n };

/** Transmit scale of every cell that holds an active hotspot, ascending; one cell per hotspot, repeated ones count. */
export function densityScales(
  cells: Iterable<Cell>,
  table: readonly DensityLevel[],
): ReadonlyMap<Cell, bigint> {
  const sorted = BigUint64Array.from(cells).sort();
  const finest = finestLevel(sorted);
  const levels = [finest];
  for (const level of table) levels.push(clipLevel(levels.at(-1) ?? finest, level));
  const scales = finestScales(levels);
  const scaleOf = new Map<Cell, bigint>();
  let at = 0;
  for (const cell of sorted) {
    const parent = cellParent(cell, FINEST);
    // Cells of another resolution begin with the first parent again.
    if (parent < (finest.cells[at] ?? 0n)) at = 0;
    while (finest.cells[at] !== parent) at += 1;
    scaleOf.set(cell as Cell, scales[at] ?? 0n);
  }
  return scaleOf;
}

function finestLevel(sorted: BigUint64Array): Level {
  const one = {
    cells: sorted.map((cell) => cellParent(cell, FINEST)).sort(),
    clipped: new Uint32Array(sorted.length).fill(1),
  };
  const level = gather(one, FINEST);
  return { ...level, clipped: level.unclipped };
}

function clipLevel(finer: Level, of: DensityLevel): Level {
  const level = gather(finer, of.resolution);
  const clipped = level.unclipped.map((count, at) => Math.min(count, limitOf(level, at, of)));
  return { ...level, clipped };
}

/** The parents of a level's cells with their sums. */
function gather(finer: Pick<Level, 'cells' | 'clipped'>, resolution: number): Omit<Level, 'clipped'> {
  const { length } = finer.cells;
  const cells = new BigUint64Array(length);
  const children = new Uint32Array(length + 1);
  const unclipped = new Uint32Array(length);
  let count = 0;
  let last: bigint | undefined;
  for (let at = 0; at < length; at += 1) {
    const parent = cellParent(finer.cells[at] ?? 0n, resolution);
    if (parent !== last) {
      cells[count] = last = parent;
      children[count] = at;
      count += 1;
    }
    unclipped[count - 1] = (unclipped[count - 1] ?? 0) + (finer.clipped[at] ?? 0);
  }
  children[count] = length;
  return {
    cells: cells.slice(0, count),
    children: children.slice(0, count + 1),
    unclipped: unclipped.slice(0, count),
  };
}

function limitOf(
  { cells, unclipped }: Pick<Level, 'cells' | 'unclipped'>,
  at: number,
  of: DensityLevel,
): number {
  // The limit lies between target and max: most cells need no look at their neighbours.
  if ((unclipped[at] ?? 0) <= of.target || of.target === of.max) return of.target;
  const occupied = gridDisk((cells[at] ?? 0n).toString(16), 1).filter(
    (near) => (unclipped[placeOf(cells, BigInt(`0x${near}`))] ?? 0) >= of.target,
  ).length;
  return Math.min(of.max, of.target * (Math.max(occupied - of.neighbours, 0) + 1));
}

/** Index of a cell among sorted ones; -1 where it is not among them. */
function placeOf(sorted: BigUint64Array, cell: bigint): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0n) < cell) low = middle + 1;
    else high = middle;
  }
  return sorted[low] === cell ? low : -1;
}

/** Scales of the finest level's cells: the products over all levels, each rounded once. */
function finestScales(levels: readonly Level[]): readonly bigint[] {
  let coarser: Level | undefined;
  let products: readonly Fraction[] = [];
  for (const level of levels.toReversed()) {
    const next: Fraction[] = [];
    for (let at = 0, parent = 0; at < level.cells.length; at += 1) {
      while (coarser !== undefined && at >= (coarser.children[parent + 1] ?? Infinity)) parent += 1;
      next.push(times(products[parent] ?? ONE, level.clipped[at] ?? 0, level.unclipped[at] ?? 0));
    }
    [coarser, products] = [level, next];
  }
  return products.map(({ numerator, denominator }) =>
    divideHalfEven(numerator * 10n ** BigInt(SCALE_DECIMALS), denominator),
  );
}

function times(product: Fraction, clipped: number, unclipped: number): Fraction {
  if (clipped === unclipped) return product;
  const { numerator, denominator } = product;
  return { numerator: numerator * BigInt(clipped), denominator: denominator * BigInt(unclipped) };
}
