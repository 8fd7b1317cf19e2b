import { utf8ToBytes } from '@noble/hashes/utils.js';
import { hex } from '@scure/base';
import { ProtocolError } from '../errors.ts';
import type { Policy } from '../policy.ts';
import type { Hash } from '../units.ts';
import { keyFromText, keyText } from '../wire/key.ts';
import { canonicalJson, openCanonicalJson } from './bytes/canonical-json.ts';
import { taggedHash } from './bytes/hashes.ts';

const DAY_S = 86_400;
const U64_MAX = 0xffff_ffff_ffff_ffffn;

/** Checks a parsed JSON value against the policy's schema; malformed_policy names the field. */
export function parsePolicy(value: unknown): Policy {
  const policy = fields(value, 'policy', [
    'version',
    'beacon_interval_s',
    'grace_ms',
    'max_skew_ms',
    'max_witnesses',
    'selected_witnesses',
    'reciprocity_from',
    'trust',
    'holdback',
    'pools_bp',
    'credit_price',
    'deny',
    'regions',
    'logs',
  ]);
  if (policy('version') !== 1) throw refusal('version', 'the version 1', policy('version'));
  const skew = integer(policy('max_skew_ms'), 'max_skew_ms', { least: 0, most: 60_000 });
  const witnesses = integer(policy('max_witnesses'), 'max_witnesses', { least: 1, most: 65_535 });
  return {
    version: 1,
    beacon_interval_s: interval(policy('beacon_interval_s')),
    grace_ms: integer(policy('grace_ms'), 'grace_ms', { least: 10_000 + skew, most: DAY_S * 1000 }),
    max_skew_ms: skew,
    max_witnesses: witnesses,
    selected_witnesses: integer(policy('selected_witnesses'), 'selected_witnesses', {
      least: 1,
      most: witnesses,
    }),
    reciprocity_from: integer(policy('reciprocity_from'), 'reciprocity_from', {
      least: 0,
      most: Number.MAX_SAFE_INTEGER,
    }),
    trust: trust(policy('trust')),
    holdback: integer(policy('holdback'), 'holdback', { least: 0, most: 0xffff_ffff }),
    pools_bp: pools(policy('pools_bp')),
    credit_price: price(policy('credit_price')),
    deny: deny(policy('deny')),
    regions: pattern(policy('regions'), 'regions', /^[0-9a-f]{64}$/),
    logs: logs(policy('logs')),
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
  const seconds = integer(value, 'beacon_interval_s', { least: 1, most: DAY_S });
  if (DAY_S % seconds !== 0) throw refusal('beacon_interval_s', 'a divisor of 86400', value);
  return seconds;
}

function trust(value: unknown): Policy['trust'] {
  const field = fields(value, 'trust', ['pairs', 'open_cap_bp']);
  const pairs = field('pairs');
  if (pairs !== 'one_trusted' && pairs !== 'any') throw refusal('trust.pairs', 'one_trusted or any', pairs);
  return { pairs, open_cap_bp: basisPoints(field('open_cap_bp'), 'trust.open_cap_bp') };
}

function pools(value: unknown): Policy['pools_bp'] {
  const names = ['beacons', 'witnesses', 'data', 'operations', 'oracles', 'delegators'] as const;
  const field = fields(value, 'pools_bp', names);
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
  if (sum > 10_000) throw refusal('pools_bp', 'at most 10000 basis points in all', sum);
  return parts;
}

function price(value: unknown): string {
  const digits = pattern(value, 'credit_price', /^[1-9][0-9]{0,19}$/);
  if (BigInt(digits) > U64_MAX) throw refusal('credit_price', 'a u64', value);
  return digits;
}

function deny(value: unknown): Policy['deny'] {
  const field = fields(value, 'deny', ['keys', 'edges']);
  const keys = list(field('keys'), 'deny.keys').map((entry, at) => {
    const path = `deny.keys.${at}`;
    const item = fields(entry, path, ['key', 'from']);
    return { key: keyName(item('key'), `${path}.key`), from: epochFrom(item('from'), `${path}.from`) };
  });
  const edges = list(field('edges'), 'deny.edges').map((entry, at) => {
    const path = `deny.edges.${at}`;
    const item = fields(entry, path, ['a', 'b', 'from']);
    const [a, b] = [keyName(item('a'), `${path}.a`), keyName(item('b'), `${path}.b`)];
    if (a >= b) throw refusal(path, 'a before b', `${a} ${b}`);
    return { a, b, from: epochFrom(item('from'), `${path}.from`) };
  });
  ascending(
    keys.map((entry) => entry.key),
    'deny.keys',
  );
  ascending(
    edges.map((entry) => `${entry.a} ${entry.b}`),
    'deny.edges',
  );
  return { keys, edges };
}

function logs(value: unknown): Policy['logs'] {
  const entries = list(value, 'logs').map((entry, at) => {
    const path = `logs.${at}`;
    const item = fields(entry, path, ['origin', 'vkey', 'url']);
    return {
      origin: pattern(item('origin'), `${path}.origin`, /^[^\s+\p{Cs}]{1,1024}$/u),
      vkey: pattern(item('vkey'), `${path}.vkey`, /^[^\s+\p{Cs}]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]+=*$/u),
      url: pattern(item('url'), `${path}.url`, /^[!-~]{1,2048}$/),
    };
  });
  ascending(
    entries.map((entry) => hex.encode(utf8ToBytes(entry.origin))),
    'logs',
  );
  return entries;
}

