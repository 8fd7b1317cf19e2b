import { ProtocolError } from '#protocol/errors';
import { DEFAULT_POLICY, type Policy } from '#protocol/policy';
import { canonicalText } from '#protocol/settle/bytes/canonical-json';
import { openPolicy, parsePolicy, policyBytes, policyHash } from '#protocol/settle/policy-codec';
import { sha256 } from '@noble/hashes/sha2.js';
import { hex, utf8 } from '@scure/base';
import { describe, expect, it } from 'vitest';

const refusalOf = (value: unknown): unknown => {
  try {
    return parsePolicy(value);
  } catch (error) {
    if (error instanceof ProtocolError && error.code === 'malformed_policy') return error.context['field'];
    throw error;
  }
};

const FULL: Policy = {
  ...DEFAULT_POLICY,
  deny: { keeper: 'keeper+00aabbcc+AQID', hash: 'ab'.repeat(32) },
  logs: [
    { origin: 'a/net/1', vkey: 'a/net/1+00aabbcc+AQID', url: 'http://127.0.0.1:4000/log' },
    { origin: 'b/net/1', vkey: 'b/net/1+00aabbcc+AQID', url: 'https://example.net/log' },
  ],
};

describe('the policy', () => {
  it('is its canonical JSON, whatever the order of its fields', () => {
    const bytes = policyBytes(FULL);
    expect(openPolicy(bytes)).toEqual(FULL);
    const reversed: unknown = Object.fromEntries(Object.entries(FULL).reverse());
    expect(policyHash(parsePolicy(reversed))).toBe(policyHash(FULL));
    const preimage = utf8.decode(`coverant/policy/v1${canonicalText(FULL)}`);
    expect(policyHash(FULL)).toBe(hex.encode(sha256(preimage)));
  });

  it('holds as it stands by default', () => {
    expect(parsePolicy(DEFAULT_POLICY)).toEqual(DEFAULT_POLICY);
  });

  it('is refused where its JSON is not canonical', () => {
    const text = utf8.encode(policyBytes(FULL));
    for (const other of [
      ` ${text}`,
      `${text}\n`,
      text.replace('"beacon', '"\\u0062eacon'),
      '{',
      '"\\ud800"',
      '',
    ])
      expect(() => openPolicy(utf8.decode(other))).toThrow(ProtocolError);
    expect(() => openPolicy(Uint8Array.of(0xff))).toThrow(ProtocolError);
  });

  it('is refused with the name of the field that does not fit', () => {
    const cases: readonly (readonly [string, unknown])[] = [
      ['policy', null],
      ['policy', []],
      ['policy.more', { ...FULL, more: 1 }],
      ['version', { ...FULL, version: 2 }],
      ['beacon_interval_s', { ...FULL, beacon_interval_s: 50_000 }],
      ['beacon_interval_s', { ...FULL, beacon_interval_s: 0 }],
      ['grace_ms', { ...FULL, grace_ms: 10_499 }],
      ['max_skew_ms', { ...FULL, max_skew_ms: -1 }],
      ['max_witnesses', { ...FULL, max_witnesses: 1.5 }],
      ['selected_witnesses', { ...FULL, selected_witnesses: 257 }],
      ['reciprocity_from', { ...FULL, reciprocity_from: '2' }],
      ['trust.pairs', { ...FULL, trust: { pairs: 'none', open_cap_bp: 0 } }],
      ['trust.open_cap_bp', { ...FULL, trust: { pairs: 'any', open_cap_bp: 10_001 } }],
      ['holdback', { ...FULL, holdback: 2 ** 32 }],
      ['pools_bp', { ...FULL, pools_bp: { ...FULL.pools_bp, data: 5001 } }],
      ['pools_bp.data', { ...FULL, pools_bp: { ...FULL.pools_bp, data: undefined } }],
      ['credit_price', { ...FULL, credit_price: '0' }],
      ['credit_price', { ...FULL, credit_price: '18446744073709551616' }],
      ['credit_price', { ...FULL, credit_price: 3_590_000 }],
      ['deny.keeper', { ...FULL, deny: { ...FULL.deny, keeper: 'keeper' } }],
      ['deny.hash', { ...FULL, deny: { ...FULL.deny, hash: 'AB'.repeat(32) } }],
      ['deny.keys', { ...FULL, deny: { ...FULL.deny, keys: [] } }],
      ['windows.entropy_s', { ...FULL, windows: { ...FULL.windows, entropy_s: 0 } }],
      ['windows.identity_ms', { ...FULL, windows: { ...FULL.windows, identity_ms: 180_000 } }],
      ['windows.lag_after_beacon_ms', { ...FULL, windows: { ...FULL.windows, lag_after_beacon_ms: 10_001 } }],
      ['windows.active_ms', { ...FULL, windows: { ...FULL.windows, active_ms: undefined } }],
      ['pair.max_distance_km', { ...FULL, pair: { ...FULL.pair, max_distance_km: 100.5 } }],
      ['units.decay_bp', { ...FULL, units: { ...FULL.units, decay_bp: 9901 } }],
      ['density', { ...FULL, density: FULL.density.slice(0, 6) }],
      ['density.0.resolution', { ...FULL, density: FULL.density.toReversed() }],
      ['density.0.max', { ...FULL, density: [{ ...FULL.density[0], max: 0 }, ...FULL.density.slice(1)] }],
      ['unknown_scale_bp', { ...FULL, unknown_scale_bp: 10_001 }],
      ['unused_data_to_beacons_bp', { ...FULL, unused_data_to_beacons_bp: -1 }],
      ['credit_bytes', { ...FULL, credit_bytes: 0 }],
      ['regions', { ...FULL, regions: 'ab' }],
      ['logs.0.origin', { ...FULL, logs: [{ ...FULL.logs[0], origin: 'with space' }] }],
      ['logs.0.vkey', { ...FULL, logs: [{ ...FULL.logs[0], vkey: 'none' }] }],
      ['logs.1', { ...FULL, logs: [...FULL.logs].reverse() }],
    ];
    expect(cases.map(([, value]) => refusalOf(value))).toEqual(cases.map(([field]) => field));
  });
});
