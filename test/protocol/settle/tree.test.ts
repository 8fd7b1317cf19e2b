import { readFileSync } from 'node:fs';
import {
  leafEntry,
  leafKey,
  leafOrder,
  hotspotLeafKey,
  payeeLeafKey,
  payeeOfLeaf,
} from '#protocol/settle/leaf';
import { settlementTree, verifyLeaf } from '#protocol/settle/tree';
import { leafHash } from '#protocol/evidence/merkle';
import { openTuple, tupleBytes, tupleHash, type Tuple } from '#protocol/settle/tuple';
import { amount, epochNumber, type Address, type Hash, type HotspotKey } from '#protocol/units';
import { sha256 } from '@noble/hashes/sha2.js';
import { nativeHashes } from '#services/runtime/evidence/native-hash';
import { base58, hex } from '@scure/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

interface Vectors {
  readonly settlement_leaves: readonly {
    readonly network: string;
    readonly key_type: number;
    readonly key: string;
    readonly cumulative: string;
    readonly hash: string;
  }[];
  readonly trees: readonly {
    readonly leaves: readonly string[];
    readonly root: string;
    readonly proofs: readonly string[][];
  }[];
  readonly tuple: Readonly<Record<string, string | number>>;
}

const vectors: Vectors = JSON.parse(readFileSync('test/vectors/settlement.json', 'utf8')) as Vectors;
const address = (digits: string): Address => base58.encode(hex.decode(digits)) as Address;
const leaves = vectors.settlement_leaves.map((vector) => ({
  ...vector,
  network: address(vector.network),
  leaf: {
    key: leafKey(`${vector.key_type.toString(16).padStart(2, '0')}${vector.key}`),
    cumulative: amount(BigInt(vector.cumulative)),
  },
}));

