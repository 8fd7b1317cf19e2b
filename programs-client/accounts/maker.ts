import type { Connection, PublicKey } from '@solana/web3.js';
import { amount, type Amount, type Hash } from '#protocol/units';
import { makerAddress } from '../address.ts';
import type { Fields } from '../fields.ts';
import { findAccount, listAccounts, type ReadOptions } from './account.ts';

/** Who endorses hotspots, with the root of the list of keys that it endorses. */
export interface Maker {
  readonly address: PublicKey;
  readonly network: PublicKey;
  readonly key: PublicKey;
  readonly approved: boolean;
  readonly stake: Amount;
  readonly endorsedRoot: Hash;
  readonly endorsedCount: number;
}

/** null where the authority has never approved it. */
export async function readMaker(
  connection: Connection,
  { network, key }: { readonly network: PublicKey; readonly key: PublicKey },
  options?: ReadOptions,
): Promise<Maker | null> {
  const address = makerAddress(network, key);
  const { value } = await findAccount(connection, 'Maker', address, options);
  return value === null ? null : makerOf(address, value);
}

export async function readMakers(
  connection: Connection,
  network: PublicKey,
  options?: ReadOptions,
): Promise<readonly Maker[]> {
  const { value } = await listAccounts(connection, 'Maker', network, options);
  return value.map((item) => makerOf(item.address, item.fields));
}

const makerOf = (address: PublicKey, fields: Fields): Maker => ({
  address,
  network: fields.address('network'),
  key: fields.address('key'),
  approved: fields.bool('approved'),
  stake: amount(fields.u64('stake')),
  endorsedRoot: fields.hash('endorsed_root'),
  endorsedCount: fields.int('endorsed_count'),
});
