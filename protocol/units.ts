import { ProtocolError } from './errors.ts';

declare const brand: unique symbol;
type Brand<Base, Name extends string> = Base & { readonly [brand]: Name };

/** Milliseconds since the Unix epoch, an integer. */
export type Millis = Brand<number, 'Millis'>;
/** Tenths of a dBm, an integer. */
export type Ddbm = Brand<number, 'Ddbm'>;
/** An H3 index as u64. */
export type Cell = Brand<bigint, 'Cell'>;
/** Number of an epoch, u64. */
export type EpochNumber = Brand<bigint, 'EpochNumber'>;
/** A tagged 33-byte hotspot key as 66 lower-case hex digits; string order is the order (network, key type, key). */
export type HotspotKey = Brand<string, 'HotspotKey'>;
/** A 32-byte Solana address as base58 text. */
export type Address = Brand<string, 'Address'>;
/** 32 bytes as 64 lower-case hex digits. */
export type Hash = Brand<string, 'Hash'>;
/** Smallest token units, u64. */
export type Amount = Brand<bigint, 'Amount'>;

/** Whole milliseconds from 0 to 2^53 - 1. */
export function millis(value: number): Millis {
  if (!Number.isSafeInteger(value) || value < 0)
    throw new RangeError(`expected whole milliseconds, got ${value}`);
  return value as Millis;
}

/** Tenths of a dBm as they stand on the wire (sint32). */
export function ddbm(value: number): Ddbm {
  if (!Number.isInteger(value)) throw new RangeError(`expected an integer of ddBm, got ${value}`);
  return value as Ddbm;
}

/** An epoch number in the range of u64. */
export function epochNumber(value: bigint): EpochNumber {
  if (value < 0n || value > 0xffff_ffff_ffff_ffffn)
    throw new RangeError(`expected a u64, got ${String(value)}`);
  return value as EpochNumber;
}

/** A token amount in the range of u64; throws amount_out_of_range, for sums of decoded amounts may leave it. */
export function amount(value: bigint): Amount {
  if (value < 0n || value > 0xffff_ffff_ffff_ffffn) throw new ProtocolError('amount_out_of_range', { value });
  return value as Amount;
}
