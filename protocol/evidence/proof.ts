import { EMPTY_ROOT, equalBytes, type HashNode, nodeHash } from './merkle.ts';

/** The entries [start, end) below one node of a tree. */
export interface NodeRange {
  readonly start: number;
  readonly end: number;
}

/** Where RFC 6962 splits n > 1 leaves: the largest power of two below n. */
export function splitPoint(size: number): number {
  let power = 1;
  while (power * 2 < size) power *= 2;
  return power;
}

/** The nodes of a tree of `size` that prove the leaf at `index`, from the leaf upwards (RFC 6962, 2.1.1). */
export function inclusionRanges(index: number, size: number): NodeRange[] {
  requireIndex(index, size);
  const ranges: NodeRange[] = [];
  for (let start = 0, end = size; end - start > 1;) {
    const middle = start + splitPoint(end - start);
    ranges.push(index < middle ? { start: middle, end } : { start, end: middle });
    if (index < middle) end = middle;
    else start = middle;
  }
  return ranges.reverse();
}

/** The nodes of a tree of `size` that prove that the tree of `oldSize` is its prefix (RFC 6962, 2.1.2). */
export function consistencyRanges(oldSize: number, size: number): NodeRange[] {
  if (!(oldSize >= 0 && oldSize <= size)) throw new RangeError(`${oldSize} is no older size of ${size}`);
  if (oldSize === 0 || oldSize === size) return [];
  const ranges: NodeRange[] = [];
  let start = 0;
  let end = size;
  while (oldSize !== end) {
    const middle = start + splitPoint(end - start);
    ranges.push(oldSize <= middle ? { start: middle, end } : { start, end: middle });
    if (oldSize <= middle) end = middle;
    else start = middle;
  }
  // The old tree itself is known to the verifier where it is one whole left subtree.
  if (start > 0) ranges.push({ start, end });
  return ranges.reverse();
}

const HASH = 32;

/** All nodes of one tree over leaf hashes, for many proofs; level k holds the hashes of [i * 2^k, (i + 1) * 2^k). */
export class MerkleTree {
  /** One hash after the other: millions of arrays of 32 bytes would take four times the room. */
  readonly #levels: Uint8Array[];

  /** Leaf hashes as a list, or one after the other. */
  constructor(leaves: readonly Uint8Array[] | Uint8Array, hashNode: HashNode = nodeHash) {
    let below = leaves instanceof Uint8Array ? leaves : joined(leaves);
    this.#levels = [below];
    while (below.length > HASH) {
      const level = new Uint8Array(HASH * Math.ceil(below.length / (2 * HASH)));
      for (let at = 0; 2 * at < below.length; at += HASH) {
        const left = below.subarray(2 * at, 2 * at + HASH);
        const right = below.subarray(2 * at + HASH, 2 * at + 2 * HASH);
        // A node without a right sibling is promoted as it is: this yields RFC 6962's tree.
        level.set(right.length === 0 ? left : hashNode(left, right), at);
      }
      this.#levels.push(level);
      below = level;
    }
  }

