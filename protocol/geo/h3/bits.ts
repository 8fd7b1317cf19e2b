import { ProtocolError } from '../../errors.ts';

const words = new DataView(new ArrayBuffer(8));

/** The parts of a cell's 64 bits, as numbers that engines compute fast with. */
export interface CellBits {
  /** Bits 63 to 56: reserved, mode (4 bits), reserved (3 bits). */
  readonly head: number;
  readonly resolution: number;
  readonly base: number;
  /** Digits 1 to 5, three bits each. */
  readonly upper: number;
  /** Digits 6 to 15. */
  readonly lower: number;
}

/** Takes a u64 apart. */
export function readBits(cell: bigint): CellBits {
  words.setBigUint64(0, cell);
  const high = words.getUint32(0);
  const low = words.getUint32(4);
  return {
    head: high >>> 24,
    resolution: (high >>> 20) & 15,
    base: (high >>> 13) & 127,
    upper: ((high & 0x1fff) << 2) | (low >>> 30),
    lower: low & 0x3fff_ffff,
  };
}

/** The digit of a level from 1 to 15. */
export function digitAt({ upper, lower }: CellBits, level: number): number {
  return (level <= 5 ? upper >>> (15 - 3 * level) : lower >>> (45 - 3 * level)) & 7;
}

/** The cell's resolution, from its bits. */
export function cellResolution(cell: bigint): number {
  words.setBigUint64(0, cell);
  return (words.getUint32(0) >>> 20) & 15;
}

/** The ancestor at a resolution: digits below it are unused, all ones. malformed_cell where the cell is coarser. */
export function cellParent(cell: bigint, resolution: number): bigint {
  words.setBigUint64(0, cell);
  const high = words.getUint32(0);
  if (((high >>> 20) & 15) < resolution)
    throw new ProtocolError('malformed_cell', { cell, resolution, problem: 'coarser than its parent' });
  const unused = 3 * (15 - resolution);
  const unusedHigh = unused > 32 ? (1 << (unused - 32)) - 1 : 0;
  words.setUint32(0, (high & ~0xf0_0000) | (resolution << 20) | unusedHigh);
  words.setUint32(4, words.getUint32(4) | (unused >= 32 ? -1 : (1 << unused) - 1));
  return words.getBigUint64(0);
}
