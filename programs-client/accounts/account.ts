import { base58 } from '@scure/base';
import type { Commitment, Connection, GetProgramAccountsFilter, PublicKey } from '@solana/web3.js';
import { ClientError } from '../client-error.ts';
import { accountLength, decodeAccountFields } from '../codec.ts';
import { fieldsOf, type Fields } from '../fields.ts';
import { idl, PROGRAM_ID } from '../idl.ts';

export type AccountName =
  'Network' | 'Ledger' | 'Hotspot' | 'Payee' | 'Ballot' | 'Motion' | 'Credits' | 'Maker';

export interface ReadOptions {
  readonly commitment?: Commitment;
  /** The node must have reached this slot, else it refuses. */
  readonly minContextSlot?: number;
}

/** What was read, and the slot whose state it is. */
export interface AtSlot<Value> {
  readonly slot: number;
  readonly value: Value;
}

/** Discriminator 8, version 1, bump 1; then the network's address in every account that belongs to one. */
const NETWORK_OFFSET = 10;
const VERSION = 1;

/** Fields of an account after the checks of discriminator, length and version. */
export function decodeAccount(name: AccountName, address: PublicKey, data: Uint8Array): Fields {
  const context = { type: name, address: address.toBase58(), length: data.length };
  if (data.length !== accountLength(name)) throw new ClientError('malformed_account', context);
  const decoded = decodeOrRefuse(name, data, context);
  const fields = fieldsOf(decoded, name);
  if (fields.int('version') !== VERSION)
    throw new ClientError('malformed_account', { ...context, version: fields.int('version') });
  return fields;
}

const decodeOrRefuse = (
  name: AccountName,
  data: Uint8Array,
  context: Readonly<Record<string, string | number>>,
): unknown => {
  try {
    return decodeAccountFields(name, data);
  } catch (cause) {
    throw new ClientError('malformed_account', context, { cause });
  }
};

/** The fields of one account of the program and their slot; null where the account does not exist. */
export async function findAccount(
  connection: Connection,
  name: AccountName,
  address: PublicKey,
  options: ReadOptions = {},
): Promise<AtSlot<Fields | null>> {
  const { context, value } = await connection.getAccountInfoAndContext(address, options);
  if (value === null) return { slot: context.slot, value: null };
  if (!value.owner.equals(PROGRAM_ID))
    throw new ClientError('malformed_account', {
      address: address.toBase58(),
      owner: value.owner.toBase58(),
    });
  return { slot: context.slot, value: decodeAccount(name, address, value.data) };
}

/** As findAccount, but an account that does not exist is refused. */
export async function readAccount(
  connection: Connection,
  name: AccountName,
  address: PublicKey,
  options: ReadOptions = {},
): Promise<Fields> {
  const { value } = await findAccount(connection, name, address, options);
  if (value === null) throw new ClientError('account_missing', { type: name, address: address.toBase58() });
  return value;
}

/** All accounts of one type that belong to a network, at one slot. */
export async function listAccounts(
  connection: Connection,
  name: AccountName,
  network: PublicKey,
  options: ReadOptions = {},
): Promise<AtSlot<readonly { readonly address: PublicKey; readonly fields: Fields }[]>> {
  const { context, value } = await connection.getProgramAccounts(PROGRAM_ID, {
    ...options,
    withContext: true,
    filters: accountFilters(name, network),
  });
  const accounts = value.map(({ pubkey, account }) => ({
    address: pubkey,
    fields: decodeAccount(name, pubkey, account.data),
  }));
  return { slot: context.slot, value: accounts };
}

/** Filters by type and network, for getProgramAccounts and its subscription. */
export function accountFilters(name: AccountName, network: PublicKey): GetProgramAccountsFilter[] {
  return [
    { dataSize: accountLength(name) },
    { memcmp: { offset: 0, bytes: base58.encode(discriminatorOf(name)) } },
    { memcmp: { offset: NETWORK_OFFSET, bytes: network.toBase58() } },
  ];
}

const discriminatorOf = (name: AccountName): Uint8Array => {
  const found = idl.accounts.find((account) => account.name === name);
  if (found === undefined) throw new ClientError('malformed_account', { type: name });
  return Uint8Array.from(found.discriminator);
};