  get size(): number {
    return (this.#levels[0]?.length ?? 0) / HASH;
  }

  get root(): Uint8Array {
    return this.size === 0 ? EMPTY_ROOT : this.#node({ start: 0, end: this.size });
  }

  get leaves(): readonly Uint8Array[] {
    return Array.from({ length: this.size }, (_, at) => this.#node({ start: at, end: at + 1 }));
  }

  inclusionProof(index: number): Uint8Array[] {
    return inclusionRanges(index, this.size).map((range) => this.#node(range));
  }

  consistencyProof(oldSize: number): Uint8Array[] {
    return consistencyRanges(oldSize, this.size).map((range) => this.#node(range));
  }

  #node({ start, end }: NodeRange): Uint8Array {
    let level = 0;
    let width = 1;
    while (width < end - start) {
      width *= 2;
      level += 1;
    }
    const at = HASH * (start / width);
    const hash = this.#levels[level]?.slice(at, at + HASH);
    if (hash?.length !== HASH) throw new RangeError(`no node [${start}, ${end}) in a tree of ${this.size}`);
    return hash;
  }
}

function joined(hashes: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(HASH * hashes.length);
  for (const [at, hash] of hashes.entries()) {
    if (hash.length !== HASH) throw new RangeError(`expected a hash of ${HASH} bytes, got ${hash.length}`);
    all.set(hash, HASH * at);
  }
  return all;
}

/** Proof of one leaf among leaf hashes; keep a `MerkleTree` where many are needed. */
export function inclusionProof(leaves: readonly Uint8Array[], index: number): Uint8Array[] {
  return new MerkleTree(leaves).inclusionProof(index);
}

/** Proof that the first `oldSize` leaf hashes are a prefix of all of them. */
export function consistencyProof(leaves: readonly Uint8Array[], oldSize: number): Uint8Array[] {
  return new MerkleTree(leaves).consistencyProof(oldSize);
}

/** The root to which a proof leads (RFC 9162, 2.1.3.2); undefined where its length does not fit the place. */
export function rootOfInclusion(claim: {
  readonly leaf: Uint8Array;
  readonly index: number;
  readonly size: number;
  readonly proof: readonly Uint8Array[];
}): Uint8Array | undefined {
  if (!isIndex(claim.index, claim.size)) return undefined;
  let hash = claim.leaf;
  let node = claim.index;
  let last = claim.size - 1;
  for (const sibling of claim.proof) {
    if (last === 0 || sibling.length !== 32) return undefined;
    if (node % 2 === 1 || node === last) {
      hash = nodeHash(sibling, hash);
      while (node % 2 === 0 && node !== 0) [node, last] = [node / 2, half(last)];
    } else hash = nodeHash(hash, sibling);
    [node, last] = [half(node), half(last)];
  }
  return last === 0 ? hash : undefined;
}

/** Whether the leaf hash stands at `index` in the tree with this size and root. */
export function verifyInclusion(claim: {
  readonly leaf: Uint8Array;
  readonly index: number;
  readonly size: number;
  readonly proof: readonly Uint8Array[];
  readonly root: Uint8Array;
}): boolean {
  const root = rootOfInclusion(claim);
  return root !== undefined && equalBytes(root, claim.root);
}

/** Whether the old tree is a prefix of the new one (RFC 9162, 2.1.4.2). */
export function verifyConsistency(claim: {
  readonly oldSize: number;
  readonly oldRoot: Uint8Array;
  readonly size: number;
  readonly root: Uint8Array;
  readonly proof: readonly Uint8Array[];
}): boolean {
  const { oldSize, oldRoot, size, root, proof } = claim;
  if (!Number.isSafeInteger(size) || !Number.isSafeInteger(oldSize) || oldSize < 0 || oldSize > size)
    return false;
  if (oldSize === 0 && size > 0) return proof.length === 0 && equalBytes(oldRoot, EMPTY_ROOT);
  if (oldSize === size)
    return proof.length === 0 && equalBytes(oldRoot, root) && (size > 0 || equalBytes(root, EMPTY_ROOT));
  let node = oldSize - 1;
  let last = size - 1;
  while (node % 2 === 1) [node, last] = [half(node), half(last)];
  const [first, ...rest] = node === 0 ? [oldRoot, ...proof] : proof;
  if (first === undefined) return false;
  let older = first;
  let newer = first;
  for (const sibling of rest) {
    if (last === 0 || sibling.length !== 32) return false;
    if (node % 2 === 1 || node === last) {
      older = nodeHash(sibling, older);
      newer = nodeHash(sibling, newer);
      while (node % 2 === 0 && node !== 0) [node, last] = [node / 2, half(last)];
    } else newer = nodeHash(newer, sibling);
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && equalBytes(older, oldRoot) && equalBytes(newer, root);
}

function half(value: number): number {
  return Math.floor(value / 2);
}

function isIndex(index: number, size: number): boolean {
  return Number.isSafeInteger(index) && Number.isSafeInteger(size) && index >= 0 && index < size;
}

function requireIndex(index: number, size: number): void {
  if (!isIndex(index, size)) throw new RangeError(`no leaf ${index} in a tree of ${size}`);
}
