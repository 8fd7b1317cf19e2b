import { Keypair, PACKET_DATA_SIZE, PublicKey, Transaction } from '@solana/web3.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { claim, createPayee, type Credits, type FinalizedEpoch, type Network } from '#client';
import { leafKey } from '#protocol/settle/leaf';
import { GENESIS_PARENT, type Tuple } from '#protocol/settle/tuple';
import { amount, epochNumber, type Address, type Hash } from '#protocol/units';
import { dueClaims, type Subject } from '#services/claim/due-claims';
import { dueSettlements } from '#services/claim/due-settlements';
import { packParcels, type Parcel } from '#services/claim/pack';
import { backoffDelay, runLoop } from '#services/runtime/chain-retry';
import { epochBounds, lastEndedEpoch, nextOpenEpoch } from '#services/runtime/chain-epoch';
import { tupleDifferences } from '#services/settle/tuple-difference';

const payer = Keypair.generate();
const network = PublicKey.unique();

function claimParcel(hashes: number, at: number): Parcel {
  const instruction = claim({
    network,
    subject: PublicKey.unique(),
    destination: PublicKey.unique(),
    cumulative: 1n,
    index: at,
    proof: Array.from({ length: hashes }, () => new Uint8Array(32).fill(at)),
  });
  return { label: String(at), instructions: [instruction] };
}

describe('packing claims into transactions', () => {
  it('keeps order, loses nothing, and makes no transaction that is larger than a packet', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 25 }), (proofs) => {
        const parcels = proofs.map(claimParcel);
        const packed = packParcels(parcels, payer.publicKey);
        expect(packed.flat().map(({ label }) => label)).toEqual(parcels.map(({ label }) => label));
        for (const batch of packed) {
          const transaction = new Transaction({
            feePayer: payer.publicKey,
            blockhash: PublicKey.default.toBase58(),
            lastValidBlockHeight: 0,
          });
          transaction.add(...batch.flatMap(({ instructions }) => instructions));
          transaction.sign(payer);
          expect(transaction.serialize().length).toBeLessThanOrEqual(PACKET_DATA_SIZE);
        }
      }),
      { numRuns: 10, seed: 7 },
    );
  });

  it('puts several short claims and several new payees into one transaction', () => {
    const claims = Array.from({ length: 6 }, (_, at) => claimParcel(3, at));
    expect(packParcels(claims, payer.publicKey).length).toBeLessThan(claims.length);
    const payees = Array.from({ length: 8 }, (_, at) => ({
      label: String(at),
      instructions: [createPayee({ payer: payer.publicKey, network, address: PublicKey.unique() })],
    }));
    expect(packParcels(payees, payer.publicKey).length).toBeLessThan(3);
  });

  it('gives a claim with the longest proof a transaction of its own', () => {
    expect(packParcels([claimParcel(20, 1), claimParcel(20, 2)], payer.publicKey)).toHaveLength(2);
  });
});

describe('what is due', () => {
  const leaf = (byte: string, cumulative: bigint) => ({
    key: leafKey(`01${byte.repeat(32)}`),
    cumulative: amount(cumulative),
  });
  const subject = (claimed: bigint): Subject => ({
    account: PublicKey.unique(),
    destination: PublicKey.unique(),
    claimed: amount(claimed),
    missing: false,
  });

  it('is what a leaf has above what was claimed, at the leaf’s own place', () => {
    const leaves = [leaf('11', 5n), leaf('22', 7n), leaf('33', 9n), leaf('44', 1n)];
    const subjects = new Map([
      [leaves[0]?.key, subject(5n)],
      [leaves[1]?.key, subject(3n)],
      [leaves[2]?.key, subject(0n)],
    ]);
    const due = dueClaims(leaves, (key) => subjects.get(key) ?? null);
    expect(due.map(({ index, owed }) => [index, owed])).toEqual([
      [1, 4n],
      [2, 9n],
    ]);
  });
});

