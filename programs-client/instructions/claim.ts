import { createAssociatedTokenAccountIdempotentInstruction } from '@solana/spl-token';
import type { PublicKey, TransactionInstruction } from '@solana/web3.js';
import { ledgerAddress, mintAddress, tokenAccountAddress } from '../address.ts';
import { buildInstruction } from './instruction.ts';

/**
 * Mints what is owed by the latest final root; signed by nobody but who pays the fee.
 * `subject` is a hotspotAddress or payeeAddress, `destination` the wallet whose token account is paid, which must exist.
 */
export function claim(input: {
  readonly network: PublicKey;
  readonly subject: PublicKey;
  readonly destination: PublicKey;
  readonly cumulative: bigint;
  readonly index: number;
  readonly proof: readonly Uint8Array[];
}): TransactionInstruction {
  const { network, subject, destination, cumulative, index, proof } = input;
  return buildInstruction(
    'claim',
    {
      network,
      ledger: ledgerAddress(network),
      subject,
      mint: mintAddress(network),
      destination: tokenAccountAddress(network, destination),
    },
    { cumulative, index, proof },
  );
}

/** Creates the token account in which `owner` receives the network's tokens, if it is missing; signed by the payer. */
export function createTokenAccount(input: {
  readonly payer: PublicKey;
  readonly network: PublicKey;
  readonly owner: PublicKey;
}): TransactionInstruction {
  const { payer, network, owner } = input;
  return createAssociatedTokenAccountIdempotentInstruction(
    payer,
    tokenAccountAddress(network, owner),
    owner,
    mintAddress(network),
  );
}
