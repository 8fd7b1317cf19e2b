import {
  cellToChildren,
  cellToLatLng,
  getPentagons,
  getRes0Cells,
  gridDisk,
  isPentagon,
  latLngToCell,
} from 'h3-js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cellCentre, cellResolution, parseCell } from '#protocol/geo/cell';
import { facePoint } from '#protocol/geo/h3/face-point';
import { direction, FACES } from '#protocol/geo/h3/icosahedron';
import type { Cell } from '#protocol/units';
import { arcTangent, asNumber, ONE, PI, squareRoot } from '../../support/fixed-point.ts';
import { globe } from '../../support/globe.ts';

const RESOLUTIONS = Array.from({ length: 16 }, (_, resolution) => resolution);

const cellOf = (digits: string): Cell => {
  const value = BigInt(`0x${digits}`);
  return parseCell(value, cellResolution(value));
};
/** All over the globe, of all resolutions by turns. */
const anywhere = (seed: number, numRuns: number): string[] =>
  fc.sample(globe, { seed, numRuns }).map((point, at) => latLngToCell(...point, at % 16));
const pentagons = RESOLUTIONS.flatMap((resolution) =>
  getPentagons(resolution).flatMap((cell) => gridDisk(cell, resolution < 2 ? 1 : 4)),
);
/** Along the edges of the faces: the chord between two corners of a face, seen from the centre of the Earth. */
const edges = FACES.flatMap((corners) =>
  [...Array(300).keys()].flatMap((at) => {
    const { x, y, z } = direction({ corners, weights: [at, 300 - at, 0] });
    const latitude = (Math.atan2(Number(z), Math.hypot(Number(x), Number(y))) * 180) / Math.PI;
    const cell = latLngToCell(latitude, (Math.atan2(Number(y), Number(x)) * 180) / Math.PI, at % 16);
    return gridDisk(cell, 1);
  }),
);
const poles = RESOLUTIONS.flatMap((resolution) =>
  [90, -90].flatMap((latitude) => gridDisk(latLngToCell(latitude, 0, resolution), resolution < 2 ? 0 : 3)),
);
const coarse = getRes0Cells().flatMap((cell) => [0, 1, 2, 3].flatMap((finer) => cellToChildren(cell, finer)));

/** Nanodegrees with 60 decimals. */
function exactCentre(cell: Cell): readonly [bigint, bigint] {
  const { x, y, z } = direction(facePoint(cell, cellResolution(cell)));
  const scale = (radians: bigint): bigint => (radians * 180_000_000_000n * ONE) / PI;
  const level = squareRoot((x * x + y * y) * ONE);
  return [scale(arcTangent(z * ONE, level)), scale(arcTangent(y, x))];
}

/** Whether H3's own doubles agree within a nanodegree of arc; its arc sine leaves more close to a pole. */
function asH3(digits: string): boolean {
  const centre = cellCentre(cellOf(digits));
  const [latitude, longitude] = cellToLatLng(digits);
  const level = Math.cos((latitude * Math.PI) / 180);
  const north = Math.abs(centre.latitude - latitude * 1e9);
  const east = Math.abs(centre.longitude - longitude * 1e9);
  // Half a nanodegree of our rounding, and what an arc sine makes of H3's last bits.
  return Math.max(north, Math.min(east, 360e9 - east) * level) < 0.501 + 2e-5 / level;
}

describe('the centre of a cell', () => {
  test.each<[string, readonly string[]]>([
    ['200,000 anywhere, of resolutions 0 to 15', anywhere(21, 200_000)],
    ['all base cells and all cells down to resolution 3', coarse],
    ['around every pentagon of every resolution', pentagons],
    ['along the edges of the faces', edges],
    ['around the poles', poles],
  ])('is where H3 has it, within a nanodegree: %s', (_, cells) => {
    const elsewhere = cells.filter((cell) => !asH3(cell));
    expect(elsewhere.slice(0, 5)).toEqual([]);
  });

  test('is the exact one, rounded', () => {
    const cells = [anywhere(22, 20_000), pentagons, edges, poles].flat();
    const wrong: unknown[] = [];
    let [worst, undecided] = [0, 0];
    for (const digits of cells) {
      const cell = cellOf(digits);
      const centre = cellCentre(cell);
      const exact = exactCentre(cell);
      for (const [at, value] of [centre.latitude, centre.longitude].entries()) {
        const off = Math.abs(asNumber((exact[at] ?? 0n) - BigInt(value) * ONE));
        worst = Math.max(worst, off - 0.5);
        if (off > 0.5) undecided += 1;
        if (!(off < 0.5001)) wrong.push({ digits, centre, off });
      }
    }
    expect(wrong.slice(0, 5)).toEqual([]);
    console.log(
      `seed 22: ${undecided} of ${cells.length} centres rounded the other way, worst ${worst.toExponential(1)}`,
    );
  });

  test('is the corner of the icosahedron for a pentagon', () => {
    for (const digits of getPentagons(12)) {
      expect(isPentagon(digits)).toBe(true);
      const { weights } = facePoint(cellOf(digits), 12);
      expect(weights.filter((weight) => weight === 0)).toHaveLength(2);
    }
  });
});

describe('the icosahedron', () => {
  test('is one: corners of a face are as far from each other as the golden ratio wants', () => {
    const corner = (at: number) => direction({ corners: [at, 0, 0], weights: [1, 0, 0] });
    const root = squareRoot(5n * ONE);
    for (const [p, q, r] of FACES)
      for (const [from, to, cosine] of [
        [p, q, (ONE * ONE) / root],
        [q, r, (ONE * ONE) / root],
        [r, p, (ONE * ONE) / root],
        [p, p, ONE],
      ] as const) {
        const [a, b] = [corner(from), corner(to)];
        const product = ((a.x * b.x + a.y * b.y + a.z * b.z) * ONE) / 10n ** 48n;
        expect(Math.abs(asNumber(product - cosine))).toBeLessThan(1e-23);
      }
  });
});
