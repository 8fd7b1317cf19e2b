import { utf8ToBytes } from '@noble/hashes/utils.js';
import { hex } from '@scure/base';
import { ProtocolError } from '../errors.ts';
import { COSIGNATURE, parseVerifierKey } from '../evidence/verifier-key.ts';
import type { DensityLevel, LogWitnesses, Policy, Windows } from '../policy.ts';
import type { Hash } from '../units.ts';
import { JsonFields } from './json-fields.ts';
import { canonicalJson, openCanonicalJson } from './bytes/canonical-json.ts';
import { taggedHash } from './bytes/hashes.ts';

const DAY_S = 86_400;
const HOUR_MS = 3_600_000;
const HASH = /^[0-9a-f]{64}$/;
const VERIFIER_KEY = /^[^\s+\p{Cs}]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]+=*$/u;
const URL = /^[!-~]{1,2048}$/;
const U64_MAX = 0xffff_ffff_ffff_ffffn;

const U32_MAX = 0xffff_ffff;
const fields = new JsonFields('malformed_policy');
/** A multiple of ten-thousandths, of which one whole has 10,000. */
const WHOLE = 10_000;
/** r^k is far below the last decimal of a unit long before the number of factors that count (reward/units.ts). */
const MOST_DECAY = 9900;
const DENSITY_RESOLUTIONS = [10, 9, 8, 7, 6, 5, 4];

/** Checks a parsed JSON value against the policy's schema; malformed_policy names the field. */
export function parsePolicy(value: unknown): Policy {
  const policy = fields.object(value, 'policy', [
    'version',
    'beacon_interval_s',
    'grace_ms',
    'max_skew_ms',
    'max_witnesses',
    'selected_witnesses',
    'reciprocity_from',
    'windows',
    'pair',
    'trust',
    'holdback',
    'units',
    'density',
    'unknown_scale_bp',
    'pools_bp',
    'unused_data_to_beacons_bp',
    'credit_bytes',
    'credit_price',
    'deny',
    'regions',
    'logs',
    'log_witnesses',
    'late_log_ms',
  ]);
  if (policy('version') !== 1) throw fields.refusal('version', 'the version 1', policy('version'));
  const skew = fields.integer(policy('max_skew_ms'), 'max_skew_ms', { least: 0, most: 60_000 });
  const witnesses = fields.integer(policy('max_witnesses'), 'max_witnesses', { least: 1, most: 65_535 });
  const spans = windows(policy('windows'));
  return {
    version: 1,
    beacon_interval_s: interval(policy('beacon_interval_s')),
    grace_ms: fields.integer(policy('grace_ms'), 'grace_ms', {
      least: spans.attach_after_ms + skew,
      most: DAY_S * 1000,
    }),
    max_skew_ms: skew,
    max_witnesses: witnesses,
    selected_witnesses: fields.integer(policy('selected_witnesses'), 'selected_witnesses', {
      least: 1,
      most: witnesses,
    }),
    reciprocity_from: fields.integer(policy('reciprocity_from'), 'reciprocity_from', {
      least: 0,
      most: Number.MAX_SAFE_INTEGER,
    }),
    windows: spans,
    pair: pair(policy('pair')),
    trust: trust(policy('trust')),
    holdback: fields.integer(policy('holdback'), 'holdback', { least: 0, most: U32_MAX }),
    units: units(policy('units')),
    density: density(policy('density')),
    unknown_scale_bp: basisPoints(policy('unknown_scale_bp'), 'unknown_scale_bp'),
    pools_bp: pools(policy('pools_bp')),
    unused_data_to_beacons_bp: basisPoints(policy('unused_data_to_beacons_bp'), 'unused_data_to_beacons_bp'),
    credit_bytes: fields.integer(policy('credit_bytes'), 'credit_bytes', { least: 1, most: 65_535 }),
    credit_price: price(policy('credit_price')),
    deny: deny(policy('deny')),
    regions: fields.text(policy('regions'), 'regions', HASH),
    logs: logs(policy('logs')),
    log_witnesses: logWitnesses(policy('log_witnesses')),
    late_log_ms: fields.integer(policy('late_log_ms'), 'late_log_ms', { least: 0, most: 366 * DAY_S * 1000 }),
  };
}

/** The policy's canonical JSON (RFC 8785). */
export function policyBytes(policy: Policy): Uint8Array {
  return canonicalJson(policy);
}

