import { divideHalfEven } from './decimal.ts';

/** Reward units of one PoC, scaled by 10^UNIT_DECIMALS; `witness` is each selected witness's. */
export interface PocUnits {
  readonly beacon: bigint;
  readonly witness: bigint;
}

export const UNIT_DECIMALS = 4;

/** N of poc.md 5: witnesses up to which every further one counts in full. */
const DESIRED = 4;
/** r = 4/5. Beyond 64 factors r^k only breaks ties, which it does alike for every k. */
const MOST_FACTORS = 64;
const ONE = 10_000n;
const CAP = 2n * ONE;

/** Units for `selected` paid witnesses (poc.md 5), half-even at 4 decimals. */
export function pocUnits(selected: number): PocUnits {
  if (!Number.isSafeInteger(selected) || selected < 0)
    throw new RangeError(`expected a number of witnesses, got ${selected}`);
  if (selected === 0) return { beacon: 0n, witness: 0n };
  const n = BigInt(selected);
  if (selected <= DESIRED) return { beacon: divideHalfEven(n * ONE, BigInt(DESIRED)), witness: ONE };
  const factors = BigInt(Math.min(selected - DESIRED, MOST_FACTORS));
  const [numerator, denominator] = [4n ** factors, 5n ** factors];
  return {
    beacon: least(CAP, divideHalfEven((2n * denominator - numerator) * ONE, denominator)),
    witness: least(CAP, divideHalfEven((3n * denominator + numerator) * ONE, denominator * n)),
  };
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
