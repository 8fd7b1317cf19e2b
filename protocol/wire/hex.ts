import { hex } from '@scure/base';
import type { Hash } from '../units.ts';

const DIGITS: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  byte.toString(16).padStart(2, '0'),
);

/** Lower-case hex digits of bytes. */
export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += DIGITS[byte] ?? '';
  return text;
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