describe('the settlement tree', () => {
  it('hashes the leaves of the golden vectors as the program does', () => {
    expect(leaves.length).toBeGreaterThan(10);
    for (const { network, leaf, hash } of leaves)
      expect(hex.encode(leafHash(leafEntry({ network, leaf })))).toBe(hash);
  });

  it('has the golden roots and proofs for the same leaves in any order', () => {
    const [first] = leaves;
    if (first === undefined) throw new Error('no leaves');
    const { network } = first;
    const byHash = new Map(leaves.map((entry) => [entry.hash, entry.leaf]));
    for (const { leaves: hashes, root, proofs } of vectors.trees) {
      const inTree = hashes.map((hash) => byHash.get(hash)).filter((leaf) => leaf !== undefined);
      const tree = settlementTree({ network, leaves: [...inTree].reverse() });
      expect(tree.root).toBe(root);
      expect(tree.leafHashes).toEqual(hashes);
      const proven = tree.leaves.map(({ key }) => tree.prove(key)?.proof.map((hash) => hex.encode(hash)));
      expect(proven).toEqual(proofs);
    }
  });

  it('orders leaves by their keys, wherever these begin to differ', () => {
    const body = fc
      .constantFrom('00000000', '00000001', 'ffffffff', '0000ff00')
      .chain((digits) =>
        fc.constantFrom(
          ...[0, 4, 24, 56].map((zeros) => digits.padStart(digits.length + zeros, '0').padEnd(64, '7')),
        ),
      );
    const key = fc.tuple(fc.constantFrom('00', '01', '20'), body).map(([type, rest]) => leafKey(type + rest));
    fc.assert(
      fc.property(fc.uniqueArray(key, { maxLength: 40 }), (keys) => {
        const order = leafOrder(keys.map((each) => ({ key: each, cumulative: amount(1n) })));
        expect([...order].map((at) => keys[at])).toEqual([...keys].sort());
      }),
      { seed: 12 },
    );
  });

  it('has one leaf of a key only', () => {
    const leaf = { key: leafKey(`01${'ab'.repeat(32)}`), cumulative: amount(1n) };
    const other = { ...leaf, key: leafKey(`01${'ab'.repeat(31)}ac`) };
    expect(() => leafOrder([leaf, other, leaf])).toThrow(`the key ${leaf.key} has two leaves`);
  });

  it('proves every leaf, and nothing that was changed', () => {
    const network = address('11'.repeat(32));
    const some = fc.uniqueArray(
      fc.record({
        type: fc.constantFrom('00', '01', '20'),
        body: fc.uint8Array({ minLength: 32, maxLength: 32 }),
        cumulative: fc.bigInt({ min: 1n, max: 0xffff_ffff_ffff_fffen }),
      }),
      { minLength: 1, maxLength: 20, selector: ({ type, body }) => type + hex.encode(body) },
    );
    fc.assert(
      fc.property(some, fc.nat(), (entries, pick) => {
        const input = entries.map(({ type, body, cumulative }) => ({
          key: leafKey(type + hex.encode(body)),
          cumulative: amount(cumulative),
        }));
        const tree = settlementTree({ network, leaves: input });
        const found = tree.prove(input[pick % input.length]?.key ?? leafKey(''));
        if (found === undefined) throw new Error('no proof');
        const claim = { network, count: input.length, root: tree.root, ...found };
        expect(verifyLeaf(claim)).toBe(true);
        const more = { key: found.leaf.key, cumulative: amount(found.leaf.cumulative + 1n) };
        expect(verifyLeaf({ ...claim, leaf: more })).toBe(false);
        expect(verifyLeaf({ ...claim, network: address('22'.repeat(32)) })).toBe(false);
        expect(verifyLeaf({ ...claim, index: found.index + 1 })).toBe(false);
      }),
      { seed: 11 },
    );
  });

  it('is the same by native hashes, and from leaves in any order', () => {
    const network = address('33'.repeat(32));
    const some = Array.from({ length: 300 }, (_, at) => ({
      key: leafKey(`01${hex.encode(sha256(Uint8Array.of(at, at >> 8)))}`),
      cumulative: amount(BigInt(at) ** 7n + 1n),
    }));
    const tree = settlementTree({ network, leaves: some });
    const native = settlementTree({ network, leaves: [...some].reverse(), hashes: nativeHashes });
    expect(native.root).toBe(tree.root);
    expect(native.leafHashes).toEqual(tree.leafHashes);
    expect(native.leaves).toEqual(tree.leaves);
    expect(native.total).toBe(some.reduce((sum, { cumulative }) => sum + cumulative, 0n));
    for (const { key } of some.slice(0, 20)) expect(native.prove(key)).toEqual(tree.prove(key));
  });

  it('refuses a key that stands twice and answers nothing for one that it does not hold', () => {
    const network = address('11'.repeat(32));
    const leaf = { key: leafKey(`00${'aa'.repeat(32)}`), cumulative: amount(1n) };
    expect(() => settlementTree({ network, leaves: [leaf, leaf] })).toThrow(RangeError);
    expect(
      settlementTree({ network, leaves: [leaf] }).prove(leafKey(`01${'aa'.repeat(32)}`)),
    ).toBeUndefined();
  });

  it('keys hotspots by the low nibble of their tag and payees by 0x20', () => {
    expect(hotspotLeafKey(`11${'ab'.repeat(32)}` as HotspotKey)).toBe(`01${'ab'.repeat(32)}`);
    const payee = address('cd'.repeat(32));
    expect(payeeLeafKey(payee)).toBe(`20${'cd'.repeat(32)}`);
    expect(payeeOfLeaf(payeeLeafKey(payee))).toBe(payee);
    expect(payeeOfLeaf(leafKey(`00${'cd'.repeat(32)}`))).toBeNull();
  });
});

describe('the tuple', () => {
  const text = (name: string): string => String(vectors.tuple[name]);
  const hash = (name: string): Hash => text(name) as Hash;
  const tuple: Tuple = {
    network: address(text('network')),
    epoch: epochNumber(BigInt(text('epoch'))),
    parentTupleHash: hash('parent_tuple_hash'),
    root: hash('root'),
    leafCount: Number(text('leaf_count')),
    cumulativeTotal: amount(BigInt(text('cumulative_total'))),
    creditsRoot: hash('credits_root'),
    creditsCount: Number(text('credits_count')),
    evidenceHash: hash('evidence_hash'),
    registryHash: hash('registry_hash'),
    policyHash: hash('policy_hash'),
    stateHash: hash('state_hash'),
  };

  it('has the golden bytes and hash', () => {
    expect(hex.encode(tupleBytes(tuple))).toBe(text('bytes'));
    expect(tupleHash(tuple)).toBe(text('hash'));
    expect(openTuple(tupleBytes(tuple))).toEqual(tuple);
  });

  it('refuses bytes of any other length with the offset', () => {
    const bytes = tupleBytes(tuple);
    expect(() => openTuple(bytes.slice(0, -1))).toThrow(
      expect.objectContaining({ code: 'malformed_folder' }),
    );
    expect(() => openTuple(Uint8Array.of(...bytes, 0))).toThrow(
      expect.objectContaining({ code: 'malformed_folder' }),
    );
  });
});
