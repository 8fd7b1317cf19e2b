import { FREE_SPACE_TABLE } from './free-space-table.ts';

const LAST = FREE_SPACE_TABLE.length - 1;

/**
 * Whether free space attenuates by at most `tenths` of a dB over whole metres at a frequency in Hz: d * f <= T[s], exact.
 * Below 0 dB nothing but no distance passes; beyond the table (8,000 km at 900 MHz) its last entry holds.
 */
export function fitsFreeSpace(path: {
  readonly tenths: number;
  readonly metres: number;
  readonly frequency: bigint;
}): boolean {
  const limit = path.tenths < 0 ? 0 : (FREE_SPACE_TABLE[Math.min(path.tenths, LAST)] ?? 0);
  return BigInt(path.metres) * path.frequency <= limit;
}

/** Free-space loss in tenths of a dB, rounded up: the least that `fitsFreeSpace` accepts, or null beyond the table. */
export function freeSpaceTenths(metres: number, frequency: bigint): number | null {
  const product = BigInt(metres) * frequency;
  let [low, high] = [0, LAST + 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (product <= (FREE_SPACE_TABLE[middle] ?? 0)) high = middle;
    else low = middle + 1;
  }
  return low > LAST ? null : low;
}

/** Free-space loss in dB as a decimal, for people only: its last digits depend on the engine. */
export function freeSpaceLoss(metres: number, frequency: bigint): number {
  return 20 * Math.log10((4 * Math.PI * metres * Number(frequency)) / 2.998e8);
}
