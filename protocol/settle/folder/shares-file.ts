import type { ComputedEpoch, HotspotPayout } from '../../epoch.ts';
import { ProtocolError } from '../../errors.ts';
import { decimalText, parseDecimal } from '../../reward/decimal.ts';
import { SCALE_DECIMALS } from '../../reward/density.ts';
import { RATE_DECIMALS, SHARE_DECIMALS, type EpochRewards, type PoolRate } from '../../reward/pools.ts';
import { amount, type Amount, type HotspotKey } from '../../units.ts';
import { keyFromText, keyText } from '../../wire/key.ts';
import { canonicalJson, openCanonicalJson } from '../bytes/canonical-json.ts';
import { JsonFields } from '../json-fields.ts';

const VERSION = 1;
const fields = new JsonFields('malformed_folder');

/** What shares.json holds: the rates, and every hotspot with shares. */
export interface EpochShares {
  readonly hotspots: ReadonlyMap<HotspotKey, HotspotPayout>;
  readonly rates: EpochRewards<HotspotKey>['rates'];
}

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

/** Inverse of `sharesBytes`; malformed_folder names the field. */
export function openShares(bytes: Uint8Array): EpochShares {
  const value = openCanonicalJson(bytes);
  if (value === undefined)
    throw new ProtocolError('malformed_folder', { expected: 'canonical JSON (RFC 8785)' });
  const file = fields.object(value, 'shares', ['version', 'hotspots', 'rates']);
  if (file('version') !== VERSION) throw fields.refusal('version', `the version ${VERSION}`, file('version'));
  const rates = fields.object(file('rates'), 'rates', ['beacon', 'witness', 'data']);
  const hotspots = fields
    .list(file('hotspots'), 'hotspots')
    .map((each, at) => openPayout(each, `hotspots.${at}`));
  return {
    hotspots: new Map(hotspots.map((payout) => [payout.key, payout])),
    rates: {
      beacon: openRate(rates('beacon'), 'rates.beacon'),
      witness: openRate(rates('witness'), 'rates.witness'),
      data: openRate(rates('data'), 'rates.data'),
    },
  };
}

function openPayout(value: unknown, path: string): HotspotPayout {
  const item = fields.object(value, path, [
    'key',
    'open',
    'scale',
    'beacon_shares',
    'witness_shares',
    'credits',
    'beacon',
    'witness',
    'data',
  ]);
  const [open, scale] = [item('open'), item('scale')];
  if (typeof open !== 'boolean') throw fields.refusal(`${path}.open`, 'true or false', open);
  const tokens = (name: 'beacon' | 'witness' | 'data'): Amount =>
    amount(decimal(item(name), `${path}.${name}`, 0));
  return {
    key: keyFromText(fields.keyText(item('key'), `${path}.key`)),
    open,
    scale: scale === null ? null : decimal(scale, `${path}.scale`, SCALE_DECIMALS),
    shares: {
      beacon: decimal(item('beacon_shares'), `${path}.beacon_shares`, SHARE_DECIMALS),
      witness: decimal(item('witness_shares'), `${path}.witness_shares`, SHARE_DECIMALS),
      credits: decimal(item('credits'), `${path}.credits`, 0),
    },
    amounts: { beacon: tokens('beacon'), witness: tokens('witness'), data: tokens('data') },
  };
}

function openRate(value: unknown, path: string): PoolRate {
  const item = fields.object(value, path, ['rate', 'open']);
  return {
    rate: decimal(item('rate'), `${path}.rate`, RATE_DECIMALS),
    open: decimal(item('open'), `${path}.open`, RATE_DECIMALS),
  };
}

/** A decimal with all its decimals, as it was written. */
function decimal(value: unknown, path: string, decimals: number): bigint {
  const scaled = typeof value === 'string' ? parseDecimal(value, decimals) : null;
  if (scaled === null || decimalText(scaled, decimals) !== value)
    throw fields.refusal(path, `a decimal of ${decimals} decimals`, value);
  return scaled;
}

function rateOf(rate: PoolRate): { readonly rate: string; readonly open: string } {
  return { rate: decimalText(rate.rate, RATE_DECIMALS), open: decimalText(rate.open, RATE_DECIMALS) };
}
