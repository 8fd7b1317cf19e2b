import { base58 } from '@scure/base';
import {
  Keypair,
  PublicKey,
  Transaction,
  TransactionInstruction,
  type ConfirmedTransactionMeta,
  type VersionedTransactionResponse,
} from '@solana/web3.js';
import { describe, expect, it } from 'vitest';
import { attest, finalize, settlementInstructions } from '#client';
import { GENESIS_PARENT, type Tuple } from '#protocol/settle/tuple';
import { amount, epochNumber, type Address, type Hash } from '#protocol/units';

const [payer, oracle, network, stranger] = Array.from({ length: 4 }, () => Keypair.generate().publicKey);
const hash = 'ab'.repeat(32) as Hash;
const made = (epoch: bigint): Tuple => ({
  network: (network ?? PublicKey.default).toBase58() as Address,
  epoch: epochNumber(epoch),
  parentTupleHash: GENESIS_PARENT,
  root: hash,
  leafCount: 3,
  cumulativeTotal: amount(2n ** 60n),
  creditsRoot: hash,
  creditsCount: 0,
  evidenceHash: hash,
  registryHash: hash,
  policyHash: hash,
  stateHash: hash,
});
const voteOf = (epoch: bigint): TransactionInstruction =>
  attest({ oracle: oracle ?? PublicKey.default, tuple: made(epoch) });

/** A transaction as a node gives it, with what its first instruction called. */
function landed(
  outer: readonly TransactionInstruction[],
  of: { readonly called?: readonly TransactionInstruction[]; readonly err?: 'failed' } = {},
): VersionedTransactionResponse {
  const transaction = new Transaction({
    feePayer: payer ?? PublicKey.default,
    blockhash: PublicKey.default.toBase58(),
    lastValidBlockHeight: 1,
  });
  transaction.add(...outer);
  const message = transaction.compileMessage();
  const place = (key: PublicKey): number => message.accountKeys.findIndex((each) => each.equals(key));
  const instructions = (of.called ?? []).map(({ programId, keys, data }) => ({
    programIdIndex: place(programId),
    accounts: keys.map(({ pubkey }) => place(pubkey)),
    data: base58.encode(data),
  }));
  const meta: ConfirmedTransactionMeta = {
    fee: 5000,
    preBalances: [],
    postBalances: [],
    err: of.err ?? null,
    logMessages: ['Log truncated'],
    innerInstructions: [{ index: 0, instructions }],
  };
  return { slot: 1, blockTime: 1, meta, transaction: { message, signatures: [] }, version: 'legacy' };
}

/** An instruction of another program that brings along all accounts of ours. */
function other(data: Uint8Array, programId = stranger ?? PublicKey.default): TransactionInstruction {
  const { keys, programId: program } = voteOf(1n);
  const all = [...keys, { pubkey: program, isSigner: false, isWritable: false }];
  return new TransactionInstruction({ programId, keys: all, data: Buffer.from(data) });
}

describe('the instructions of a transaction', () => {
  it('are found whatever its log says, in order, those that another program called included', () => {
    const found = settlementInstructions(
      landed([other(Uint8Array.of(1)), voteOf(2n), finalize({ tuple: made(3n) })], { called: [voteOf(1n)] }),
    );
    expect(found).toEqual([
      { name: 'attest', network, oracle, tuple: made(1n) },
      { name: 'attest', network, oracle, tuple: made(2n) },
      { name: 'finalize', network, tuple: made(3n) },
    ]);
  });

  it('are none where it failed, where another program has the same data, and where the data ends early', () => {
    expect(settlementInstructions(landed([voteOf(1n)], { err: 'failed' }))).toEqual([]);
    expect(settlementInstructions(landed([other(voteOf(1n).data)]))).toEqual([]);
    const short = voteOf(1n);
    short.data = short.data.subarray(0, 100);
    expect(settlementInstructions(landed([short]))).toEqual([]);
  });
});
