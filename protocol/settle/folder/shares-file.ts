import type { ComputedEpoch } from '../../epoch.ts';
import { decimalText } from '../../reward/decimal.ts';
import { SCALE_DECIMALS } from '../../reward/density.ts';
import { RATE_DECIMALS, SHARE_DECIMALS, type PoolRate } from '../../reward/pools.ts';
import { keyText } from '../../wire/key.ts';
import { canonicalJson } from '../bytes/canonical-json.ts';

const VERSION = 1;

/** Every hotspot's shares and amounts and the rates between them, in canonical JSON; decimals and amounts as text. */
export function sharesBytes(result: Pick<ComputedEpoch, 'payouts' | 'rewards'>): Uint8Array {
  const { rates } = result.rewards;
  const hotspots = result.payouts.map(({ key, open, scale, shares, amounts }) => ({
    key: keyText(key),
    open,
    scale: scale === null ? null : decimalText(scale, SCALE_DECIMALS),
    beacon_shares: decimalText(shares.beacon, SHARE_DECIMALS),
    witness_shares: decimalText(shares.witness, SHARE_DECIMALS),
    credits: shares.credits.toString(),
    beacon: amounts.beacon.toString(),
    witness: amounts.witness.toString(),
    data: amounts.data.toString(),
  }));
  return canonicalJson({
    version: VERSION,
    hotspots,
    rates: { beacon: rateOf(rates.beacon), witness: rateOf(rates.witness), data: rateOf(rates.data) },
  });
}

function rateOf(rate: PoolRate): { readonly rate: string; readonly open: string } {
  return { rate: decimalText(rate.rate, RATE_DECIMALS), open: decimalText(rate.open, RATE_DECIMALS) };
}