describe('data credits to be settled', () => {
  const owners = ['2', '3', '4', '5'].map((digit) => digit.repeat(43) as Address);
  const credits = (owner: Address, settled: bigint, fromEpoch: bigint | null): Credits => ({
    account: PublicKey.unique(),
    network,
    owner,
    firstEpoch: epochNumber(0n),
    balance: { current: 9n, next: 9n, nextFrom: epochNumber(0n) },
    settled,
    refundable: amount(0n),
    withdrawal: fromEpoch === null ? null : { credits: 1n, fromEpoch: epochNumber(fromEpoch) },
  });

  it('are those of whose usage the chain knows too little, and those whose withdrawal is due', () => {
    const [behind = '', settled = '', waiting = '', due = ''] = owners;
    const accounts = [
      credits(behind as Address, 4n, null),
      credits(settled as Address, 5n, null),
      credits(waiting as Address, 5n, 9n),
      credits(due as Address, 5n, 8n),
      credits('6'.repeat(43) as Address, 0n, 8n),
    ];
    const prove = (owner: Address) =>
      owners.includes(owner) ? { settledTotal: 5n, index: 0, proof: [] } : null;
    const found = dueSettlements(accounts, { latest: epochNumber(7n), prove });
    expect(found.map(({ credits: { owner }, pays }) => [owner, pays])).toEqual([
      [behind, false],
      [due, true],
    ]);
  });
});

describe('epochs by the chain’s clock', () => {
  const facts: Pick<Network, 'firstEpochStart' | 'epochLengthS'> = {
    firstEpochStart: 1000n,
    epochLengthS: 60n,
  };
  const of = (latest: Pick<FinalizedEpoch, 'epoch'> | null) => ({ ...facts, latest });

  it('end with their last second, and none has ended before the first', () => {
    expect(epochBounds(facts, epochNumber(2n))).toEqual({ start: 1120, end: 1180 });
    expect([999, 1059, 1060, 1179, 1180].map((time) => lastEndedEpoch(facts, time))).toEqual([
      null,
      null,
      0n,
      1n,
      2n,
    ]);
  });

  it('are settled from the one after the latest final one on', () => {
    expect(nextOpenEpoch(of(null))).toBe(0n);
    expect(nextOpenEpoch(of({ epoch: epochNumber(4n) }))).toBe(5n);
  });
});

describe('trying again', () => {
  it('waits twice as long each time, up to the limit, less up to a quarter', () => {
    const backoff = { firstDelayMs: 500, maxDelayMs: 3000 };
    expect([1, 2, 3, 4, 9].map((failures) => backoffDelay(failures, backoff, 0))).toEqual([
      500, 1000, 2000, 3000, 3000,
    ]);
    expect(backoffDelay(1, backoff, 1)).toBe(375);
  });

  it('counts failures in a row, and ends when it is told to', async () => {
    const stop = new AbortController();
    const failures: number[] = [];
    let turns = 0;
    await runLoop({
      signal: stop.signal,
      backoff: { firstDelayMs: 1, maxDelayMs: 1 },
      intervalMs: 0,
      turn: () => {
        turns += 1;
        if (turns === 6) stop.abort();
        return turns % 3 === 0 ? Promise.resolve() : Promise.reject(new Error('down'));
      },
      onFailure: (failure) => failures.push(failure.failures),
    });
    expect(turns).toBe(6);
    expect(failures).toEqual([1, 2, 1, 2]);
  });
});

describe('tuples that differ', () => {
  it('are told apart by what goes in before what comes out', () => {
    const hash = (byte: string): Hash => byte.repeat(32) as Hash;
    const ours: Tuple = {
      network: network.toBase58() as Address,
      epoch: epochNumber(1n),
      parentTupleHash: GENESIS_PARENT,
      root: hash('01'),
      leafCount: 1,
      cumulativeTotal: amount(5n),
      creditsRoot: hash('02'),
      creditsCount: 0,
      evidenceHash: hash('03'),
      registryHash: hash('04'),
      policyHash: hash('05'),
      stateHash: hash('06'),
    };
    const theirs = { ...ours, root: hash('11'), registryHash: hash('14'), cumulativeTotal: amount(6n) };
    expect(tupleDifferences(ours, ours)).toEqual([]);
    expect(tupleDifferences(ours, theirs)).toEqual([
      { field: 'registryHash', ours: hash('04'), theirs: hash('14') },
      { field: 'cumulativeTotal', ours: '5', theirs: '6' },
      { field: 'root', ours: hash('01'), theirs: hash('11') },
    ]);
  });
});