/** Inverse of `policyBytes`; malformed_policy for JSON that is not canonical. */
export function openPolicy(bytes: Uint8Array): Policy {
  const value = openCanonicalJson(bytes);
  if (value === undefined)
    throw new ProtocolError('malformed_policy', { expected: 'canonical JSON (RFC 8785)' });
  return parsePolicy(value);
}

/** policy_hash: `SHA-256("coverant/policy/v1" || canonical JSON)`. */
export function policyHash(policy: Policy): Hash {
  return taggedHash('policy', policyBytes(policy));
}

function interval(value: unknown): number {
  const seconds = fields.integer(value, 'beacon_interval_s', { least: 1, most: DAY_S });
  if (DAY_S % seconds !== 0) throw fields.refusal('beacon_interval_s', 'a divisor of 86400', value);
  return seconds;
}

function windows(value: unknown): Windows {
  const field = fields.object(value, 'windows', [
    'entropy_s',
    'entropy_memory_ms',
    'attach_before_ms',
    'attach_after_ms',
    'identity_ms',
    'lag_after_beacon_ms',
    'lag_after_witness_ms',
    'reciprocity_ms',
    'active_ms',
  ]);
  const span = (name: keyof Windows, least: number, most: number): number =>
    fields.integer(field(name), `windows.${name}`, { least, most });
  const entropy = span('entropy_s', 1, 3600);
  const before = span('attach_before_ms', 0, HOUR_MS);
  const after = span('attach_after_ms', 0, HOUR_MS);
  return {
    entropy_s: entropy,
    entropy_memory_ms: span('entropy_memory_ms', entropy * 1000, DAY_S * 1000),
    attach_before_ms: before,
    attach_after_ms: after,
    // Whoever starts to read this long before an epoch must have seen all that its first beacon attaches.
    identity_ms: span('identity_ms', Math.max(before, after) + 1, 2 * HOUR_MS),
    lag_after_beacon_ms: span('lag_after_beacon_ms', 0, after),
    lag_after_witness_ms: span('lag_after_witness_ms', 0, before + after),
    reciprocity_ms: span('reciprocity_ms', 1, 366 * DAY_S * 1000),
    active_ms: span('active_ms', 1, 366 * DAY_S * 1000),
  };
}

function pair(value: unknown): Policy['pair'] {
  const names = ['max_frequency_offset_hz', 'max_distance_km', 'min_cells_apart'] as const;
  const field = fields.object(value, 'pair', names);
  const limit = (name: (typeof names)[number], most: number): number =>
    fields.integer(field(name), `pair.${name}`, { least: 0, most });
  return {
    max_frequency_offset_hz: limit('max_frequency_offset_hz', U32_MAX),
    max_distance_km: limit('max_distance_km', 20_016),
    min_cells_apart: limit('min_cells_apart', U32_MAX),
  };
}

function trust(value: unknown): Policy['trust'] {
  const field = fields.object(value, 'trust', ['pairs', 'open_cap_bp']);
  const pairs = field('pairs');
  if (pairs !== 'one_trusted' && pairs !== 'any')
    throw fields.refusal('trust.pairs', 'one_trusted or any', pairs);
  return { pairs, open_cap_bp: basisPoints(field('open_cap_bp'), 'trust.open_cap_bp') };
}

function units(value: unknown): Policy['units'] {
  const field = fields.object(value, 'units', ['witnesses', 'decay_bp', 'cap_bp']);
  return {
    witnesses: fields.integer(field('witnesses'), 'units.witnesses', { least: 1, most: 65_535 }),
    decay_bp: fields.integer(field('decay_bp'), 'units.decay_bp', { least: 0, most: MOST_DECAY }),
    cap_bp: fields.integer(field('cap_bp'), 'units.cap_bp', { least: 1, most: 100 * WHOLE }),
  };
}

function density(value: unknown): readonly DensityLevel[] {
  const levels = fields.list(value, 'density').map((entry, at): DensityLevel => {
    const path = `density.${at}`;
    const item = fields.object(entry, path, ['resolution', 'neighbours', 'target', 'max']);
    const resolution = item('resolution');
    const expected = DENSITY_RESOLUTIONS[at];
    if (expected === undefined || resolution !== expected)
      throw fields.refusal(`${path}.resolution`, String(expected ?? 'no more levels'), resolution);
    const target = fields.integer(item('target'), `${path}.target`, { least: 1, most: U32_MAX });
    return {
      resolution: expected,
      neighbours: fields.integer(item('neighbours'), `${path}.neighbours`, { least: 0, most: 7 }),
      target,
      max: fields.integer(item('max'), `${path}.max`, { least: target, most: U32_MAX }),
    };
  });
  if (levels.length !== DENSITY_RESOLUTIONS.length)
    throw fields.refusal('density', `${DENSITY_RESOLUTIONS.length} levels`, levels.length);
  return levels;
}

