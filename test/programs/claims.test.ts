import { createHash } from 'node:crypto';
import { AuthorityType, createSetAuthorityInstruction } from '@solana/spl-token';
import type { Keypair, PublicKey } from '@solana/web3.js';
import { describe, expect, it } from 'vitest';
import { attest, claim, createPayee, finalize, ledgerAddress, tokenAccountAddress } from '#client';
import { leafHash, nodeHash } from '#protocol/evidence/merkle';
import { leafEntry, type Leaf } from '#protocol/settle/leaf';
import type { SettlementTree } from '#protocol/settle/tree';
import type { Address, Hash } from '#protocol/units';
import { namedHotspot, namedKeypair, type TestHotspot } from '../support/litesvm-hotspot.ts';
import {
  DELAY_S,
  EMISSION,
  balanceOf,
  claimOf,
  createTestNetwork,
  epochEnd,
  hexHash,
  leaf,
  openTokenAccount,
  register,
  settle,
  subjectOf,
  supplyOf,
  totalClaimed,
  treeOf,
  tupleOf,
  type TestNetwork,
} from '../support/litesvm-network.ts';
import { openLiteChain, type Outcome } from '../support/litesvm.ts';

const chain = openLiteChain();
const owner = namedKeypair('owner');
const [a, b] = [namedHotspot('a', 'ed25519'), namedHotspot('b', 'p256')];
let networks = 0;

const fresh = (): TestNetwork => {
  const network = createTestNetwork(chain, `network ${networks++}`);
  for (const hotspot of [a, b]) register(network, { hotspot, owner });
  openTokenAccount(network, owner.publicKey);
  return network;
};
const send = (network: TestNetwork, of: TestHotspot | PublicKey, tree: SettlementTree): Outcome =>
  chain.send([claimOf(network, of, { tree, destination: 'key' in of ? owner.publicKey : of })]);
/** Oracles that agree on whatever they like. */
const finalizeTuple = (network: TestNetwork, epoch: bigint, change: Parameters<typeof tupleOf>[3]): void => {
  const tuple = tupleOf(network, epoch, treeOf(network, []), change);
  chain.setTime(epochEnd(network, epoch));
  for (const oracle of network.oracles.slice(0, 2))
    chain.land([attest({ oracle: oracle.publicKey, tuple })], [oracle]);
  chain.setTime(epochEnd(network, epoch) + DELAY_S);
  chain.land([finalize({ tuple })]);
};

