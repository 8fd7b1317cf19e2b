import { hex } from '@scure/base';
import { leafHash } from '../evidence/merkle.ts';
import { MerkleTree, verifyInclusion } from '../evidence/proof.ts';
import type { Address, Hash } from '../units.ts';
import { byLeafKey, leafEntry, type Leaf, type LeafKey } from './leaf.ts';

/** What a claim needs besides the accounts: place and proof of a leaf under the latest root. */
export interface LeafProof {
  readonly index: number;
  readonly leaf: Leaf;
  readonly leafHash: Hash;
  readonly proof: readonly Uint8Array[];
}

/** The settlement tree (RFC 6962 shape and hashing) over leaves in leaf order. */
export interface SettlementTree {
  readonly root: Hash;
  readonly total: bigint;
  readonly leaves: readonly Leaf[];
  readonly leafHashes: readonly Hash[];
  /** undefined where the key has no leaf. */
  prove(key: LeafKey): LeafProof | undefined;
}

/** Builds the tree; a key that stands twice is a RangeError. */
export function settlementTree(input: {
  readonly network: Address;
  readonly leaves: Iterable<Leaf>;
}): SettlementTree {
  const leaves = [...input.leaves].sort(byLeafKey);
  const twice = leaves.find((leaf, at) => leaf.key === leaves[at + 1]?.key);
  if (twice !== undefined) throw new RangeError(`the key ${twice.key} has two leaves`);
  const hashes = leaves.map((leaf) => leafHash(leafEntry({ network: input.network, leaf })));
  const tree = new MerkleTree(hashes);
  const places = new Map(leaves.map((leaf, at) => [leaf.key, at]));
  const leafHashes = hashes.map((hash) => hex.encode(hash) as Hash);
  return {
    root: hex.encode(tree.root) as Hash,
    total: leaves.reduce((sum, leaf) => sum + leaf.cumulative, 0n),
    leaves,
    leafHashes,
    prove: (key) => {
      const index = places.get(key) ?? -1;
      const [leaf, hash] = [leaves[index], leafHashes[index]];
      if (leaf === undefined || hash === undefined) return undefined;
      return { index, leaf, leafHash: hash, proof: tree.inclusionProof(index) };
    },
  };
}

/** Whether a leaf stands at its place in the tree with this root and count. */
export function verifyLeaf(input: {
  readonly network: Address;
  readonly leaf: Leaf;
  readonly index: number;
  readonly count: number;
  readonly proof: readonly Uint8Array[];
  readonly root: Hash;
}): boolean {
  return verifyInclusion({
    leaf: leafHash(leafEntry(input)),
    index: input.index,
    size: input.count,
    proof: input.proof,
    root: hex.decode(input.root),
  });
}
