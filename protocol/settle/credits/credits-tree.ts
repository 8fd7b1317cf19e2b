import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { leafHash, TREE_HASHES, type TreeHashes } from '../../evidence/merkle.ts';
import { MerkleTree, verifyInclusion } from '../../evidence/proof.ts';
import type { Address, Hash } from '../../units.ts';
import { fromHex, hashOf } from '../../wire/hex.ts';
import { TableWriter } from '../bytes/byte-table.ts';

/** Data credits of an owner that were ever counted; the owner as 64 hex digits, whose order is the leaves' order. */
export interface CreditsLeaf {
  readonly owner: string;
  readonly settled: bigint;
}

/** Place and proof of an owner's leaf under a credits root. */
export interface CreditsProof {
  readonly index: number;
  readonly leaf: CreditsLeaf;
  readonly proof: readonly Uint8Array[];
}

/** The credits tree (RFC 6962 shape and hashing) over leaves by owner. */
export interface CreditsTree {
  readonly root: Hash;
  readonly leaves: readonly CreditsLeaf[];
  /** undefined where the owner has no leaf. */
  prove(owner: string): CreditsProof | undefined;
}

const TAG = utf8ToBytes('coverant/credits/v1');

/** What the tree hashes of a leaf: tag, network 32, owner 32, settled total u64 LE. */
export function creditsEntry(input: { readonly network: Address; readonly leaf: CreditsLeaf }): Uint8Array {
  const { network, leaf } = input;
  const fields = new TableWriter().address(network).hex(leaf.owner, 32).u64(leaf.settled).finish();
  return concatBytes(TAG, fields);
}

/** Builds the tree; an owner that stands twice is a RangeError. */
export function creditsTree(input: {
  readonly network: Address;
  readonly leaves: Iterable<CreditsLeaf>;
  readonly hashes?: TreeHashes | undefined;
}): CreditsTree {
  const { network, hashes = TREE_HASHES } = input;
  const leaves = [...input.leaves].sort((a, b) => (a.owner < b.owner ? -1 : 1));
  const twice = leaves.find(({ owner }, at) => owner === leaves[at - 1]?.owner);
  if (twice !== undefined) throw new RangeError(`the owner ${twice.owner} has two leaves`);
  const hashed = new Uint8Array(32 * leaves.length);
  for (const [at, leaf] of leaves.entries())
    hashed.set(hashes.leaf(creditsEntry({ network, leaf })), 32 * at);
  const tree = new MerkleTree(hashed, hashes.node);
  return {
    root: hashOf(tree.root),
    leaves,
    prove: (owner) => {
      const index = leaves.findIndex((leaf) => leaf.owner === owner);
      const leaf = leaves[index];
      return leaf === undefined ? undefined : { index, leaf, proof: tree.inclusionProof(index) };
    },
  };
}

/** Whether an owner's leaf stands at its place in the tree with this root and count. */
export function verifyCredits(
  input: CreditsProof & { readonly network: Address; readonly count: number; readonly root: Hash },
): boolean {
  const { index, count: size, proof, root } = input;
  return verifyInclusion({ leaf: leafHash(creditsEntry(input)), index, size, proof, root: fromHex(root) });
}
