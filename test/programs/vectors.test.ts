import { PublicKey } from '@solana/web3.js';
import { describe, expect, it } from 'vitest';
import { endorsedEntry, registerMessage, signaturePrecompile } from '#client';
import { leafHash } from '#protocol/evidence/merkle';
import { MerkleTree, verifyInclusion } from '#protocol/evidence/proof';
import { leafEntry, leafKey } from '#protocol/settle/leaf';
import { tupleBytes, tupleHash } from '#protocol/settle/tuple';
import { amount, epochNumber, type Address, type Hash, type HotspotKey } from '#protocol/units';
import { encodeStruct } from '../../programs-client/codec.ts';
import { encodableTuple } from '../../programs-client/tuple.ts';
import { creditsEntry } from '../support/litesvm-credits.ts';
import { openLiteChain } from '../support/litesvm.ts';
import vectors from '../vectors/settlement.json' with { type: 'json' };

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytes = (text: string): Uint8Array => Buffer.from(text, 'hex');
const addressOf = (text: string): Address => new PublicKey(bytes(text)).toBase58() as Address;
const tagged = (type: number, key: string): string => type.toString(16).padStart(2, '0') + key;

describe('the golden vectors that the program’s host tests read too', () => {
  it('hold for leaves of the settlement tree', () => {
    expect(vectors.settlement_leaves.length).toBeGreaterThan(0);
    for (const { network, key_type, key, cumulative, hash } of vectors.settlement_leaves) {
      const leaf = { key: leafKey(tagged(key_type, key)), cumulative: amount(BigInt(cumulative)) };
      expect(hex(leafHash(leafEntry({ network: addressOf(network), leaf })))).toBe(hash);
    }
  });

  it('hold for entries of a maker’s list', () => {
    for (const { key_type, key, hash } of vectors.endorsed_leaves)
      expect(hex(leafHash(endorsedEntry(tagged(key_type, key) as HotspotKey)))).toBe(hash);
  });

  it('hold for a leaf of the credits tree', () => {
    expect(vectors.credits_leaves.length).toBeGreaterThan(0);
    for (const { network, owner, settled_total, hash } of vectors.credits_leaves) {
      const used = { owner: new PublicKey(bytes(owner)), total: BigInt(settled_total) };
      expect(hex(leafHash(creditsEntry(new PublicKey(bytes(network)), used)))).toBe(hash);
    }
  });

  it('hold for roots and proofs of trees', () => {
    for (const { leaves, root, proofs } of vectors.trees) {
      const tree = new MerkleTree(leaves.map(bytes));
      expect(hex(tree.root)).toBe(root);
      leaves.forEach((leaf, index) => {
        const proof = tree.inclusionProof(index);
        expect(proof.map(hex)).toEqual(proofs[index]);
        const claim = { leaf: bytes(leaf), index, size: leaves.length, root: bytes(root) };
        expect(verifyInclusion({ ...claim, proof })).toBe(true);
        const changed = proof.map((hash, at) => (at === 0 ? hash.map((byte) => byte ^ 1) : hash));
        expect(verifyInclusion({ ...claim, proof: changed })).toBe(proof.length === 0);
      });
    }
  });

  it('hold for the tuple, as the protocol and as the client write it', () => {
    const { tuple } = vectors;
    const parsed = {
      network: addressOf(tuple.network),
      epoch: epochNumber(BigInt(tuple.epoch)),
      parentTupleHash: tuple.parent_tuple_hash as Hash,
      root: tuple.root as Hash,
      leafCount: tuple.leaf_count,
      cumulativeTotal: amount(BigInt(tuple.cumulative_total)),
      creditsRoot: tuple.credits_root as Hash,
      creditsCount: tuple.credits_count,
      evidenceHash: tuple.evidence_hash as Hash,
      registryHash: tuple.registry_hash as Hash,
      policyHash: tuple.policy_hash as Hash,
      stateHash: tuple.state_hash as Hash,
    };
    expect(hex(tupleBytes(parsed))).toBe(tuple.bytes);
    expect(hex(encodeStruct('Tuple', encodableTuple(parsed)))).toBe(tuple.bytes);
    expect(tupleHash(parsed)).toBe(tuple.hash);
  });

  it('hold for the message that real hotspots signed, and the chain verifies their signatures', () => {
    const chain = openLiteChain();
    for (const { key_type, owner, gateway, payer, signed_bytes, signature } of vectors.add_gateway) {
      const message = registerMessage({
        owner: new PublicKey(bytes(owner.slice(2))),
        gateway: gateway as HotspotKey,
        network: new PublicKey(bytes(payer.slice(2))),
      });
      expect(hex(message)).toBe(signed_bytes);
      const signed = { key: gateway as HotspotKey, message, signature: bytes(signature) };
      expect([key_type, chain.send([signaturePrecompile(signed)]).error]).toEqual([key_type, null]);
    }
  });
});
