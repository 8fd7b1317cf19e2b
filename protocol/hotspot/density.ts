import { cellToCenterChild, gridRing } from 'h3-js';
import { cellCentre, cellParent, distanceMetres, parseCell } from '../geo/cell.ts';
import { regionOf } from '../geo/regions.ts';
import type { Policy } from '../policy.ts';
import { cellsAround, densityOfCell, type LevelDensity } from '../reward/density-of-cell.ts';
import type { Cell, HotspotKey } from '../units.ts';
import type { HotspotFacts, PocState, Registry } from '../verify/poc.ts';

/** Another active hotspot, in whole metres. */
export interface Neighbour {
  readonly key: HotspotKey;
  readonly metres: number;
}

/** A resolution, and who shares the parent cell. */
export interface SharedLevel extends LevelDensity {
  /** Other active hotspots in the parent. */
  readonly others: number;
  /** The nearest of them. */
  readonly nearest: readonly Neighbour[];
}

/** A place at which the scale would be higher with everything else as it is. */
export interface BetterPlace {
  readonly cell: Cell;
  readonly latitude: number;
  readonly longitude: number;
  readonly metres: number;
  readonly scale: bigint;
}

/** What a hotspot's surroundings do to its scale (poc.md 5, "Density"). */
export interface HotspotDensity {
  readonly scale: bigint;
  readonly levels: readonly SharedLevel[];
  /** The nearest better place of those that were tried, and the best if it is another. */
  readonly better: readonly BetterPlace[];
}

const NAMED_NEIGHBOURS = 5;
/** Resolution of asserted cells. */
const ASSERTED = 12;

/** null where the hotspot is not active at the epoch's end (seconds) or has no cell: then `unknown_scale_bp` holds. */
export function hotspotDensity(input: {
  readonly key: HotspotKey;
  readonly registry: Registry;
  readonly state: PocState;
  readonly policy: Policy;
  readonly end: number;
}): HotspotDensity | null {
  const { key, registry, policy } = input;
  const table = policy.density;
  const facts = registry.get(key);
  const active = activeHotspots(input);
  const cell = facts?.cell ?? null;
  if (facts === undefined || cell === null || !active.has(key)) return null;
  const cells = [...active.values()].map((other) => other.cell);
  const { scale, levels } = densityOfCell(cell, { cells, table });
  return {
    scale,
    levels: levels.map((level) => ({ ...level, ...sharers(level, facts, active) })),
    better: betterPlaces({ facts, cell, scale, levels, cells, policy }),
  };
}

interface Placed extends HotspotFacts {
  readonly cell: Cell;
}

function activeHotspots(input: {
  readonly registry: Registry;
  readonly state: PocState;
  readonly policy: Policy;
  readonly end: number;
}): ReadonlyMap<HotspotKey, Placed> {
  const active = new Map<HotspotKey, Placed>();
  for (const [key, { lastBeaconRecip }] of input.state.clocks) {
    const facts = input.registry.get(key);
    const cell = facts?.cell ?? null;
    if (facts === undefined || cell === null || lastBeaconRecip === null) continue;
    if (input.end * 1000 - lastBeaconRecip < input.policy.windows.active_ms)
      active.set(key, { ...facts, cell });
  }
  return active;
}

function sharers(
  { parent, resolution }: LevelDensity,
  own: HotspotFacts,
  active: ReadonlyMap<HotspotKey, Placed>,
): Pick<SharedLevel, 'others' | 'nearest'> {
  const others = [...active.values()].filter(
    (other) => other.key !== own.key && cellParent(other.cell, resolution) === parent,
  );
  const nearest = others
    .map((other) => ({ key: other.key, metres: Math.round(distanceMetres(own, other)) }))
    .sort((a, b) => a.metres - b.metres || (a.key < b.key ? -1 : 1))
    .slice(0, NAMED_NEIGHBOURS);
  return { others: others.length, nearest };
}

/**
 * Tries the middle of each neighbour of every parent that lowers the scale. A better place elsewhere may be nearer; these
 * are true ones.
 */
function betterPlaces(of: {
  readonly facts: HotspotFacts;
  readonly cell: Cell;
  readonly scale: bigint;
  readonly levels: readonly LevelDensity[];
  readonly cells: readonly Cell[];
  readonly policy: Policy;
}): readonly BetterPlace[] {
  const table = of.policy.density;
  // One ring more than a scale depends on: the tried places lie that much farther out.
  const around = cellsAround(of.cell, {
    cells: of.cells,
    rings: 3,
    resolution: table.at(-1)?.resolution ?? 0,
  });
  const others = around.toSpliced(around.indexOf(of.cell), 1);
  const tried = new Set(
    of.levels
      .filter(({ clipped, unclipped }) => clipped < unclipped)
      .flatMap(({ parent }) => ringAround(parent)),
  );
  const places = [...tried]
    .filter((cell) => regionOf(cell) === regionOf(of.cell))
    .map((cell): BetterPlace => {
      const centre = cellCentre(cell);
      const { scale } = densityOfCell(cell, { cells: [...others, cell], table });
      return { cell, ...centre, metres: Math.round(distanceMetres(of.facts, centre)), scale };
    })
    .filter(({ scale }) => scale > of.scale)
    .sort((a, b) => a.metres - b.metres);
  const [nearest] = places;
  if (nearest === undefined) return [];
  const best = places.reduce((most, place) => (place.scale > most.scale ? place : most), nearest);
  return best === nearest ? [nearest] : [nearest, best];
}

/** The asserted cells in the middle of a cell's neighbours. */
function ringAround(parent: bigint): readonly Cell[] {
  const hex = parent.toString(16);
  return gridRing(hex, 1).map((near) => parseCell(BigInt(`0x${cellToCenterChild(near, ASSERTED)}`)));
}
