import { PublicKey, TransactionInstruction, type AccountMeta } from '@solana/web3.js';
import { ClientError } from '../client-error.ts';
import { encodeArguments, type Encodable } from '../codec.ts';
import { idl, PROGRAM_ID } from '../idl.ts';

interface IdlAccount {
  readonly name: string;
  readonly writable?: boolean;
  readonly signer?: boolean;
  readonly address?: string;
}

/** An instruction of the program: the order and the flags of its accounts, and fixed addresses, come from the IDL. */
export function buildInstruction(
  name: string,
  accounts: Readonly<Record<string, PublicKey>>,
  args: Readonly<Record<string, Encodable>>,
): TransactionInstruction {
  const found = idl.instructions.find((instruction) => instruction.name === name);
  if (found === undefined) throw new ClientError('invalid_argument', { instruction: name });
  const taken: readonly IdlAccount[] = found.accounts;
  const keys = taken.map((account): AccountMeta => {
    const pubkey = account.address === undefined ? accounts[account.name] : new PublicKey(account.address);
    if (pubkey === undefined)
      throw new ClientError('invalid_argument', { instruction: name, account: account.name });
    return { pubkey, isSigner: account.signer === true, isWritable: account.writable === true };
  });
  return new TransactionInstruction({ programId: PROGRAM_ID, keys, data: encodeArguments(name, args) });
}
