import { createHash } from 'node:crypto';

/** Draws that follow from a seed alone: 0 <= draw < 1. */
export type Random = () => number;

/** The same parts, the same draws. */
export function seededRandom(...parts: readonly (string | number)[]): Random {
  const seed = createHash('sha256').update(parts.join('\n')).digest();
  let block: Buffer = seed;
  let at = 0;
  let count = 0;
  return () => {
    if (at + 4 > block.length) {
      count += 1;
      block = createHash('sha256').update(seed).update(String(count)).digest();
      at = 0;
    }
    at += 4;
    return block.readUInt32LE(at - 4) / 2 ** 32;
  };
}

export function randomBytesOf(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => Math.floor(random() * 256));
}

/** low <= draw < high */
export function between(random: Random, low: number, high: number): number {
  return low + (high - low) * random();
}
