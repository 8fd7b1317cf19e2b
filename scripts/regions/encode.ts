import { base64 } from '@scure/base';
import { cellToChildren, getRes0Cells, isPentagon } from 'h3-js';
import { HIGH_SEAS, NO_PLAN, type Claim } from './shapes.ts';

/** A claim that holds in all of a cell, or the nodes of its children; the second child of a pentagon is none. */
type Node = Claim | readonly (Node | null)[];

/** The claims of cells as protocol/geo/region-table.ts reads them. */
export function encodeRegionTable(claims: ReadonlyMap<string, Claim>): string {
  const bits: number[] = [];
  let [last, before]: [Claim, Claim] = [NO_PLAN, NO_PLAN];
  let level: readonly (Node | null)[] = getRes0Cells().map((cell) => nodeOf(cell, 0, claims));
  while (level.length > 0) {
    for (const node of level) {
      if (node === null || node === last) bits.push(0);
      else if (node === before) {
        bits.push(1, 0);
        [last, before] = [before, last];
      } else if (typeof node !== 'number') bits.push(1, 1, 0);
      else {
        bits.push(1, 1, 1, node >> 3, (node >> 2) & 1, (node >> 1) & 1, node & 1);
        [last, before] = [node, last];
      }
    }
    level = level.flatMap((node) => (typeof node === 'object' && node !== null ? node : []));
  }
  const bytes = new Uint8Array(Math.ceil(bits.length / 8));
  for (const [at, bit] of bits.entries()) bytes[at >> 3] = (bytes[at >> 3] ?? 0) | (bit << (7 - (at & 7)));
  return base64.encode(bytes);
}

/** One claim where all children have it; the high seas are in no region, as are countries without a plan. */
function nodeOf(cell: string, resolution: number, claims: ReadonlyMap<string, Claim>): Node {
  const claim = claims.get(cell);
  if (claim !== undefined) return claim === HIGH_SEAS ? NO_PLAN : claim;
  const children = cellToChildren(cell, resolution + 1).map((child) => nodeOf(child, resolution + 1, claims));
  const [first] = children;
  if (typeof first === 'number' && children.every((child) => child === first)) return first;
  return isPentagon(cell) ? [children[0] ?? NO_PLAN, null, ...children.slice(1)] : children;
}
