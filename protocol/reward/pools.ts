import type { Policy } from '../policy.ts';
import { amount, type Amount } from '../units.ts';
import { divideHalfEven, divideUp } from './decimal.ts';

/** What a hotspot did in an epoch, scaled by the decimals of `rewardEpoch`: SHARE_DECIMALS, and none for credits. */
export interface HotspotShares<Key> {
  readonly key: Key;
  readonly beacon: bigint;
  readonly witness: bigint;
  /** Data credits that it carried. */
  readonly credits: bigint;
  /** All hotspots of tier open together are capped. */
  readonly open: boolean;
}

/** What a hotspot earned by pool, in smallest token units. */
export interface HotspotAmounts<Key> {
  readonly key: Key;
  readonly beacon: Amount;
  readonly witness: Amount;
  readonly data: Amount;
}

/** Tokens per share of a pool, scaled by 10^RATE_DECIMALS; `open` holds for hotspots of tier open. */
export interface PoolRate {
  readonly rate: bigint;
  readonly open: bigint;
}

/** Where an epoch's emission went; parts that are not minted are named, none is left over. */
export interface EpochRewards<Key> {
  readonly amounts: readonly HotspotAmounts<Key>[];
  readonly rates: { readonly beacon: PoolRate; readonly witness: PoolRate; readonly data: PoolRate };
  readonly operations: Amount;
  /** The oracles' pool, floored, and each voter's equal part of it (0 without voters). */
  readonly oracles: Amount;
  readonly oracle: Amount;
  /** Not minted. */
  readonly delegators: Amount;
  /** Not minted: roundings, and pools without shares; floored once over the three pools of hotspots. */
  readonly unallocated: Amount;
  /** Not minted: what the cap on open hotspots withheld. */
  readonly capped: Amount;
  /** Hotspots' amounts, operations and all voters' parts. */
  readonly minted: Amount;
}

export const SHARE_DECIMALS = 8;
export const RATE_DECIMALS = 15;
const BASIS = 10_000n;
const RATE = 10n ** BigInt(RATE_DECIMALS);
/** Pools are exact at 19 decimals: credits have 15, basis points of what they leave need 4 more. */
const POOL = 10n ** 19n;
/** One credit is 10^-5 USD, one unit of price is 10^-16 USD per smallest token unit. */
const CREDIT = 10n ** 11n;

/** Shares of the hotspots in one pool, `unit` each. */
interface PoolShares {
  readonly all: bigint;
  readonly open: bigint;
  readonly unit: bigint;
}

/** Divides an epoch's emission among hotspots, operations and oracles (poc.md 5). */
export function rewardEpoch<Key>(input: {
  readonly emission: Amount;
  readonly policy: Pick<Policy, 'pools_bp' | 'trust' | 'credit_price' | 'unused_data_to_beacons_bp'>;
  readonly shares: readonly HotspotShares<Key>[];
  readonly voters: number;
  readonly decimals?: { readonly shares: number; readonly credits: number };
}): EpochRewards<Key> {
  const { pools_bp: parts, trust } = input.policy;
  const part = (bp: number): bigint => (input.emission * BigInt(bp) * POOL) / BASIS;
  const cap = BigInt(trust.open_cap_bp);

  const { decimals = { shares: SHARE_DECIMALS, credits: 0 } } = input;
  const beaconShares = sumShares(input.shares, decimals.shares, (entry) => entry.beacon);
  const witnessShares = sumShares(input.shares, decimals.shares, (entry) => entry.witness);
  const dataShares = sumShares(input.shares, decimals.credits, (entry) => entry.credits);

  const data = least(part(parts.data), creditValue(dataShares, BigInt(input.policy.credit_price)));
  const unused = part(parts.data) - data;
  const unusedToBeacons = (unused * BigInt(input.policy.unused_data_to_beacons_bp)) / BASIS;
  const beacons = part(parts.beacons) + unusedToBeacons;
  const witnesses = part(parts.witnesses) + unused - unusedToBeacons;

  const rates = {
    beacon: poolRate(beacons, beaconShares, cap),
    witness: poolRate(witnesses, witnessShares, cap),
    data: poolRate(data, dataShares, cap),
  };
  const amounts = input.shares.map((entry) => ({
    key: entry.key,
    beacon: payout(rateOf(rates.beacon, entry.open), entry.beacon, beaconShares),
    witness: payout(rateOf(rates.witness, entry.open), entry.witness, witnessShares),
    data: payout(rateOf(rates.data, entry.open), entry.credits, dataShares),
  }));
  const paid = amounts.reduce((sum, entry) => sum + entry.beacon + entry.witness + entry.data, 0n);
  const left = (beacons + witnesses + data) / POOL - paid;
  // A rate rounded up may exceed its pool: nothing is left then, nor withheld.
  const rest = left < 0n ? 0n : left;
  const withheldByCap =
    withheld(beacons, beaconShares, cap) +
    withheld(witnesses, witnessShares, cap) +
    withheld(data, dataShares, cap);
  const capped = least(withheldByCap, rest);
  const operations = part(parts.operations) / POOL;
  const oracles = part(parts.oracles) / POOL;
  const oracle = input.voters === 0 ? 0n : oracles / BigInt(input.voters);
  return {
    amounts,
    rates,
    operations: amount(operations),
    oracles: amount(oracles),
    oracle: amount(oracle),
    delegators: amount(part(parts.delegators) / POOL),
    unallocated: amount(rest - capped),
    capped: amount(capped),
    minted: amount(paid + operations + oracle * BigInt(input.voters)),
  };
}

/** What credits are worth in smallest token units, rounded up at 15 decimals, scaled like a pool. */
function creditValue(credits: PoolShares, price: bigint): bigint {
  return divideUp(credits.all * CREDIT * RATE, price * credits.unit) * (POOL / RATE);
}

function sumShares<Key>(
  entries: readonly HotspotShares<Key>[],
  decimals: number,
  share: (entry: HotspotShares<Key>) => bigint,
): PoolShares {
  let [all, open] = [0n, 0n];
  for (const entry of entries) {
    all += share(entry);
    if (entry.open) open += share(entry);
  }
  return { all, open, unit: 10n ** BigInt(decimals) };
}

function poolRate(pool: bigint, shares: PoolShares, capBp: bigint): PoolRate {
  if (shares.all === 0n) return { rate: 0n, open: 0n };
  const perShare = (part: bigint, of: bigint): bigint => divideHalfEven(part * RATE * shares.unit, of * POOL);
  const rate = perShare(pool, shares.all);
  if (shares.open === 0n) return { rate, open: rate };
  return { rate, open: least(rate, perShare(pool * capBp, shares.open * BASIS)) };
}

function rateOf({ rate, open }: PoolRate, isOpen: boolean): bigint {
  return isOpen ? open : rate;
}

function payout(rate: bigint, share: bigint, { unit }: PoolShares): Amount {
  return amount((rate * share) / (RATE * unit));
}

/** Whole units of a pool that the open hotspots would have without their cap. */
function withheld(pool: bigint, shares: PoolShares, capBp: bigint): bigint {
  const above = shares.open * BASIS - capBp * shares.all;
  return above <= 0n ? 0n : (pool * above) / (shares.all * BASIS * POOL);
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
