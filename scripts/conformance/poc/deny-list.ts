import { edgeOf, type DenyEntry, type DenyList } from '#protocol/deny/deny-list';
import type { HotspotKey } from '#protocol/units';
import { listOf, object, type Read } from '../input/fields.ts';
import { malformed } from '../refusal.ts';
import { keyName } from '../input/values.ts';

/** Keys and undirected pairs that are denied from the first epoch on. */
export const denyList: Read<DenyList> = (value, path) => {
  const of = object(value, path);
  const entry: DenyEntry = { from: 0, reason: 'keeper' };
  const keys = of.optional('keys', listOf(keyName), []);
  const edges = of.optional('edges', listOf(pair), []);
  return {
    keys: new Map(keys.map((name) => [name, entry])),
    edges: new Map(edges.map(([a, b]) => [edgeOf(a, b), entry])),
  };
};

const pair: Read<readonly [HotspotKey, HotspotKey]> = (value, path) => {
  const [a, b, more] = listOf(keyName)(value, path);
  if (a === undefined || b === undefined || more !== undefined) throw malformed(path, 'two keys', value);
  return [a, b];
};