function keyName(value: unknown, path: string): string {
  if (typeof value !== 'string') throw refusal(path, "a key's text", value);
  try {
    if (keyText(keyFromText(value)) === value) return value;
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
  }
  throw refusal(path, "a key's base58check text", value);
}

function epochFrom(value: unknown, path: string): number {
  return integer(value, path, { least: 0, most: Number.MAX_SAFE_INTEGER });
}

function basisPoints(value: unknown, path: string): number {
  return integer(value, path, { least: 0, most: 10_000 });
}

function integer(
  value: unknown,
  path: string,
  range: { readonly least: number; readonly most: number },
): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < range.least || value > range.most)
    throw refusal(path, `an integer from ${range.least} to ${range.most}`, value);
  return value;
}

function pattern(value: unknown, path: string, expected: RegExp): string {
  if (typeof value !== 'string' || !expected.test(value))
    throw refusal(path, `text like ${expected.source}`, value);
  return value;
}

function list(value: unknown, path: string): readonly unknown[] {
  if (!Array.isArray(value)) throw refusal(path, 'a list', value);
  return value;
}

/** Exactly the named fields, read by name. */
function fields<Name extends string>(
  value: unknown,
  path: string,
  names: readonly Name[],
): (name: Name) => unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw refusal(path, 'an object', value);
  const found = new Map<string, unknown>(Object.entries(value));
  const unknownName = [...found.keys()].find((name) => !names.some((known) => known === name));
  if (unknownName !== undefined) throw refusal(`${path}.${unknownName}`, 'no such field', unknownName);
  const missing = names.find((name) => !found.has(name));
  if (missing !== undefined) throw refusal(`${path}.${missing}`, 'a value', undefined);
  return (name) => found.get(name);
}

function ascending(values: readonly string[], path: string): void {
  const wrong = values.findIndex((value, at) => at > 0 && value <= (values[at - 1] ?? ''));
  if (wrong >= 0) throw refusal(`${path}.${wrong}`, 'ascending order without repetition', values[wrong]);
}

function refusal(field: string, expected: string, value: unknown): ProtocolError {
  const found = typeof value === 'string' || typeof value === 'number' ? value : typeof value;
  return new ProtocolError('malformed_policy', { field, expected, found });
}
