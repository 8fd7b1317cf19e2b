import { gridDisk } from 'h3-js';
import { cellParent } from '../geo/cell.ts';
import type { DensityLevel } from '../policy.ts';
import type { Cell } from '../units.ts';
import { divideHalfEven } from './decimal.ts';

export const SCALE_DECIMALS = 4;
const FINEST = 11;

/** A parent's counts, and the product of clipped/unclipped from this level on upwards once the level above is known. */
interface Count {
  unclipped: number;
  clipped: number;
}

/** Transmit scale of every cell (resolution 12) that holds an active hotspot; one cell per hotspot, repeated ones count. */
export function densityScales(
  cells: Iterable<Cell>,
  table: readonly DensityLevel[],
): ReadonlyMap<Cell, bigint> {
  const distinct = new Set<Cell>();
  let finer = new Map<bigint, Count>();
  for (const cell of cells) {
    distinct.add(cell);
    add(finer, cellParent(cell, FINEST), 1);
  }
  for (const count of finer.values()) count.clipped = count.unclipped;
  const levels: ReadonlyMap<bigint, Count>[] = [];
  for (const level of table) {
    finer = clip(finer, level);
    levels.push(finer);
  }
  return new Map([...distinct].map((cell) => [cell, scaleOf(cell, { table, levels })]));
}

function clip(finer: ReadonlyMap<bigint, Count>, level: DensityLevel): Map<bigint, Count> {
  const counts = new Map<bigint, Count>();
  for (const [cell, count] of finer) add(counts, cellParent(cell, level.resolution), count.clipped);
  for (const [cell, count] of counts) count.clipped = Math.min(count.unclipped, limit(cell, counts, level));
  return counts;
}

function limit(cell: bigint, counts: ReadonlyMap<bigint, Count>, level: DensityLevel): number {
  // The limit is never below the target: most cells need no look at their neighbours.
  if ((counts.get(cell)?.unclipped ?? 0) <= level.target) return level.target;
  const occupied = gridDisk(cell.toString(16), 1).filter(
    (near) => (counts.get(BigInt(`0x${near}`))?.unclipped ?? 0) >= level.target,
  ).length;
  return Math.min(level.max, level.target * (Math.max(occupied - level.neighbours, 0) + 1));
}

function scaleOf(
  cell: bigint,
  of: {
    readonly table: readonly DensityLevel[];
    readonly levels: readonly ReadonlyMap<bigint, Count>[];
  },
): bigint {
  let [numerator, denominator] = [1n, 1n];
  for (const [at, level] of of.table.entries()) {
    const count = of.levels[at]?.get(cellParent(cell, level.resolution));
    if (count === undefined || count.clipped === count.unclipped) continue;
    numerator *= BigInt(count.clipped);
    denominator *= BigInt(count.unclipped);
  }
  return divideHalfEven(numerator * 10n ** BigInt(SCALE_DECIMALS), denominator);
}

function add(counts: Map<bigint, Count>, cell: bigint, value: number): void {
  const count = counts.get(cell);
  if (count === undefined) counts.set(cell, { unclipped: value, clipped: 0 });
  else count.unclipped += value;
}
