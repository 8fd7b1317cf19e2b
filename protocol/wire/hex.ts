import { hex } from '@scure/base';
import type { Hash } from '../units.ts';

const DIGITS = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0));

/** Lower-case hex digits of bytes. */
export function toHex(bytes: Uint8Array): string {
  // No call takes any number of arguments.
  if (bytes.length > 4096) return toHex(bytes.subarray(0, 4096)) + toHex(bytes.subarray(4096));
  // In one piece: a text that is put together digit by digit costs more to look up in a map than to make.
  const codes: number[] = [];
  for (const byte of bytes) codes.push(DIGITS[byte >> 4] ?? 0, DIGITS[byte & 15] ?? 0);
  return String.fromCharCode(...codes);
}

/** Bytes of hex digits; throws on anything else. */
export function fromHex(text: string): Uint8Array {
  return hex.decode(text);
}

/** The 32 bytes of a digest as `Hash`. */
export function hashOf(digest: Uint8Array): Hash {
  if (digest.length !== 32) throw new RangeError(`expected 32 bytes, got ${digest.length}`);
  return toHex(digest) as Hash;
}
