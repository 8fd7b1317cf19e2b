import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CompactRange, EMPTY_ROOT, leafHash, nodeHash, treeRoot } from '#protocol/evidence/merkle';
import {
  consistencyProof,
  inclusionProof,
  MerkleTree,
  verifyConsistency,
  verifyInclusion,
} from '#protocol/evidence/proof';
import { nativeLeafHash, nativeNodeHash } from '#services/runtime/evidence/native-hash';

/** Inputs and roots that implementations of RFC 6962 have in common. */
const KNOWN_ENTRIES = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
];
const KNOWN_ROOTS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

const sizes = fc.integer({ min: 1, max: 300 });

function leaves(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, at) => leafHash(Uint8Array.of(at >> 8, at & 255)));
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** MTH as RFC 6962, 2.1 defines it. */
function definedRoot(hashes: readonly Uint8Array[]): Buffer {
  const [first] = hashes;
  if (first === undefined) return createHash('sha256').digest();
  if (hashes.length === 1) return Buffer.from(first);
  let split = 1;
  while (split * 2 < hashes.length) split *= 2;
  const [left, right] = [definedRoot(hashes.slice(0, split)), definedRoot(hashes.slice(split))];
  return createHash('sha256').update(Buffer.of(1)).update(left).update(right).digest();
}

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  return bytes.map((byte, at) => (at === (bit >> 3) % bytes.length ? byte ^ (1 << (bit & 7)) : byte));
}

describe('the tree', () => {
  it('has the roots that other implementations of RFC 6962 have', () => {
    const hashes = KNOWN_ENTRIES.map((entry) => leafHash(Buffer.from(entry, 'hex')));
    const roots = KNOWN_ROOTS.map((_, size) => hexOf(treeRoot(hashes.slice(0, size))));
    expect(roots).toEqual(KNOWN_ROOTS);
  });

  it('has the root that the definition gives, at every size, whole or grown from any left range', () => {
    fc.assert(
      fc.property(sizes, fc.nat(), (size, from) => {
        const all = leaves(size);
        const left = new CompactRange();
        for (const leaf of all.slice(0, from % size)) left.append(leaf);
        const grown = new CompactRange({ size: left.size, hashes: left.hashes });
        for (const leaf of all.slice(from % size)) grown.append(leaf);
        expect(hexOf(grown.root())).toBe(hexOf(definedRoot(all)));
        expect(hexOf(new MerkleTree(all).root)).toBe(hexOf(definedRoot(all)));
      }),
    );
  });

  it('is hashed alike by the native functions of the services', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), (entry) => {
        expect(hexOf(nativeLeafHash(entry))).toBe(hexOf(leafHash(entry)));
        const [leaf, other] = [leafHash(entry), leafHash(Uint8Array.of(1, ...entry))];
        expect(hexOf(nativeNodeHash(leaf, other))).toBe(hexOf(nodeHash(leaf, other)));
      }),
    );
  });

  it('refuses a left range whose hashes do not fit its size', () => {
    expect(() => new CompactRange({ size: 3, hashes: leaves(1) })).toThrow(RangeError);
    expect(() => new CompactRange({ size: 1, hashes: [new Uint8Array(31)] })).toThrow(RangeError);
  });
});

describe('an inclusion proof', () => {
  it('proves every leaf of every tree, and nothing else', () => {
    fc.assert(
      fc.property(sizes, fc.nat(), fc.nat(), (size, at, bit) => {
        const all = leaves(size);
        const index = at % size;
        const claim = {
          leaf: all[index] ?? EMPTY_ROOT,
          index,
          size,
          proof: inclusionProof(all, index),
          root: treeRoot(all),
        };
        expect(verifyInclusion(claim)).toBe(true);
        expect(verifyInclusion({ ...claim, leaf: flipped(claim.leaf, bit) })).toBe(false);
        expect(verifyInclusion({ ...claim, root: flipped(claim.root, bit) })).toBe(false);
        expect(verifyInclusion({ ...claim, proof: [...claim.proof, EMPTY_ROOT] })).toBe(false);
        for (const place of claim.proof.keys()) {
          const proof = claim.proof.map((hash, other) => (other === place ? flipped(hash, bit) : hash));
          expect(verifyInclusion({ ...claim, proof })).toBe(false);
          expect(verifyInclusion({ ...claim, proof: claim.proof.toSpliced(place, 1) })).toBe(false);
        }
        for (const other of [-1, index + 1, index - 1, size, 0.5])
          expect(verifyInclusion({ ...claim, index: other })).toBe(false);
      }),
    );
  });
});

describe('a consistency proof', () => {
  it('proves every prefix of every tree, and nothing else', () => {
    fc.assert(
      fc.property(sizes, fc.nat(), fc.nat(), (size, older, bit) => {
        const all = leaves(size);
        const oldSize = older % (size + 1);
        const oldRoot = treeRoot(all.slice(0, oldSize));
        const claim = { oldSize, oldRoot, size, root: treeRoot(all), proof: consistencyProof(all, oldSize) };
        expect(verifyConsistency(claim)).toBe(true);
        expect(verifyConsistency({ ...claim, oldRoot: flipped(oldRoot, bit) })).toBe(false);
        expect(verifyConsistency({ ...claim, proof: [...claim.proof, EMPTY_ROOT] })).toBe(false);
        expect(verifyConsistency({ ...claim, size: oldSize - 1 })).toBe(false);
        if (oldSize > 0) expect(verifyConsistency({ ...claim, root: flipped(claim.root, bit) })).toBe(false);
        for (const place of claim.proof.keys()) {
          const proof = claim.proof.map((hash, other) => (other === place ? flipped(hash, bit) : hash));
          expect(verifyConsistency({ ...claim, proof })).toBe(false);
        }
      }),
    );
  });

  it('does not join a tree to one whose old entries differ', () => {
    const all = leaves(7);
    const forked = [leafHash(Uint8Array.of(9)), ...all.slice(1)];
    const claim = { oldSize: 5, oldRoot: treeRoot(all.slice(0, 5)), size: 7, root: treeRoot(forked) };
    expect(verifyConsistency({ ...claim, proof: consistencyProof(forked, 5) })).toBe(false);
  });
});
