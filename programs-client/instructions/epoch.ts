import type { Tuple } from '#protocol/settle/tuple';
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

/** Makes the ripe tuple final after its challenge delay; signed by nobody but who pays the fee. */
export function finalize(input: { readonly tuple: Tuple }): TransactionInstruction {
  const network = new PublicKey(input.tuple.network);
  return buildInstruction(
    'finalize',
    { network, ballot: ballotAddress(network) },
    { tuple: encodableTuple(input.tuple) },
  );
}
