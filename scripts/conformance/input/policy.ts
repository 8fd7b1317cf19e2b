import { DEFAULT_POLICY, type Policy } from '#protocol/policy';
import { parsePolicy } from '#protocol/settle/policy-codec';
import { object, type Read } from './fields.ts';
import { malformed } from '../refusal.ts';
import { decimal } from './values.ts';

/** Tiers of poc.md 5. */
export const TIERS = ['open', 'endorsed', 'bonded'] as const;

/** Names that the rules use for fields of a policy file. */
const NAMES: Readonly<Record<string, string>> = {
  beacon_interval: 'beacon_interval_s',
  max_skew: 'max_skew_ms',
  grace: 'grace_ms',
};

/**
 * The default policy with other values for the given fields; objects are merged, lists replaced. `selected_witnesses` and
 * `grace_ms` follow where they are not given and would not fit. Throws malformed_policy.
 */
export const policyOf: Read<Policy> = (value, path) => {
  const given = new Map<string, unknown>();
  for (const [name, field] of object(value, path).entries((name, field): [string, unknown] => [
    name,
    field,
  ])) {
    const known = Object.hasOwn(NAMES, name) ? (NAMES[name] ?? name) : name;
    if (given.has(known)) throw malformed(`${path}.${name}`, `nothing beside ${known}`, field);
    given.set(known, known === 'trust' ? trustOf(field, `${path}.trust`) : field);
  }
  const merged = new Map<string, unknown>(Object.entries(merge(DEFAULT_POLICY, Object.fromEntries(given))));
  const price = merged.get('credit_price');
  const judged = merged.get('max_witnesses');
  const skew = merged.get('max_skew_ms');
  if (typeof price === 'number') merged.set('credit_price', String(price));
  if (typeof judged === 'number' && !given.has('selected_witnesses'))
    merged.set('selected_witnesses', Math.min(judged, DEFAULT_POLICY.selected_witnesses));
  if (typeof skew === 'number' && !given.has('grace_ms')) {
    const least = DEFAULT_POLICY.windows.attach_after_ms + skew;
    merged.set('grace_ms', Math.max(least, DEFAULT_POLICY.grace_ms));
  }
  return parsePolicy(Object.fromEntries(merged));
};

/** `open_cap` is a fraction of the pool, or text like "10 %". */
function trustOf(value: unknown, path: string): unknown {
  const trust = object(value, path);
  return Object.fromEntries(
    trust.entries((name, field, at): [string, unknown] => {
      if (name !== 'open_cap') return [name, field];
      if (trust.has('open_cap_bp')) throw malformed(at, 'nothing beside open_cap_bp', field);
      return ['open_cap_bp', basisPoints(field, at)];
    }),
  );
}

function basisPoints(value: unknown, path: string): number {
  const percent = typeof value === 'string' ? /^(.*[0-9])\s*%$/.exec(value)?.[1] : undefined;
  const share = percent === undefined ? decimal(4)(value, path) : decimal(2)(percent, path);
  if (share > 10_000n) throw malformed(path, 'a fraction of at most 1', value);
  return Number(share);
}

/** Objects are merged, anything else replaces what was there. */
function merge(base: object, over: object): object {
  const merged = new Map<string, unknown>(Object.entries(base));
  for (const [name, value] of Object.entries(over) as [string, unknown][]) {
    const before = merged.get(name);
    merged.set(name, isObject(before) && isObject(value) ? merge(before, value) : value);
  }
  return Object.fromEntries(merged);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
