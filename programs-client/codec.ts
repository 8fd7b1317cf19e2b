import anchor from '@coral-xyz/anchor';
import { PublicKey } from '@solana/web3.js';
import { idl } from './idl.ts';

/** What goes through the Borsh coder; u64 as bigint, byte arrays as Uint8Array. */
export type Encodable =
  | bigint
  | number
  | boolean
  | string
  | PublicKey
  | Uint8Array
  | null
  | readonly Encodable[]
  | { readonly [field: string]: Encodable };

interface Integer {
  readonly words: readonly number[];
  toString(): string;
}
interface IntegerClass {
  new (decimal: string): Integer;
  isBN(value: unknown): value is Integer;
}

// Anchor gives its integer class no types, and its coder is typed by an IDL that is known at compile time: both end here.
const Bn = anchor.BN as IntegerClass;
const coder = new anchor.BorshCoder(idl as unknown as anchor.Idl);

const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);

const encodable = (value: unknown): unknown => {
  if (typeof value === 'bigint') return new Bn(value.toString());
  if (value instanceof Uint8Array) return [...value];
  if (isList(value)) return value.map(encodable);
  if (value === null || typeof value !== 'object' || value instanceof PublicKey) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, encodable(field)]));
};

const decoded = (value: unknown): unknown => {
  if (Bn.isBN(value)) return BigInt(value.toString());
  if (isList(value)) return value.map(decoded);
  if (value === null || typeof value !== 'object' || value instanceof PublicKey) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, decoded(field)]));
};

/** Discriminator and Borsh arguments of an instruction. */
export function encodeArguments(instruction: string, args: Readonly<Record<string, Encodable>>): Buffer {
  return coder.instruction.encode(instruction, encodable(args));
}

/** Name and arguments of an instruction from its data; null where it is none of the program in this version. */
export function decodeArguments(
  data: Uint8Array,
): { readonly name: string; readonly fields: unknown } | null {
  const found = decodedInstruction(data);
  return found === null ? null : { name: found.name, fields: decoded(found.data) };
}

const decodedInstruction = (data: Uint8Array): { name: string; data: unknown } | null => {
  try {
    return coder.instruction.decode(Buffer.from(data));
  } catch {
    // The discriminator is the program's, and what follows ends too early.
    return null;
  }
};

/** A struct of the IDL in Borsh. */
export function encodeStruct(name: string, value: Readonly<Record<string, Encodable>>): Buffer {
  return coder.types.encode(name, encodable(value));
}

/** Fields of an account as the IDL names them; throws where the discriminator is another's. */
export function decodeAccountFields(name: string, data: Uint8Array): unknown {
  return decoded(coder.accounts.decode<unknown>(name, Buffer.from(data)));
}

/** Whole length of an account of this type, discriminator included. */
export function accountLength(name: string): number {
  return coder.accounts.size(name);
}

/** Name and fields of an event from the base64 text of a "Program data:" line; null where it is no event of the program. */
export function decodeEventFields(
  base64: string,
): { readonly name: string; readonly fields: unknown } | null {
  const event = coder.events.decode(base64);
  return event === null ? null : { name: event.name, fields: decoded(event.data) };
}
