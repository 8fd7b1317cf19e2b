import { sha256 } from '@noble/hashes/sha2.js';

/** Hashes two child nodes of 32 bytes; services pass a native one where speed counts. */
export type HashNode = (left: Uint8Array, right: Uint8Array) => Uint8Array;

/** Hashes an entry to its leaf, likewise. */
export type HashLeaf = (entry: Uint8Array) => Uint8Array;

/** How a tree is hashed. */
export interface TreeHashes {
  readonly leaf: HashLeaf;
  readonly node: HashNode;
}

/** Root of the tree without leaves: SHA-256 of nothing (RFC 6962, 2.1). */
export const EMPTY_ROOT: Uint8Array = sha256(new Uint8Array(0));

/** SHA-256(0x00 || entry), RFC 6962, 2.1. */
export function leafHash(entry: Uint8Array): Uint8Array {
  return sha256.create().update(Uint8Array.of(0)).update(entry).digest();
}

/** SHA-256(0x01 || left || right), RFC 6962, 2.1. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  const input = new Uint8Array(65);
  input[0] = 1;
  input.set(left, 1);
  input.set(right, 33);
  return sha256(input);
}

/** `leafHash` and `nodeHash`: what holds where no others are given. */
export const TREE_HASHES: TreeHashes = { leaf: leafHash, node: nodeHash };

/** Whether two byte strings are equal. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at += 1) if (a[at] !== b[at]) return false;
  return true;
}

/** Root over leaf hashes (not entries). */
export function treeRoot(leaves: readonly Uint8Array[], hashNode: HashNode = nodeHash): Uint8Array {
  const range = new CompactRange({ hashNode });
  for (const leaf of leaves) range.append(leaf);
  return range.root();
}

/** Number of perfect subtrees, and so of hashes, that the compact range of [0, size) holds. */
export function compactLength(size: number): number {
  let count = 0;
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) count += rest % 2;
  return count;
}

/** The left range [0, size) as the hashes of its perfect subtrees, largest first: all that appending needs. */
export class CompactRange {
  #size: number;
  readonly #hashes: Uint8Array[];
  readonly #hashNode: HashNode;

  constructor(
    from: {
      readonly size?: number;
      readonly hashes?: readonly Uint8Array[];
      readonly hashNode?: HashNode;
    } = {},
  ) {
    this.#size = from.size ?? 0;
    this.#hashes = [...(from.hashes ?? [])];
    this.#hashNode = from.hashNode ?? nodeHash;
    if (!Number.isSafeInteger(this.#size) || this.#size < 0)
      throw new RangeError(`expected a tree size, got ${this.#size}`);
    if (compactLength(this.#size) !== this.#hashes.length || this.#hashes.some((hash) => hash.length !== 32))
      throw new RangeError(
        `a range of ${this.#size} has ${compactLength(this.#size)} hashes of 32 bytes, got ${this.#hashes.length}`,
      );
  }

  get size(): number {
    return this.#size;
  }

  get hashes(): readonly Uint8Array[] {
    return [...this.#hashes];
  }

  append(leaf: Uint8Array): void {
    let hash = leaf;
    for (let rest = this.#size; rest % 2 === 1; rest = Math.floor(rest / 2)) {
      const left = this.#hashes.pop();
      if (left === undefined) throw new RangeError('a range lost a subtree');
      hash = this.#hashNode(left, hash);
    }
    this.#hashes.push(hash);
    this.#size += 1;
  }

  root(): Uint8Array {
    return (
      this.#hashes.reduceRight<Uint8Array | undefined>(
        (right, left) => (right === undefined ? left : this.#hashNode(left, right)),
        undefined,
      ) ?? EMPTY_ROOT
    );
  }

  clone(): CompactRange {
    return new CompactRange({ size: this.#size, hashes: this.#hashes, hashNode: this.#hashNode });
  }
}
