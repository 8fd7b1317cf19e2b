import { PublicKey, type TransactionInstruction } from '@solana/web3.js';
import { ballotAddress } from '../address.ts';
import { buildInstruction } from './instruction.ts';

interface ByAuthority {
  readonly authority: PublicKey;
  readonly network: PublicKey;
}

/** Signed by the authority; the set votes when the timelock is over. It replaces a pending one that does not vote yet. */
export function proposeOracles(
  input: ByAuthority & { readonly k: number; readonly oracles: readonly PublicKey[] },
): TransactionInstruction {
  const { authority, network, k, oracles } = input;
  return buildInstruction('propose_oracles', { authority, network }, { k, oracles });
}

/** The pending set votes already; after this another can be proposed. Signed by nobody but who pays the fee. */
export function applyOracles(network: PublicKey): TransactionInstruction {
  return buildInstruction('apply_oracles', { network, ballot: ballotAddress(network) }, {});
}

/** Signed by the authority; `to` may accept when the timelock is over. null: nobody, an offer is taken back. */
export function transferAuthority(
  input: ByAuthority & { readonly to: PublicKey | null },
): TransactionInstruction {
  const { authority, network, to } = input;
  return buildInstruction('transfer_authority', { authority, network }, { to: to ?? PublicKey.default });
}

/** Signed by whom the authority was offered to. */
export function acceptAuthority(input: {
  readonly pendingAuthority: PublicKey;
  readonly network: PublicKey;
}): TransactionInstruction {
  const { pendingAuthority, network } = input;
  return buildInstruction('accept_authority', { pending_authority: pendingAuthority, network }, {});
}

/** Signed by the authority; the guardian changes when the timelock is over. null: nobody. */
export function setGuardian(
  input: ByAuthority & { readonly guardian: PublicKey | null },
): TransactionInstruction {
  const { authority, network } = input;
  const guardian = input.guardian ?? PublicKey.default;
  return buildInstruction('set_guardian', { authority, network }, { guardian });
}
