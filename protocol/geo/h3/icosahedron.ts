/** Three values, one for each corner of a face, counterclockwise as seen from outside. */
export type Triple = readonly [number, number, number];

/** A point of a face, or of the plane around it: integer weights of three corners, of constant sum. */
export interface FacePoint {
  readonly corners: Triple;
  readonly weights: Triple;
}

/**
 * Corners 0 to 5 of the icosahedron in Fuller's orientation, as (x, y, z) x 10^24; corner 11 - n lies opposite n. It is
 * the exact icosahedron closest to the face centres and azimuths in H3's faceijk.c, which it meets within 1e-16.
 */
const CORNERS: readonly (readonly [bigint, bigint, bigint])[] = [
  [420152426708710000668028n, 78145249402782942316484n, 904082550615019293920910n],
  [518836730327364435880368n, 835420380378235863108507n, 181331837557262447528246n],
  [-414682225320335083920304n, 655962405434800683207688n, 630675807891475265926304n],
  [-515455959944041873403820n, -381716898287133014352049n, 767200992517747495477381n],
  [355781402532944755521024n, -843580002466178124575261n, 402234226602925525283848n],
  [995009439436241559186482n, -91347795276427904918320n, 40147175877166707658630n],
];

/** Corners of the faces by H3's number of the face; its i, j and k axes point to the three. */
export const FACES: readonly Triple[] = [
  [0, 1, 2],
  [0, 2, 3],
  [0, 3, 4],
  [0, 4, 5],
  [0, 5, 1],
  [7, 2, 1],
  [6, 3, 2],
  [10, 4, 3],
  [9, 5, 4],
  [8, 1, 5],
  [2, 7, 6],
  [3, 6, 10],
  [4, 10, 9],
  [5, 9, 8],
  [1, 8, 7],
  [11, 6, 7],
  [11, 10, 6],
  [11, 9, 10],
  [11, 8, 9],
  [11, 7, 8],
];

/** The corner that completes the face to the left of the edge from one corner to another, at 12 * from + to. */
const thirdCorner: ReadonlyMap<number, number> = new Map(
  FACES.flatMap(([p, q, r]): [number, number][] => [
    [12 * p + q, r],
    [12 * q + r, p],
    [12 * r + p, q],
  ]),
);

/** The same point by the corners of the face across the edge opposite the first corner, as if both lay in one plane. */
export function fold({ corners: [, q, r], weights: [a, b, c] }: FacePoint): FacePoint {
  const across = thirdCorner.get(12 * r + q);
  if (across === undefined) throw new RangeError(`no edge from corner ${r} to ${q}`);
  return { corners: [across, r, q], weights: [-a, c + a, b + a] };
}

/** The same point with the next corner first. */
export function turn({ corners: [p, q, r], weights: [a, b, c] }: FacePoint): FacePoint {
  return { corners: [q, r, p], weights: [b, c, a] };
}

/** Direction of a point from the centre of the Earth, exact, of any length; z to the North Pole, x to 0 degrees. */
export function direction({ corners, weights }: FacePoint): { x: bigint; y: bigint; z: bigint } {
  let [x, y, z] = [0n, 0n, 0n];
  for (const [at, weight] of weights.entries()) {
    const corner = corners[at] ?? 0;
    const position = CORNERS[Math.min(corner, 11 - corner)];
    if (position === undefined) throw new RangeError(`no corner ${corner}`);
    const times = BigInt(corner < 6 ? weight : -weight);
    x += times * position[0];
    y += times * position[1];
    z += times * position[2];
  }
  return { x, y, z };
}
