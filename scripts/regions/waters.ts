import type { Place } from '#protocol/geo/cell';
import { cosine, sine } from '#protocol/geo/trigonometry';
import { HIGH_SEAS, type Claim, type Shape } from './shapes.ts';

/**
 * The territorial sea, 12 nautical miles, and 12 km more, as far as cells of resolution 5 reach from their centres: so no
 * place in the territorial sea is left out. In radii of the Earth, like all distances here.
 */
const BREADTH = (22_224 + 12_000) / 6_371_007.180918475;
/** Two shores are equally near where their distances differ by less, a hundred times what rounding can do. */
const EQUAL = 1e-13;

interface Vector {
  readonly x: number;
  readonly y: number;
  readonly z: number;
}

interface Shore {
  readonly from: Vector;
  readonly to: Vector;
  readonly claim: Claim;
}

/**
 * The claim of the country whose shore is nearest to a place at sea, within BREADTH; of shores equally near, as where a border
 * meets the sea, the lowest region's.
 */
export function watersOf(shapes: readonly Shape[]): (place: Place) => Claim {
  // By cubes as wide as the sea is broad: what is within reach lies in those beside.
  const cubes = new Map<number, Shore[]>();
  for (const shore of shoresOf(shapes))
    for (const cube of cubesBetween(shore.from, shore.to, 0)) {
      const inside = cubes.get(cube);
      if (inside === undefined) cubes.set(cube, [shore]);
      else inside.push(shore);
    }

  return (at) => {
    const place = vectorTo(at);
    const nearest = new Map<Claim, number>();
    for (const cube of cubesBetween(place, place, BREADTH))
      for (const shore of cubes.get(cube) ?? []) {
        const away = distance(shore, place);
        if (away < (nearest.get(shore.claim) ?? Infinity)) nearest.set(shore.claim, away);
      }
    let best = { claim: HIGH_SEAS, away: BREADTH };
    for (const [claim, away] of [...nearest].sort(([a], [b]) => a - b))
      if (away < best.away - EQUAL) best = { claim, away };
    return best.claim;
  };
}

function* shoresOf(shapes: readonly Shape[]): Generator<Shore> {
  for (const { claim, rings } of shapes)
    for (const ring of rings) {
      let from: Vector | undefined;
      for (const [longitude, latitude] of ring) {
        const to = vectorTo({ latitude: nanodegrees(latitude), longitude: nanodegrees(longitude) });
        if (from !== undefined) yield { from, to, claim };
        from = to;
      }
    }
}

/** By sines and cosines that are the same in every engine. */
function vectorTo({ latitude, longitude }: Place): Vector {
  const across = cosine(latitude);
  return { x: across * cosine(longitude), y: across * sine(longitude), z: sine(latitude) };
}

/** From the place to the nearest point of the shore, all taken as straight lines. */
function distance({ from, to }: Shore, place: Vector): number {
  const [dx, dy, dz] = [to.x - from.x, to.y - from.y, to.z - from.z];
  const [x, y, z] = [place.x - from.x, place.y - from.y, place.z - from.z];
  const length = dx * dx + dy * dy + dz * dz;
  const part = length === 0 ? 0 : Math.min(1, Math.max(0, (x * dx + y * dy + z * dz) / length));
  const [ex, ey, ez] = [x - part * dx, y - part * dy, z - part * dz];
  return Math.sqrt(ex * ex + ey * ey + ez * ez);
}

function* cubesBetween(a: Vector, b: Vector, margin: number): Generator<number> {
  const first = (c: number, d: number): number => Math.floor((Math.min(c, d) - margin) / BREADTH) + 512;
  const last = (c: number, d: number): number => Math.floor((Math.max(c, d) + margin) / BREADTH) + 512;
  for (let x = first(a.x, b.x); x <= last(a.x, b.x); x += 1)
    for (let y = first(a.y, b.y); y <= last(a.y, b.y); y += 1)
      for (let z = first(a.z, b.z); z <= last(a.z, b.z); z += 1) yield (x * 1024 + y) * 1024 + z;
}

function nanodegrees(degrees: number): number {
  return Math.round(degrees * 1e9);
}
