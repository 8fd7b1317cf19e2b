import { cellToChildren, cellToParent, getRes0Cells, gridDisk, latLngToCell } from 'h3-js';
import { cellCentre } from '#protocol/geo/cell';
import type { Cell } from '#protocol/units';
import { landOf } from './land.ts';
import { HIGH_SEAS, type Claim, type Shape } from './shapes.ts';
import { watersOf } from './waters.ts';

/** Where the table starts, goes to at the outer end of the waters, and at borders between claims. */
const COARSE = 4;
const COARSE_AT_SEA = 5;
const FINEST = 7;

/**
 * The claims by cell, resolutions COARSE to FINEST. A cell has the claim that holds at its centre: of the country that it
 * lies in, else of the nearest shore that is near enough. A cell is split, and then its children count, where a
 * neighbour of its resolution has another claim or an outline of a shape with another claim has a vertex in it: down to
 * FINEST, but to COARSE_AT_SEA where the other claim is that of the high seas.
 */
export function claimedCells(shapes: readonly Shape[]): ReadonlyMap<string, Claim> {
  const [land, waters] = [landOf(shapes), watersOf(shapes)];
  const vertices = claimsOfVertices(shapes);
  const table = new Map<string, Claim>();
  let cells = getRes0Cells().flatMap((cell) => cellToChildren(cell, COARSE));
  for (let resolution = COARSE; cells.length > 0; resolution += 1) {
    const claims = new Map(
      cells.map((cell) => {
        const centre = cellCentre(BigInt(`0x${cell}`) as Cell);
        return [cell, land(centre) ?? waters(centre)];
      }),
    );
    const split = new Set<string>();
    for (const [cell, claim] of resolution < FINEST ? claims : []) {
      // Cells at sea are split as neighbours of those that are not.
      if (claim === HIGH_SEAS) continue;
      for (const neighbour of gridDisk(cell, 1)) {
        const other = claims.get(neighbour) ?? claim;
        if (other === claim || (other === HIGH_SEAS && resolution >= COARSE_AT_SEA)) continue;
        split.add(cell).add(neighbour);
      }
    }
    for (const [cell, found] of vertices[resolution] ?? []) {
      const claim = claims.get(cell);
      if (claim !== undefined && [...found].some((other) => other !== claim)) split.add(cell);
    }
    for (const [cell, claim] of claims) if (!split.has(cell)) table.set(cell, claim);
    cells = [...split].flatMap((cell) => cellToChildren(cell, resolution + 1));
  }
  return table;
}

/** By resolution below the finest, the claims of the vertices in each cell. */
function claimsOfVertices(shapes: readonly Shape[]): readonly ReadonlyMap<string, ReadonlySet<Claim>>[] {
  const levels = Array.from({ length: FINEST }, () => new Map<string, Set<Claim>>());
  for (const { claim, rings } of shapes)
    for (const [longitude, latitude] of rings.flat()) {
      let cell = latLngToCell(latitude, longitude, FINEST - 1);
      for (let resolution = FINEST - 1; resolution >= COARSE; resolution -= 1) {
        if (resolution < FINEST - 1) cell = cellToParent(cell, resolution);
        const found = levels[resolution]?.get(cell);
        if (found?.has(claim)) break;
        if (found === undefined) levels[resolution]?.set(cell, new Set([claim]));
        else found.add(claim);
      }
    }
  return levels;
}
