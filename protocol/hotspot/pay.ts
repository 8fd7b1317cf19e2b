import type { EpochShares } from '../settle/folder/shares-file.ts';
import { RATE_DECIMALS, SHARE_DECIMALS } from '../reward/pools.ts';
import { amount, type Amount, type HotspotKey } from '../units.ts';

/** A pool's part of a hotspot's pay: `amount` = floor(rate x shares); decimals as in reward/pools.ts. */
export interface PoolPay {
  readonly shares: bigint;
  readonly rate: bigint;
  readonly amount: Amount;
  /** What the same shares would be at the rate of hotspots that are endorsed or bonded. */
  readonly uncapped: Amount;
}

/** What a hotspot earned in an epoch, by pool. */
export interface HotspotPay {
  /** Whether the capped rate of open hotspots holds. */
  readonly open: boolean;
  readonly beacon: PoolPay;
  readonly witness: PoolPay;
  readonly data: PoolPay;
  readonly total: Amount;
  /** The total at the rate of hotspots that are endorsed or bonded. */
  readonly uncapped: Amount;
}

/** null where the hotspot had no shares. */
export function hotspotPay({
  key,
  shares: file,
}: {
  readonly key: HotspotKey;
  readonly shares: EpochShares;
}): HotspotPay | null {
  const payout = file.hotspots.get(key);
  if (payout === undefined) return null;
  const { open, shares, amounts } = payout;
  const pay = (pool: 'beacon' | 'witness' | 'data', scaled: bigint): PoolPay => {
    const { rate, open: capped } = file.rates[pool];
    const uncapped = amount((rate * scaled) / 10n ** BigInt(RATE_DECIMALS + SHARE_DECIMALS));
    return { shares: scaled, rate: open ? capped : rate, amount: amounts[pool], uncapped };
  };
  const pools = {
    beacon: pay('beacon', shares.beacon),
    witness: pay('witness', shares.witness),
    data: pay('data', shares.credits * 10n ** BigInt(SHARE_DECIMALS)),
  };
  const sum = (of: 'amount' | 'uncapped'): Amount =>
    amount(pools.beacon[of] + pools.witness[of] + pools.data[of]);
  return { open, ...pools, total: sum('amount'), uncapped: sum('uncapped') };
}
