import { gridDisk } from 'h3-js';
import { cellParent } from '../geo/cell.ts';
import type { Cell } from '../units.ts';
import { divideHalfEven } from './decimal.ts';

export const SCALE_DECIMALS = 4;
/** Scale of a cell without an active hotspot: 0.2. */
export const UNKNOWN_SCALE = 2000n;

interface Level {
  readonly resolution: number;
  readonly neighbours: number;
  readonly target: number;
  readonly max: number;
}

/** N, target and max by resolution (poc.md 5), from fine to coarse: counts are clipped from below upwards. */
const LEVELS: readonly Level[] = [
  { resolution: 10, neighbours: 2, target: 1, max: 1 },
  { resolution: 9, neighbours: 2, target: 1, max: 1 },
  { resolution: 8, neighbours: 2, target: 1, max: 1 },
  { resolution: 7, neighbours: 4, target: 5, max: 10 },
  { resolution: 6, neighbours: 4, target: 25, max: 50 },
  { resolution: 5, neighbours: 4, target: 100, max: 200 },
  { resolution: 4, neighbours: 2, target: 500, max: 1000 },
];
const FINEST = 11;

/** A parent's counts, and the product of clipped/unclipped from this level on upwards once the level above is known. */
interface Count {
  unclipped: number;
  clipped: number;
}

/** Transmit scale of every cell (resolution 12) that holds an active hotspot; one cell per hotspot, repeated ones count. */
export function densityScales(cells: Iterable<Cell>): ReadonlyMap<Cell, bigint> {
  const distinct = new Set<Cell>();
  let finer = new Map<bigint, Count>();
  for (const cell of cells) {
    distinct.add(cell);
    add(finer, cellParent(cell, FINEST), 1);
  }
  for (const count of finer.values()) count.clipped = count.unclipped;
  const levels: ReadonlyMap<bigint, Count>[] = [];
  for (const level of LEVELS) {
    finer = clip(finer, level);
    levels.push(finer);
  }
  return new Map([...distinct].map((cell) => [cell, scaleOf(cell, levels)]));
}

function clip(finer: ReadonlyMap<bigint, Count>, level: Level): Map<bigint, Count> {
  const counts = new Map<bigint, Count>();
  for (const [cell, count] of finer) add(counts, cellParent(cell, level.resolution), count.clipped);
  for (const [cell, count] of counts) count.clipped = Math.min(count.unclipped, limit(cell, counts, level));
  return counts;
}

function limit(cell: bigint, counts: ReadonlyMap<bigint, Count>, level: Level): number {
  // The limit is never below the target: most cells need no look at their neighbours.
  if ((counts.get(cell)?.unclipped ?? 0) <= level.target) return level.target;
  const occupied = gridDisk(cell.toString(16), 1).filter(
    (near) => (counts.get(BigInt(`0x${near}`))?.unclipped ?? 0) >= level.target,
  ).length;
  return Math.min(level.max, level.target * (Math.max(occupied - level.neighbours, 0) + 1));
}

function scaleOf(cell: bigint, levels: readonly ReadonlyMap<bigint, Count>[]): bigint {
  let [numerator, denominator] = [1n, 1n];
  for (const [at, level] of LEVELS.entries()) {
    const count = levels[at]?.get(cellParent(cell, level.resolution));
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
