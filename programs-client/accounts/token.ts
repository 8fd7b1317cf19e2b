import { AccountLayout, MintLayout } from '@solana/spl-token';
import type { Commitment, Connection, PublicKey } from '@solana/web3.js';
import { amount, type Amount } from '#protocol/units';
import { mintAddress, tokenAccountAddress, vaultAddress } from '../address.ts';
import { ClientError } from '../client-error.ts';

/** An owner's balance of the network's token; null where its token account does not exist. */
export async function readTokenBalance(
  connection: Connection,
  { network, owner }: { readonly network: PublicKey; readonly owner: PublicKey },
  commitment?: Commitment,
): Promise<Amount | null> {
  const account = await connection.getAccountInfo(tokenAccountAddress(network, owner), commitment);
  return account === null ? null : amount(AccountLayout.decode(account.data).amount);
}

/** Tokens that were minted and not burnt. */
export async function readTokenSupply(
  connection: Connection,
  network: PublicKey,
  commitment?: Commitment,
): Promise<Amount> {
  const mint = mintAddress(network);
  const account = await connection.getAccountInfo(mint, commitment);
  if (account === null) throw new ClientError('account_missing', { type: 'Mint', address: mint.toBase58() });
  return amount(MintLayout.decode(account.data).supply);
}

/** What lies in the vault: every bond, what was asked back, and whatever anybody sent there. */
export async function readVaultBalance(
  connection: Connection,
  network: PublicKey,
  commitment?: Commitment,
): Promise<Amount> {
  const vault = vaultAddress(network);
  const account = await connection.getAccountInfo(vault, commitment);
  if (account === null)
    throw new ClientError('account_missing', { type: 'Vault', address: vault.toBase58() });
  return amount(AccountLayout.decode(account.data).amount);
}
