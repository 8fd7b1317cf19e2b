import type { PublicKey, TransactionInstruction } from '@solana/web3.js';
import { payeeAddress } from '../address.ts';
import { buildInstruction } from './instruction.ts';

/** Anyone may create the account by which an oracle or the operations fund claims; signed by the payer. */
export function createPayee(input: {
  readonly payer: PublicKey;
  readonly network: PublicKey;
  readonly address: PublicKey;
}): TransactionInstruction {
  const { payer, network, address } = input;
  return buildInstruction(
    'create_payee',
    { payer, network, payee: payeeAddress(network, address) },
    { address },
  );
}
