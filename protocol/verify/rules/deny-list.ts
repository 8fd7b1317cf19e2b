import type { Policy } from '../../policy.ts';
import type { EpochNumber, HotspotKey } from '../../units.ts';
import { keyFromText } from '../../wire/key.ts';

/** A policy's deny list by binary keys; values are the epoch from which an entry holds. */
export interface DenyList {
  readonly keys: ReadonlyMap<HotspotKey, number>;
  /** By both keys of the pair, the smaller one first. */
  readonly edges: ReadonlyMap<string, number>;
}

const lists = new WeakMap<Policy, DenyList>();

/** The list of a policy; read once per policy object. */
export function denyListOf(policy: Policy): DenyList {
  const before = lists.get(policy);
  if (before !== undefined) return before;
  const list: DenyList = {
    keys: earliest(policy.deny.keys.map(({ key, from }) => [keyFromText(key), from])),
    edges: earliest(policy.deny.edges.map(({ a, b, from }) => [edge(keyFromText(a), keyFromText(b)), from])),
  };
  lists.set(policy, list);
  return list;
}

/** The epoch from which the entry in force names the key, or null. */
export function keyDeniedFrom(
  policy: Policy,
  of: { readonly key: HotspotKey; readonly epoch: EpochNumber },
): number | null {
  return inForce(denyListOf(policy).keys.get(of.key), of.epoch);
}

/** The epoch from which the entry in force names the undirected pair, or null. */
export function edgeDeniedFrom(
  policy: Policy,
  of: { readonly a: HotspotKey; readonly b: HotspotKey; readonly epoch: EpochNumber },
): number | null {
  const { edges } = denyListOf(policy);
  return edges.size === 0 ? null : inForce(edges.get(edge(of.a, of.b)), of.epoch);
}

function inForce(from: number | undefined, epoch: EpochNumber): number | null {
  return from !== undefined && BigInt(from) <= epoch ? from : null;
}

function edge(a: HotspotKey, b: HotspotKey): string {
  return a < b ? a + b : b + a;
}

function earliest<Key>(entries: readonly (readonly [Key, number])[]): Map<Key, number> {
  const map = new Map<Key, number>();
  for (const [key, from] of entries) map.set(key, Math.min(from, map.get(key) ?? from));
  return map;
}
