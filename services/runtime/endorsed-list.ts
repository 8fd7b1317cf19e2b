import { endorsedEntry } from '#client';
import { MerkleTree } from '#protocol/evidence/proof';
import type { Hash, HotspotKey } from '#protocol/units';
import { hashOf } from '#protocol/wire/hex';
import { nativeLeafHash, nativeNodeHash } from './evidence/native-hash.ts';

/** A maker's list of keys as the program knows it: root, count, and the proof of each key. */
export interface EndorsedList {
  readonly root: Hash;
  readonly count: number;
  /** In the list's order: by key type and key, without the network's nibble, each once. */
  readonly keys: readonly HotspotKey[];
  /** null where the key is not on the list. */
  readonly proofOf: (key: HotspotKey) => { readonly index: number; readonly proof: Uint8Array[] } | null;
}

/** More hashes than these fit no proof that the program takes: 20, of 2^20 keys. */
export const MAX_ENDORSED_KEYS: number = 2 ** 20;

/** The list of the keys, in whatever order and however often they come; RangeError above MAX_ENDORSED_KEYS. */
export function endorsedList(keys: Iterable<HotspotKey>): EndorsedList {
  const byEntry = new Map<string, HotspotKey>();
  for (const key of keys) byEntry.set(entryOrder(key), key);
  if (byEntry.size > MAX_ENDORSED_KEYS)
    throw new RangeError(`a list holds at most ${MAX_ENDORSED_KEYS} keys, got ${byEntry.size}: make several`);
  const order = [...byEntry.keys()].sort();
  const places = new Map(order.map((entry, at) => [entry, at]));
  const sorted = order.flatMap((entry) => byEntry.get(entry) ?? []);
  const leaves = sorted.map((key) => nativeLeafHash(endorsedEntry(key)));
  const tree = new MerkleTree(leaves, nativeNodeHash);
  return {
    root: hashOf(tree.root),
    count: sorted.length,
    keys: sorted,
    proofOf: (key) => {
      const index = places.get(entryOrder(key));
      return index === undefined ? null : { index, proof: tree.inclusionProof(index) };
    },
  };
}

/** The leaf knows the type and the body of a key, and not its network. */
function entryOrder(key: HotspotKey): string {
  return key.slice(1);
}