describe('claim', () => {
  it('needs a final epoch', () => {
    const network = fresh();
    expect(send(network, a, treeOf(network, [leaf(a, 5n)])).error).toBe('NothingFinalized');
  });

  it('needs a proof of exactly this leaf under the latest root', () => {
    const network = fresh();
    const { tree: old } = settle(network, 0n, [leaf(a, 500n), leaf(b, 300n)]);
    const { tree } = settle(network, 1n, [leaf(a, 600n), leaf(b, 400n)]);
    const found = tree.prove(leaf(a, 1n).key);
    const proof = found?.proof ?? [];
    const base = {
      network: network.address,
      subject: subjectOf(network, a),
      destination: owner.publicKey,
      cumulative: 600n,
      index: found?.index ?? 0,
      proof,
    };
    const changes: readonly Partial<typeof base>[] = [
      { cumulative: 601n },
      { cumulative: 599n },
      { cumulative: 2n ** 64n - 1n },
      { index: 1 - base.index },
      { index: 2 },
      { index: 0xffff_ffff },
      { subject: subjectOf(network, b) },
      { proof: proof.map((hash) => hash.map((byte, at) => (at === 31 ? byte ^ 1 : byte))) },
      { proof: [] },
      { proof: [...proof, ...proof] },
    ];
    for (const change of changes)
      expect(chain.send([claim({ ...base, ...change })]).error).toBe('InvalidClaimProof');
    expect(send(network, a, old).error).toBe('InvalidClaimProof');
    const long = Array.from({ length: 21 }, () => new Uint8Array(32));
    expect(chain.send([claim({ ...base, proof: long })]).error).toBe('ProofTooLong');
    const overflowing = claim(base);
    overflowing.data.writeUInt32LE(0xffff_ffff, 8 + 8 + 4);
    expect(chain.send([overflowing]).error).toBe('MalformedArguments');
    expect(supplyOf(network)).toBe(0n);
    expect(chain.send([claim(base)]).error).toBeNull();
  });

  it('needs a leaf of this network', () => {
    const [network, other] = [fresh(), fresh()];
    const foreign = treeOf(other, [leaf(a, 500n), leaf(b, 300n)]);
    finalizeTuple(network, 0n, {
      root: foreign.root,
      leafCount: 2,
      cumulativeTotal: leaf(a, 800n).cumulative,
    });
    settle(other, 0n, foreign.leaves);
    expect(send(network, a, foreign).error).toBe('InvalidClaimProof');
    expect(send(other, a, foreign).error).toBeNull();
  });

  it('stops at the total that the oracles attested, whatever their leaves say', () => {
    const network = fresh();
    const tree = treeOf(network, [leaf(a, 600n), leaf(b, 500n)]);
    finalizeTuple(network, 0n, {
      root: tree.root,
      leafCount: 2,
      cumulativeTotal: leaf(a, 1_099n).cumulative,
    });
    expect(send(network, a, tree).error).toBeNull();
    expect(send(network, b, tree).error).toBe('ClaimsAboveTotal');
    expect([supplyOf(network), totalClaimed(network), balanceOf(network, owner.publicKey)]).toEqual([
      600n,
      600n,
      600n,
    ]);
  });

  it('pays the associated token account of the owner only', () => {
    const network = fresh();
    const { tree } = settle(network, 0n, [leaf(a, 500n)]);
    const stranger = namedKeypair('stranger').publicKey;
    const other = fresh();
    openTokenAccount(network, stranger);
    const wrong: readonly PublicKey[] = [
      tokenAccountAddress(network.address, stranger),
      tokenAccountAddress(other.address, owner.publicKey),
      owner.publicKey,
    ];
    for (const destination of wrong) {
      const instruction = claimOf(network, a, { tree, destination: owner.publicKey });
      const right = tokenAccountAddress(network.address, owner.publicKey);
      instruction.keys = instruction.keys.map((key) =>
        key.pubkey.equals(right) ? { ...key, pubkey: destination } : key,
      );
      expect(chain.send([instruction]).error).toBe('WrongDestination');
    }
  });

  it('needs the token account to exist and to be the owner’s still', () => {
    const network = createTestNetwork(chain, 'without token accounts');
    register(network, { hotspot: a, owner });
    const { tree } = settle(network, 0n, [leaf(a, 500n)]);
    expect(send(network, a, tree).error).toBe('DestinationMissing');
    openTokenAccount(network, owner.publicKey);
    const give = (from: Keypair, to: Keypair): void => {
      chain.land(
        [
          createSetAuthorityInstruction(
            tokenAccountAddress(network.address, owner.publicKey),
            from.publicKey,
            AuthorityType.AccountOwner,
            to.publicKey,
          ),
        ],
        [from],
      );
    };
    const thief = namedKeypair('thief');
    give(owner, thief);
    expect(send(network, a, tree).error).toBe('WrongDestination');
    give(thief, owner);
    expect(send(network, a, tree).error).toBeNull();
  });

  it('pays a payee itself, by an account that anyone created, from a leaf of key type 0x20 only', () => {
    const network = fresh();
    const payee = namedKeypair('an oracle').publicKey;
    const { tree } = settle(network, 0n, [leaf(a, 500n), leaf(payee, 70n)]);
    openTokenAccount(network, payee);
    expect(send(network, payee, tree).error).toBe('WrongOwner');
    chain.land([createPayee({ payer: chain.payer.publicKey, network: network.address, address: payee })]);
    expect(send(network, payee, tree).events).toMatchObject([{ name: 'Claimed', amount: 70n }]);
    expect(balanceOf(network, payee)).toBe(70n);
    // A hotspot whose key is the payee's address has another leaf.
    const key = `01${Buffer.from(payee.toBytes()).toString('hex')}` as TestHotspot['key'];
    const twin: TestHotspot = { key, sign: () => new Uint8Array() };
    const leaves = [leaf(a, 500n), leaf(twin, 10n), leaf(payee, 70n)];
    const second = settle(network, 1n, leaves).tree;
    const found = second.prove(leaf(twin, 1n).key);
    const stolen = claim({
      network: network.address,
      subject: subjectOf(network, payee),
      destination: payee,
      cumulative: 10n,
      index: found?.index ?? 0,
      proof: found?.proof ?? [],
    });
    expect(chain.send([stolen]).error).toBe('InvalidClaimProof');
  });

  it('does not take one account in two places', () => {
    const network = fresh();
    const { tree } = settle(network, 0n, [leaf(a, 500n)]);
    const instruction = claimOf(network, a, { tree, destination: owner.publicKey });
    const ledger = ledgerAddress(network.address);
    const subject = subjectOf(network, a);
    instruction.keys = instruction.keys.map((key) =>
      key.pubkey.equals(subject) ? { ...key, pubkey: ledger } : key,
    );
    expect(chain.send([instruction]).error).toBe('AccountRepeated');
  });

  it('takes the network read-only, so that claims do not wait for each other’s networks', () => {
    const network = fresh();
    const instruction = claimOf(network, a, {
      tree: treeOf(network, [leaf(a, 1n)]),
      destination: owner.publicKey,
    });
    const meta = instruction.keys.find(({ pubkey }) => pubkey.equals(network.address));
    expect(meta).toMatchObject({ isWritable: false, isSigner: false });
    expect(instruction.keys.some(({ isSigner }) => isSigner)).toBe(false);
  });
});

