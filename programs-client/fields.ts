import { PublicKey } from '@solana/web3.js';
import type { Hash } from '#protocol/units';
import { ClientError } from './client-error.ts';

/** Typed access to what the coder decoded: the one place where unknown becomes known. */
export interface Fields {
  readonly address: (name: string) => PublicKey;
  /** null where it is zero, which stands for none. */
  readonly addressOrNone: (name: string) => PublicKey | null;
  readonly u64: (name: string) => bigint;
  readonly int: (name: string) => number;
  readonly bool: (name: string) => boolean;
  readonly bytes: (name: string) => Uint8Array;
  readonly hash: (name: string) => Hash;
  readonly struct: (name: string) => Fields;
  readonly structs: (name: string) => readonly Fields[];
  readonly addresses: (name: string) => readonly PublicKey[];
}

const hexOf = (bytes: Uint8Array): Hash => Buffer.from(bytes).toString('hex') as Hash;

const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);

/** `where` names the account or event in errors. */
export function fieldsOf(value: unknown, where: string): Fields {
  const record: Readonly<Record<string, unknown>> =
    value !== null && typeof value === 'object' ? Object.fromEntries(Object.entries(value)) : {};
  const wrong = (name: string): never => {
    throw new ClientError('malformed_account', { where, field: name });
  };
  const list = (name: string): readonly unknown[] => {
    const item = record[name];
    return isList(item) ? item : wrong(name);
  };
  const bytes = (name: string): Uint8Array =>
    Uint8Array.from(list(name).map((byte) => (typeof byte === 'number' ? byte : wrong(name))));
  const address = (name: string): PublicKey => {
    const item = record[name];
    return item instanceof PublicKey ? item : wrong(name);
  };
  return {
    address,
    addressOrNone: (name) => {
      const found = address(name);
      return found.equals(PublicKey.default) ? null : found;
    },
    u64: (name) => {
      const item = record[name];
      return typeof item === 'bigint' ? item : wrong(name);
    },
    int: (name) => {
      const item = record[name];
      return typeof item === 'number' ? item : wrong(name);
    },
    bool: (name) => {
      const item = record[name];
      return typeof item === 'boolean' ? item : wrong(name);
    },
    bytes,
    hash: (name) => {
      const found = bytes(name);
      return found.length === 32 ? hexOf(found) : wrong(name);
    },
    struct: (name) => fieldsOf(record[name], `${where}.${name}`),
    structs: (name) => list(name).map((item, i) => fieldsOf(item, `${where}.${name}[${i}]`)),
    addresses: (name) => list(name).map((item) => (item instanceof PublicKey ? item : wrong(name))),
  };
}

/** The word that a number stands for in an account or event. */
export function named<Name extends string>(
  table: Readonly<Record<Name, number>>,
  value: number,
  field: string,
): Name {
  for (const name in table) if (table[name] === value) return name;
  throw new ClientError('malformed_account', { field, value });
}
