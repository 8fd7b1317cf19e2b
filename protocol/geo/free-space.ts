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
  return roundedProduct(path.metres, path.frequency) <= limit;
}

/** Free-space loss in tenths of a dB, rounded up: the least that `fitsFreeSpace` accepts, or null beyond the table. */
export function freeSpaceTenths(metres: number, frequency: bigint): number | null {
  const product = roundedProduct(metres, frequency);
  let [low, high] = [0, LAST + 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (product <= (FREE_SPACE_TABLE[middle] ?? 0)) high = middle;
    else low = middle + 1;
  }
  return low > LAST ? null : low;
}

/** Free-space loss in dB as a decimal, for people only; within 1e-11 dB, -Infinity where there is no distance. */
export function freeSpaceLoss(metres: number, frequency: bigint): number {
  return (20 / LN_10) * logarithm((4 * PI * metres * Number(frequency)) / 2.998e8);
}

/**
 * Compares with the table as the exact product does: both roundings keep order, entries are below 2^53, and integers up to
 * 2^53 are not rounded.
 */
function roundedProduct(metres: number, frequency: bigint): number {
  return metres * Number(frequency);
}

const PI = 3.141592653589793;
const LN_2 = 0.6931471805599453;
const LN_10 = 2.302585092994046;

/** Natural logarithm on IEEE + - * / only, the same bits on every engine. */
function logarithm(value: number): number {
  if (!(value > 0)) return -Infinity;
  let [mantissa, doublings] = [value, 0];
  for (; mantissa > 1.5; doublings += 1) mantissa /= 2;
  for (; mantissa < 0.75; doublings -= 1) mantissa *= 2;
  // ln m = 2 artanh t with |t| <= 1/5: the first term left out is below 1e-17.
  const t = (mantissa - 1) / (mantissa + 1);
  let sum = 0;
  for (let n = 21; n >= 1; n -= 2) sum = 1 / n + t * t * sum;
  return doublings * LN_2 + 2 * t * sum;
}
