import type { Tuple } from '#protocol/settle/tuple';
import type { EpochNumber, Hash } from '#protocol/units';
import { PublicKey, type TransactionInstruction } from '@solana/web3.js';
import { ballotAddress } from '../address.ts';
import { encodableTuple } from '../tuple.ts';
import { buildInstruction } from './instruction.ts';

/** Sets an oracle's vote for the tuple's epoch, and counts; signed by the oracle. */
export function attest(input: { readonly oracle: PublicKey; readonly tuple: Tuple }): TransactionInstruction {
  const network = new PublicKey(input.tuple.network);
  return buildInstruction(
    'attest',
    { oracle: input.oracle, network, ballot: ballotAddress(network) },
    { tuple: encodableTuple(input.tuple) },
  );
}

/** Signed by the guardian or an oracle; against this ripe tuple and no other. */
export function veto(input: {
  readonly vetoer: PublicKey;
  readonly network: PublicKey;
  readonly epoch: EpochNumber;
  readonly tupleHash: Hash;
}): TransactionInstruction {
  const { vetoer, network, epoch, tupleHash } = input;
  return buildInstruction(
    'veto',
    { vetoer, network, ballot: ballotAddress(network) },
    { epoch, tuple_hash: Buffer.from(tupleHash, 'hex') },
  );
}

/** Makes the ripe tuple final after its challenge delay; signed by nobody but who pays the fee. */
export function finalize(input: { readonly tuple: Tuple }): TransactionInstruction {
  const network = new PublicKey(input.tuple.network);
  return buildInstruction(
    'finalize',
    { network, ballot: ballotAddress(network) },
    { tuple: encodableTuple(input.tuple) },
  );
}
