import { FACES, type Triple } from './icosahedron.ts';

/** A base cell's centre on its home face, in the grid of resolution 0. */
export interface BaseCell {
  readonly corners: Triple;
  /** The centre is x + y w, with w the third root of one: the face's i axis is 1, j is w, k is w^2 = -1 - w. */
  readonly x: number;
  readonly y: number;
  /** Centred on the face's first corner, without the direction of digit 1. */
  readonly pentagon: boolean;
}

/** Face, then steps along its i, j and k axes, as four decimal digits; H3's baseCells.c has the same facts. */
const HOMES: readonly number[] = [
  1100, 2110, 1000, 2100, 200, 1110, 1001, 2000, 100, 2010, 1010, 1011, 3100, 3110, 11200, 4100, 0, 6010, 1,
  2011, 7001, 2001, 110, 6001, 10200, 6000, 3000, 11100, 4110, 3010, 11, 4000, 5010, 10, 7010, 11110, 7000,
  10100, 12200, 6101, 7101, 4001, 3001, 3011, 4010, 6100, 11000, 8001, 5001, 14200, 5000, 12100, 10110, 4011,
  12110, 7100, 11010, 10000, 13200, 10001, 11001, 9010, 8010, 6200, 8000, 9001, 14100, 5101, 16011, 8101,
  5100, 12000, 7200, 12010, 10010, 9000, 13100, 16001, 15011, 15010, 16010, 14110, 13110, 5200, 8100, 14000,
  9101, 14001, 17001, 12001, 16000, 17011, 15001, 16101, 9100, 15000, 13000, 8200, 13010, 17101, 19010, 14010,
  19011, 17010, 13001, 17000, 16100, 9200, 15101, 15100, 18011, 18001, 19001, 17100, 19000, 18010, 18101,
  19200, 19100, 18000, 19101, 18100,
];

/** H3's 122 base cells. */
export const BASE_CELLS: readonly BaseCell[] = HOMES.map((home) => {
  const [i, j, k] = [Math.floor(home / 100) % 10, Math.floor(home / 10) % 10, home % 10];
  const corners = FACES[Math.floor(home / 1000)];
  if (corners === undefined) throw new RangeError(`no face for ${home}`);
  return { corners, x: i - k, y: j - k, pentagon: i === 2 };
});
