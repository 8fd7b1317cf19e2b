import { ProtocolError } from '../../errors.ts';
import { BASE_CELLS } from './base-cells.ts';
import { digitAt, readBits } from './bits.ts';
import { fold, turn, type FacePoint } from './icosahedron.ts';

/** Digits are bits: 4 steps along the i axis, 2 along j, 1 along k; j and k together lead away from i. */
const AWAY_FROM_I = 3;

/**
 * The centre of a valid cell's ancestor at a resolution, by the corners of the face that it lies on. Weights are exact and
 * sum up to 6 x 7^n, n = half the resolution rounded up.
 */
export function facePoint(cell: bigint, resolution: number): FacePoint {
  const bits = readBits(cell);
  const base = BASE_CELLS[bits.base];
  if (base === undefined)
    throw new ProtocolError('malformed_cell', { cell, problem: `no base cell ${bits.base}` });
  let { x, y } = base;
  let edge = 2;
  let leading = 0;
  for (let level = 1; level <= resolution; level += 1) {
    const digit = digitAt(bits, level);
    if (leading === 0) leading = digit;
    const before = x;
    // Aperture 7: by turns times 2 - w and its conjugate 3 + w, each of norm 7.
    if (level % 2 === 1) {
      x = 2 * x + y;
      y = 3 * y - before;
      edge *= 7;
    } else {
      x = 3 * x - y;
      y = before + 2 * y;
    }
    x += (digit >> 2) - (digit & 1);
    y += ((digit >> 1) & 1) - (digit & 1);
  }
  // The grid of an odd resolution is turned against the face: count in the next one's.
  if (resolution % 2 === 1) [x, y] = [3 * x - y, x + 2 * y];
  const point: FacePoint = {
    corners: base.corners,
    weights: [edge + 2 * x - y, edge + 2 * y - x, edge - x - y],
  };
  return base.pentagon ? aroundCorner(point, leading) : ontoFace(point);
}

/** Cells of a hexagon reach over one edge of their base cell's face at most. */
function ontoFace(point: FacePoint): FacePoint {
  const [a, b, c] = point.weights;
  if (a < 0) return fold(point);
  if (b < 0) return fold(turn(point));
  return c < 0 ? fold(turn(turn(point))) : point;
}

/**
 * Around a corner there are five faces, not six: digit 1 and with it a sixth of the plane is missing. From the home face,
 * in the direction of digit 3, the plane is laid round the corner over the edge to the second corner; only what begins with
 * digit 3 may reach over the other edge.
 */
function aroundCorner(point: FacePoint, leading: number): FacePoint {
  if (leading === AWAY_FROM_I && point.weights[1] < 0) return fold(turn(point));
  let around = point;
  // Folding puts the common corner last.
  while (around.weights[1] < 0 || around.weights[2] < 0) around = turn(turn(fold(turn(turn(around)))));
  return around;
}
