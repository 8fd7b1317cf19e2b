import type { EpochNumber, HotspotKey } from '../units.ts';
import { keyFromText } from '../wire/key.ts';
import type { DenyFile } from './deny-file.ts';

/** What holds of a list's entry: from which epoch on, and why. */
export interface DenyEntry {
  readonly from: number;
  readonly reason: string;
}

/** A deny list by binary keys; what nobody is denied by is `NOBODY_DENIED`. */
export interface DenyList {
  readonly keys: ReadonlyMap<HotspotKey, DenyEntry>;
  /** By both keys of the pair, the smaller one first. */
  readonly edges: ReadonlyMap<string, DenyEntry>;
}

export const NOBODY_DENIED: DenyList = { keys: new Map(), edges: new Map() };

/** The list of a signed file, to be asked by key and by pair. */
export function denyListOf(file: Pick<DenyFile, 'keys' | 'edges'>): DenyList {
  return {
    keys: new Map(file.keys.map(({ key, from, reason }) => [keyFromText(key), { from, reason }])),
    edges: new Map(
      file.edges.map(({ a, b, from, reason }) => [edgeOf(keyFromText(a), keyFromText(b)), { from, reason }]),
    ),
  };
}

/** The entry in force that names the key. */
export function keyDenied(
  list: DenyList,
  of: { readonly key: HotspotKey; readonly epoch: EpochNumber },
): DenyEntry | undefined {
  return inForce(list.keys.get(of.key), of.epoch);
}

/** The entry in force that names the undirected pair. */
export function edgeDenied(
  list: DenyList,
  of: { readonly a: HotspotKey; readonly b: HotspotKey; readonly epoch: EpochNumber },
): DenyEntry | undefined {
  // Most keys are in no pair: to make the name of one that is not listed would cost more than all other checks.
  if (list.edges.size === 0 || !keysInPairs(list.edges).has(of.a)) return undefined;
  return inForce(list.edges.get(edgeOf(of.a, of.b)), of.epoch);
}

/** The name of an undirected pair in a list. */
export function edgeOf(a: HotspotKey, b: HotspotKey): string {
  return a < b ? a + b : b + a;
}

const paired = new WeakMap<DenyList['edges'], ReadonlySet<string>>();

function keysInPairs(edges: DenyList['edges']): ReadonlySet<string> {
  const known = paired.get(edges);
  if (known !== undefined) return known;
  const keys = new Set([...edges.keys()].flatMap((pair) => [pair.slice(0, 66), pair.slice(66)]));
  paired.set(edges, keys);
  return keys;
}

function inForce(entry: DenyEntry | undefined, epoch: EpochNumber): DenyEntry | undefined {
  return entry !== undefined && BigInt(entry.from) <= epoch ? entry : undefined;
}
