import type { Policy } from '../policy.ts';
import { divideHalfEven } from './decimal.ts';

/** Reward units of one PoC, scaled by 10^UNIT_DECIMALS; `witness` is each selected witness's. */
export interface PocUnits {
  readonly beacon: bigint;
  readonly witness: bigint;
}

export const UNIT_DECIMALS = 4;

/** Beyond so many factors r^k only breaks ties, which it does alike for every k: r is at most 0.99. */
const MOST_FACTORS = 4096;
const ONE = 10_000n;

/** Units for `selected` paid witnesses (poc.md 5), half-even at 4 decimals. */
export function pocUnits(selected: number, rule: Policy['units']): PocUnits {
  if (!Number.isSafeInteger(selected) || selected < 0)
    throw new RangeError(`expected a number of witnesses, got ${selected}`);
  if (selected === 0) return { beacon: 0n, witness: 0n };
  const [n, desired, cap] = [BigInt(selected), BigInt(rule.witnesses), BigInt(rule.cap_bp)];
  if (n <= desired) return { beacon: least(cap, divideHalfEven(n * ONE, desired)), witness: least(cap, ONE) };
  // 1 - r^k as a fraction: what the witnesses beyond N add to the beaconer, and take from each other.
  const factors = BigInt(Math.min(selected - rule.witnesses, MOST_FACTORS));
  const one = ONE ** factors;
  const grown = one - BigInt(rule.decay_bp) ** factors;
  return {
    beacon: least(cap, divideHalfEven((one + grown) * ONE, one)),
    witness: least(cap, divideHalfEven((desired * one - grown) * ONE, one * n)),
  };
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
