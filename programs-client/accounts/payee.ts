import type { Connection, PublicKey } from '@solana/web3.js';
import { amount, type Amount } from '#protocol/units';
import { payeeAddress } from '../address.ts';
import type { Fields } from '../fields.ts';
import { findAccount, listAccounts, type ReadOptions } from './account.ts';

/** The account by which an oracle or the operations fund claims. */
export interface Payee {
  readonly account: PublicKey;
  readonly network: PublicKey;
  /** Who is paid. */
  readonly address: PublicKey;
  readonly claimed: Amount;
}

/** null where nobody has created it yet. */
export async function readPayee(
  connection: Connection,
  { network, address }: { readonly network: PublicKey; readonly address: PublicKey },
  options?: ReadOptions,
): Promise<Payee | null> {
  const account = payeeAddress(network, address);
  const { value } = await findAccount(connection, 'Payee', account, options);
  return value === null ? null : payeeOf(account, value);
}

export async function readPayees(
  connection: Connection,
  network: PublicKey,
  options?: ReadOptions,
): Promise<readonly Payee[]> {
  const { value } = await listAccounts(connection, 'Payee', network, options);
  return value.map((item) => payeeOf(item.address, item.fields));
}

const payeeOf = (account: PublicKey, fields: Fields): Payee => ({
  account,
  network: fields.address('network'),
  address: fields.address('address'),
  claimed: amount(fields.u64('claimed')),
});
