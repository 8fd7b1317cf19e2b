import { endorsedEntry } from '#client';
import { leafHash } from '#protocol/evidence/merkle';
import { MerkleTree } from '#protocol/evidence/proof';
import type { Hash, HotspotKey } from '#protocol/units';
import { hashOf } from '#protocol/wire/hex';

/** A maker's list of keys as the program knows it: root, count, and the proof of each key. */
export interface EndorsedList {
  readonly root: Hash;
  readonly count: number;
  /** null where the key is not on the list. */
  readonly proofOf: (key: HotspotKey) => { readonly index: number; readonly proof: Uint8Array[] } | null;
}

export function endorsedList(keys: readonly HotspotKey[]): EndorsedList {
  const sorted = [...keys].sort();
  const tree = new MerkleTree(sorted.map((key) => leafHash(endorsedEntry(key))));
  return {
    root: hashOf(tree.root),
    count: sorted.length,
    proofOf: (key) => {
      const index = sorted.indexOf(key);
      return index < 0 ? null : { index, proof: tree.inclusionProof(index) };
    },
  };
}