function pools(value: unknown): Policy['pools_bp'] {
  const names = ['beacons', 'witnesses', 'data', 'operations', 'oracles', 'delegators'] as const;
  const field = fields.object(value, 'pools_bp', names);
  const part = (name: (typeof names)[number]): number => basisPoints(field(name), `pools_bp.${name}`);
  const parts = {
    beacons: part('beacons'),
    witnesses: part('witnesses'),
    data: part('data'),
    operations: part('operations'),
    oracles: part('oracles'),
    delegators: part('delegators'),
  };
  const sum = Object.values(parts).reduce((total, bp) => total + bp, 0);
  if (sum > WHOLE) throw fields.refusal('pools_bp', 'at most 10000 basis points in all', sum);
  return parts;
}

function price(value: unknown): string {
  const digits = fields.text(value, 'credit_price', /^[1-9][0-9]{0,19}$/);
  if (BigInt(digits) > U64_MAX) throw fields.refusal('credit_price', 'a u64', value);
  return digits;
}

function deny(value: unknown): Policy['deny'] {
  if (value === null) return null;
  const field = fields.object(value, 'deny', ['keeper', 'hash']);
  return {
    keeper: fields.text(field('keeper'), 'deny.keeper', VERIFIER_KEY),
    hash: fields.text(field('hash'), 'deny.hash', HASH),
  };
}

function logs(value: unknown): Policy['logs'] {
  const entries = fields.list(value, 'logs').map((entry, at) => {
    const path = `logs.${at}`;
    const item = fields.object(entry, path, ['origin', 'vkey', 'url']);
    return {
      origin: fields.text(item('origin'), `${path}.origin`, /^[^\s+\p{Cs}]{1,1024}$/u),
      vkey: fields.text(item('vkey'), `${path}.vkey`, VERIFIER_KEY),
      url: fields.text(item('url'), `${path}.url`, URL),
    };
  });
  fields.ascending(
    entries.map((entry) => hex.encode(utf8ToBytes(entry.origin))),
    'logs',
  );
  return entries;
}

/** One key, one voice, whatever its names; a quorum where there are witnesses, and only there. */
function logWitnesses(value: unknown): LogWitnesses {
  const field = fields.object(value, 'log_witnesses', ['quorum', 'lag_ms', 'gap_ms', 'keys']);
  const span = (name: 'lag_ms' | 'gap_ms'): number =>
    fields.integer(field(name), `log_witnesses.${name}`, { least: 0, most: DAY_S * 1000 });
  const seen = new Set<string>();
  const keys = fields.list(field('keys'), 'log_witnesses.keys').map((entry, at) => {
    const path = `log_witnesses.keys.${at}`;
    const item = fields.object(entry, path, ['vkey', 'url']);
    const vkey = witnessKey(item('vkey'), `${path}.vkey`);
    // Its id names a witness's files.
    for (const mark of [vkey.key, vkey.id]) {
      if (seen.has(mark)) throw fields.refusal(`${path}.vkey`, 'a key that is not listed before', vkey.text);
      seen.add(mark);
    }
    return { vkey: vkey.text, url: fields.text(item('url'), `${path}.url`, URL) };
  });
  fields.ascending(
    keys.map(({ vkey }) => hex.encode(utf8ToBytes(vkey))),
    'log_witnesses.keys',
  );
  const quorum = fields.integer(field('quorum'), 'log_witnesses.quorum', {
    least: Math.min(1, keys.length),
    most: keys.length,
  });
  return { quorum, lag_ms: span('lag_ms'), gap_ms: span('gap_ms'), keys };
}

function witnessKey(
  value: unknown,
  path: string,
): { readonly text: string; readonly key: string; readonly id: string } {
  const text = fields.text(value, path, VERIFIER_KEY);
  try {
    const { id, publicKey } = parseVerifierKey(text, [COSIGNATURE]);
    return { text, key: hex.encode(publicKey), id };
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw fields.refusal(path, 'the verifier key of a witness', text);
  }
}

function basisPoints(value: unknown, path: string): number {
  return fields.integer(value, path, { least: 0, most: WHOLE });
}
