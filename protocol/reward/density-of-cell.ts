import { gridDisk } from 'h3-js';
import { cellParent } from '../geo/cell.ts';
import type { DensityLevel } from '../policy.ts';
import type { Cell } from '../units.ts';
import { divideHalfEven } from './decimal.ts';
import { SCALE_DECIMALS } from './density.ts';

/** What one resolution does to a cell's scale: it is multiplied by clipped / unclipped. */
export interface LevelDensity {
  readonly resolution: number;
  /** The cell's parent of this resolution. */
  readonly parent: bigint;
  /** Hotspots in the parent, as far as finer resolutions left them. */
  readonly unclipped: number;
  /** The smaller of `unclipped` and `limit`. */
  readonly clipped: number;
  readonly limit: number;
  /** How many of the parent and its neighbours hold the target or more. */
  readonly occupied: number;
}

/** A cell's transmit scale (SCALE_DECIMALS) with all that it is made of, from fine to coarse. */
export interface CellDensity {
  readonly scale: bigint;
  readonly levels: readonly LevelDensity[];
}

const FINEST = 11;
/** Cells of the coarsest resolution around a cell's own beyond which nobody can change its counts. */
const REACH = 2;

/** The scale of one cell as `densityScales` gives it, level by level; `cells` has one per active hotspot, its own too. */
export function densityOfCell(
  cell: Cell,
  { cells, table }: { readonly cells: Iterable<Cell>; readonly table: readonly DensityLevel[] },
): CellDensity {
  const near = cellsAround(cell, { cells, rings: REACH, resolution: table.at(-1)?.resolution ?? FINEST });
  let finer = new Map<bigint, number>();
  for (const each of near) add(finer, cellParent(each, FINEST), 1);
  const levels: LevelDensity[] = [];
  for (const level of table) {
    const counts = new Map<bigint, number>();
    for (const [child, count] of finer) add(counts, cellParent(child, level.resolution), count);
    levels.push(levelDensity(cellParent(cell, level.resolution), counts, level));
    // A parent that holds no more than the target is never clipped: most need no look at their neighbours.
    finer = new Map(
      [...counts].map(([parent, count]) => [
        parent,
        count <= level.target ? count : levelDensity(parent, counts, level).clipped,
      ]),
    );
  }
  const product = (of: (level: LevelDensity) => number): bigint =>
    levels.reduce((all, level) => all * BigInt(of(level)), 1n);
  const scale = divideHalfEven(
    product(({ clipped }) => clipped) * 10n ** BigInt(SCALE_DECIMALS),
    product(({ unclipped }) => unclipped),
  );
  return { scale, levels };
}

/** Those of the cells whose parent lies within so many rings around the parent of `cell`. */
export function cellsAround(
  cell: Cell,
  of: { readonly cells: Iterable<Cell>; readonly rings: number; readonly resolution: number },
): readonly Cell[] {
  const parent = cellParent(cell, of.resolution);
  const disk = new Set(gridDisk(parent.toString(16), of.rings).map((near) => BigInt(`0x${near}`)));
  return [...of.cells].filter((each) => disk.has(cellParent(each, of.resolution)));
}

function levelDensity(
  parent: bigint,
  counts: ReadonlyMap<bigint, number>,
  level: DensityLevel,
): LevelDensity {
  const { resolution, neighbours, target, max } = level;
  const unclipped = counts.get(parent) ?? 0;
  const occupied = gridDisk(parent.toString(16), 1).filter(
    (near) => (counts.get(BigInt(`0x${near}`)) ?? 0) >= target,
  ).length;
  const limit = Math.min(max, target * (Math.max(occupied - neighbours, 0) + 1));
  return { resolution, parent, unclipped, clipped: Math.min(limit, unclipped), limit, occupied };
}

function add(counts: Map<bigint, number>, cell: bigint, value: number): void {
  counts.set(cell, (counts.get(cell) ?? 0) + value);
}
