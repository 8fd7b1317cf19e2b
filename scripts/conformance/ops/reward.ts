import { DEFAULT_POLICY } from '#protocol/policy';
import { packetCredits } from '#protocol/reward/credits';
import { decimalText } from '#protocol/reward/decimal';
import { densityScales, SCALE_DECIMALS } from '#protocol/reward/density';
import { RATE_DECIMALS, rewardEpoch, type EpochRewards, type HotspotShares } from '#protocol/reward/pools';
import { pocUnits, UNIT_DECIMALS } from '#protocol/reward/units';
import { listOf, object, type Read } from '../input/fields.ts';
import type { Json, Op } from '../op.ts';
import { policyOf, TIERS } from '../input/policy.ts';
import { malformed } from '../refusal.ts';
import { amountOf, cellOf, count, decimal, oneOf, size, text, u64 } from '../input/values.ts';

/** Places of shares and credits in a line: an epoch's own have 8 and none. */
const PLACES = 18;

/** Units of a PoC with so many selected witnesses. */
export const units: Op = (input) => unitsText(input.get('n', count), DEFAULT_POLICY.units);

/** Transmit scales of cells, one per hotspot. */
export const density: Op = (input) => {
  const scales = densityScales(input.get('cells', listOf(cellOf(11))), DEFAULT_POLICY.density);
  return {
    scale: Object.fromEntries(
      [...scales].map(([cell, scale]) => [String(cell), decimalText(scale, SCALE_DECIMALS)]),
    ),
  };
};

/** Data credits of a packet. */
export const credits: Op = (input) => ({
  credits: String(packetCredits(input.get('payload_size', size(0, Number.MAX_SAFE_INTEGER)), DEFAULT_POLICY)),
});

/** Divides an epoch's emission; the oracles' pool is reported as if one had voted. */
export const epoch: Op = (input) => {
  const policy = input.optional('policy', policyOf, DEFAULT_POLICY);
  const price = input.get('price', u64);
  if (price === 0n) throw malformed('in.price', 'a price above 0', 0);
  const shares = input.get('shares', listOf(share));
  const seen = new Set<string>();
  for (const [at, { key }] of shares.entries()) {
    if (seen.has(key)) throw malformed(`in.shares.${at}.key`, 'each key once', key);
    seen.add(key);
  }
  const emission = input.get('emission', amountOf);
  return rewardsOut(
    rewardEpoch({
      emission,
      policy: { ...policy, credit_price: String(price) },
      shares,
      voters: 1,
      decimals: { shares: PLACES, credits: PLACES },
    }),
  );
};

/** Beacon's and each witness's units with all their decimals. */
export function unitsText(
  selected: number,
  rule: typeof DEFAULT_POLICY.units,
): { readonly beacon: string; readonly witness: string } {
  const { beacon, witness } = pocUnits(selected, rule);
  return { beacon: decimalText(beacon, UNIT_DECIMALS), witness: decimalText(witness, UNIT_DECIMALS) };
}

const share: Read<HotspotShares<string>> = (value, path) => {
  const of = object(value, path);
  const label = of.get('key', text);
  if (label === '') throw malformed(`${path}.key`, 'a key or another label', label);
  return {
    key: label,
    beacon: of.get('beacon', decimal(PLACES)),
    witness: of.get('witness', decimal(PLACES)),
    credits: of.get('credits', decimal(PLACES)),
    open: of.optional('tier', oneOf(TIERS), 'endorsed') === 'open',
  };
};

function rewardsOut(rewards: EpochRewards<string>): Readonly<Record<string, Json>> {
  const rate = (value: bigint): string => decimalText(value, RATE_DECIMALS);
  const { beacon, witness, data } = rewards.rates;
  return {
    amounts: rewards.amounts.map((of) => ({
      key: of.key,
      beacon: String(of.beacon),
      witness: String(of.witness),
      data: String(of.data),
    })),
    unallocated: {
      poc: String(rewards.unallocated + rewards.capped),
      capped: String(rewards.capped),
      delegators: String(rewards.delegators),
    },
    operations: String(rewards.operations),
    oracles: String(rewards.oracles),
    minted: String(rewards.minted),
    rates: {
      beacon: rate(beacon.rate),
      witness: rate(witness.rate),
      data: rate(data.rate),
      open: { beacon: rate(beacon.open), witness: rate(witness.open), data: rate(data.open) },
    },
  };
}