describe('proofs', () => {
  it('of every leaf in trees of 1 to 20 leaves are paid, each once', () => {
    const network = fresh();
    const fillers = Array.from({ length: 18 }, (_, n) => namedHotspot(`filler ${n}`, 'ed25519'));
    let paid = 0n;
    for (let count = 1; count <= 20; count++) {
      const leaves: Leaf[] = [a, b, ...fillers].slice(0, count).map((of) => leaf(of, BigInt(count) * 10n));
      const { tree } = settle(network, BigInt(count), leaves);
      for (const of of [a, b].slice(0, count))
        for (const amount of [count === 2 && of === b ? 20n : 10n, 0n])
          expect(send(network, of, tree).events).toMatchObject([{ name: 'Claimed', amount }]);
      paid = BigInt(count) * 10n * BigInt(Math.min(count, 2));
      expect([balanceOf(network, owner.publicKey), supplyOf(network)]).toEqual([paid, paid]);
    }
    expect(paid).toBe(400n);
  });

  it('of a million leaves fit into a transaction with 20 hashes', () => {
    const network = fresh();
    const index = 0b1010_0110_0101_1100_0011;
    const path = Array.from({ length: 20 }, (_, level) =>
      Uint8Array.from(createHash('sha256').update(`sibling ${level}`).digest()),
    );
    const mine = leaf(a, EMISSION);
    const start = leafHash(leafEntry({ network: network.address.toBase58() as Address, leaf: mine }));
    const root: Hash = hexHash(
      path.reduce(
        (hash, sibling, level) => ((index >> level) & 1 ? nodeHash(sibling, hash) : nodeHash(hash, sibling)),
        start,
      ),
    );
    finalizeTuple(network, 0n, { root, leafCount: 2 ** 20, cumulativeTotal: mine.cumulative });
    const outcome = chain.send([
      claim({
        network: network.address,
        subject: subjectOf(network, a),
        destination: owner.publicKey,
        cumulative: EMISSION,
        index,
        proof: path,
      }),
    ]);
    expect(outcome.events).toMatchObject([{ name: 'Claimed', amount: EMISSION }]);
    expect(outcome.computeUnits[0]).toBeLessThan(20_000);
  });
});
