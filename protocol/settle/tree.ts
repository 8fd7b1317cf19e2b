import { leafHash, TREE_HASHES, type TreeHashes } from '../evidence/merkle.ts';
import { MerkleTree, verifyInclusion } from '../evidence/proof.ts';
import type { Address, Hash } from '../units.ts';
import { fromHex, hashOf } from '../wire/hex.ts';
import { leafEntries, leafEntry, leafOrder, type Leaf, type LeafKey } from './leaf.ts';

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
  readonly hashes?: TreeHashes | undefined;
}): SettlementTree {
  const { hashes = TREE_HASHES } = input;
  const given = [...input.leaves];
  const order = leafOrder(given);
  const leaves: Leaf[] = [];
  const places = new Uint32Array(given.length);
  for (const [place, at] of order.entries()) {
    const leaf = given[at];
    if (leaf !== undefined) leaves.push(leaf);
    places[at] = place;
  }
  // Hashed as they were given: in leaf order each would be looked for in another corner of memory.
  const leafHashes = new Uint8Array(32 * given.length);
  const entryOf = leafEntries(input.network);
  let total = 0n;
  for (const [at, leaf] of given.entries()) {
    leafHashes.set(hashes.leaf(entryOf(leaf)), 32 * (places[at] ?? 0));
    total += leaf.cumulative;
  }
  const tree = new MerkleTree(leafHashes, hashes.node);
  return {
    root: hashOf(tree.root),
    total,
    leaves,
    get leafHashes() {
      return tree.leaves.map(hashOf);
    },
    prove: (key) => {
      const index = placeOf(leaves, key);
      const leaf = leaves[index];
      if (leaf?.key !== key) return undefined;
      const proof = tree.inclusionProof(index);
      return { index, leaf, leafHash: hashOf(leafHashes.subarray(32 * index, 32 * index + 32)), proof };
    },
  };
}

/** Index of the first leaf that does not come before the key. */
function placeOf(leaves: readonly Leaf[], key: LeafKey): number {
  let [low, high] = [0, leaves.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((leaves[middle]?.key ?? key) < key) low = middle + 1;
    else high = middle;
  }
  return low;
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
    root: fromHex(input.root),
  });
}
