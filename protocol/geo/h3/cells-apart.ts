import { gridDistance } from 'h3-js';
import { ProtocolError } from '../../errors.ts';
import type { Cell } from '../../units.ts';
import { BASE_CELLS } from './base-cells.ts';
import { cellParent, readBits } from './bits.ts';
import { facePoint } from './face-point.ts';
import { fold, turn, type FacePoint } from './icosahedron.ts';

/** Resolution at which the least distance of a pair is counted. */
const APART_RESOLUTION = 11;
/** Base cells that are not neighbours are further apart than this, some 180 km: H3 counts no steps between those. */
const NEAR = 4096;

/** Where grid distances of a cell are counted from. */
export interface GridPoint {
  readonly cell: Cell;
  /** null around a pentagon, where H3 counts some pairs and others not: its own code decides. */
  readonly point: FacePoint | null;
}

/** The point of a cell of resolution 11 or finer; malformed_cell for a coarser one. */
export function gridPoint(cell: Cell): GridPoint {
  return { cell, point: inPentagon(cell) ? null : facePoint(cell, APART_RESOLUTION) };
}

/**
 * Grid distance of two cells at resolution 11 (poc.md 4, check 13); null where H3 gives none. Throws malformed_cell for a
 * cell that is coarser.
 */
export function cellsApart(a: Cell, b: Cell): number | null {
  return stepsApart(gridPoint(a), gridPoint(b));
}

/** `cellsApart` of two cells by their points, for one that is in many pairs. */
export function stepsApart(a: GridPoint, b: GridPoint): number | null {
  const steps = a.point === null || b.point === null ? null : stepsBetween(a.point, b.point);
  if (steps !== null && steps < NEAR) return steps;
  const [from, to] = [cellParent(a.cell, APART_RESOLUTION), cellParent(b.cell, APART_RESOLUTION)];
  try {
    return gridDistance(from.toString(16), to.toString(16));
  } catch {
    return null;
  }
}

function inPentagon(cell: Cell): boolean {
  const { resolution, base } = readBits(cell);
  if (resolution < APART_RESOLUTION)
    throw new ProtocolError('malformed_cell', { cell, resolution, problem: 'coarser than resolution 11' });
  return BASE_CELLS[base]?.pentagon ?? false;
}

/** Steps between points of one face or of two that share an edge, in the plane; null for other faces. */
function stepsBetween(a: FacePoint, b: FacePoint): number | null {
  const seen =
    seenFrom(b, a) ?? seenFrom(b, fold(a)) ?? seenFrom(b, fold(turn(a))) ?? seenFrom(b, fold(turn(turn(a))));
  if (seen === null) return null;
  const [ai, aj, ak] = seen.weights;
  const [bi, bj, bk] = b.weights;
  // Three weights are one step of the even resolution's grid; the odd one's is turned and wider by the root of 7.
  const x = (ai - ak - (bi - bk)) / 3;
  const y = (aj - ak - (bj - bk)) / 3;
  const i = (2 * x + y) / 7;
  const j = (3 * y - x) / 7;
  return Math.max(i, j, 0) - Math.min(i, j, 0);
}

/** The point by the corners of another one's face, in their order; null where its own are others. */
function seenFrom({ corners: [p, q, r] }: FacePoint, point: FacePoint): FacePoint | null {
  let turned = point;
  for (let turns = 0; turns < 3; turns += 1) {
    const { corners } = turned;
    if (corners[0] === p && corners[1] === q && corners[2] === r) return turned;
    turned = turn(turned);
  }
  return null;
}
