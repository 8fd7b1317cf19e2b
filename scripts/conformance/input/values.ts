import { base58 } from '@scure/base';
import { ProtocolError } from '#protocol/errors';
import { cellResolution, parseCell } from '#protocol/geo/cell';
import { parseDecimal } from '#protocol/reward/decimal';
import {
  amount,
  epochNumber,
  millis,
  type Address,
  type Amount,
  type Cell,
  type EpochNumber,
  type Hash,
  type HotspotKey,
  type Millis,
} from '#protocol/units';
import type { Read } from './fields.ts';
import { keyFromTextOrHex } from '#protocol/wire/key';
import { keyNameOf } from './key-forms.ts';
import { malformed } from '../refusal.ts';

const U64_MAX = 0xffff_ffff_ffff_ffffn;
/** More characters than any key of a known type has. */
const LONGEST_KEY = 4096;
const U64_TEXT = /^(0|[1-9][0-9]{0,19})$/;

export const text: Read<string> = (value, path) => {
  if (typeof value !== 'string') throw malformed(path, 'text', value);
  return value;
};

export const truth: Read<boolean> = (value, path) => {
  if (typeof value !== 'boolean') throw malformed(path, 'true or false', value);
  return value;
};

/** Text that is one of the names. */
export function oneOf<Name extends string>(names: readonly Name[]): Read<Name> {
  return (value, path) => {
    const name = names.find((known) => known === value);
    if (name === undefined) throw malformed(path, names.join(' or '), value);
    return name;
  };
}

/** A whole number that JSON holds exactly. */
export function integer(least: number, most: number): Read<number> {
  return (value, path) => {
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < least || value > most)
      throw malformed(path, `an integer from ${least} to ${most}`, value);
    return value + 0;
  };
}

export const int32: Read<number> = integer(-0x8000_0000, 0x7fff_ffff);
export const count: Read<number> = integer(0, Number.MAX_SAFE_INTEGER);

/** A whole number that may as well stand in decimal text. */
export function size(least: number, most: number): Read<number> {
  return (value, path) => {
    const isText = typeof value === 'string' && /^(0|[1-9][0-9]{0,15})$/.test(value);
    return integer(least, most)(isText ? Number(value) : value, path);
  };
}

/** A u64 in decimal text; whole numbers that JSON holds exactly are taken as well. */
export const u64: Read<bigint> = (value, path) => {
  const number =
    typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
      ? BigInt(value)
      : typeof value === 'string' && U64_TEXT.test(value)
        ? BigInt(value)
        : null;
  if (number === null || number > U64_MAX) throw malformed(path, 'a u64 in decimal text', value);
  return number;
};

export const amountOf: Read<Amount> = (value, path) => amount(u64(value, path));
export const epoch: Read<EpochNumber> = (value, path) => epochNumber(u64(value, path));
export const time: Read<Millis> = (value, path) => millis(count(value, path));

export const bytes: Read<Uint8Array> = (value, path) => {
  if (typeof value !== 'string' || !isHex(value)) throw malformed(path, 'bytes in hex', value);
  return new Uint8Array(Buffer.from(value, 'hex'));
};

export const hash: Read<Hash> = (value, path) => {
  if (typeof value !== 'string' || value.length !== 64 || !isHex(value))
    throw malformed(path, '32 bytes in hex', value);
  return value.toLowerCase() as Hash;
};

/** A key by its base58check text or its bytes in hex; malformed_key or unsupported_key_type. */
export const key: Read<HotspotKey> = (value, path) => keyFromTextOrHex(keyForm(value, path));

/** A key that signs nothing here: it need not be on its curve. */
export const keyName: Read<HotspotKey> = (value, path) => keyNameOf(keyForm(value, path));

function keyForm(value: unknown, path: string): string {
  const form = text(value, path);
  if (form.length > LONGEST_KEY) throw new ProtocolError('malformed_key', { characters: form.length });
  return form;
}

/** A valid H3 cell, at least as fine as the resolution; malformed_cell. */
export function cellOf(coarsest: number): Read<Cell> {
  return (value, path) => {
    const index = u64(value, path);
    return parseCell(index, Math.max(coarsest, cellResolution(index)));
  };
}

/** A Solana address. */
export const address: Read<Address> = (value, path) => {
  if (typeof value === 'string' && /^[1-9A-HJ-NP-Za-km-z]{32,44}$/.test(value)) {
    const decoded = base58.decode(value);
    if (decoded.length === 32) return value as Address;
  }
  throw malformed(path, 'a 32-byte address in base58', value);
};

/** A decimal that is not negative, scaled by 10^decimals: text, or a number as JSON writes it. */
export function decimal(decimals: number): Read<bigint> {
  return (value, path) => {
    const given = typeof value === 'number' ? plainText(value) : value;
    const scaled =
      typeof given === 'string' && given.length <= 64
        ? parseDecimal(given.replace(new RegExp(`(\\.[0-9]{${decimals}})0+$`), '$1'), decimals)
        : null;
    if (scaled === null) throw malformed(path, `a decimal with at most ${decimals} places`, value);
    return scaled;
  };
}

/** The shortest decimal text of a number without an exponent below zero. */
function plainText(value: number): string {
  const small = /^([0-9])(?:\.([0-9]+))?e-([0-9]+)$/.exec(String(value));
  if (small === null) return String(value);
  const [, whole = '', fraction = '', places = ''] = small;
  return `0.${'0'.repeat(Number(places) - 1)}${whole}${fraction}`;
}

/** A regex over pairs of digits would need a stack as deep as the text is long. */
function isHex(value: string): boolean {
  return value.length % 2 === 0 && !/[^0-9a-fA-F]/.test(value);
}
