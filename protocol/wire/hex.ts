import type { Hash } from '../units.ts';

const DIGITS = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0));
const NO_DIGIT = 0xf0;
/** Of each character code. */
const VALUES = new Uint8Array(128).fill(NO_DIGIT);
for (const [value, code] of DIGITS.entries()) {
  VALUES[code] = value;
  if (value > 9) VALUES[code - 32] = value;
}

/** Lower-case hex digits of bytes. */
export function toHex(bytes: Uint8Array): string {
  // No call takes any number of arguments.
  const half = bytes.length >> 1;
  if (half > 2048) return toHex(bytes.subarray(0, half)) + toHex(bytes.subarray(half));
  // In one piece: a text that is put together digit by digit costs more to look up in a map than to make.
  const codes = new Array<number>(2 * bytes.length);
  let at = 0;
  for (const byte of bytes) {
    codes[at++] = DIGITS[byte >> 4] ?? 0;
    codes[at++] = DIGITS[byte & 15] ?? 0;
  }
  return String.fromCharCode(...codes);
}

/** Bytes of hex digits of either case; RangeError for anything else. */
export function fromHex(text: string): Uint8Array {
  const bytes = new Uint8Array(Math.floor(text.length / 2));
  hexInto(text, bytes, 0);
  return bytes;
}

/** `fromHex` into bytes that are there, from `start` on. */
export function hexInto(text: string, bytes: Uint8Array, start: number): void {
  const count = Math.floor(text.length / 2);
  let wrong = text.length % 2;
  for (let at = 0; at < count; at += 1) {
    const high = VALUES[text.charCodeAt(2 * at)] ?? NO_DIGIT;
    const low = VALUES[text.charCodeAt(2 * at + 1)] ?? NO_DIGIT;
    wrong |= (high | low) & NO_DIGIT;
    bytes[start + at] = (high << 4) | low;
  }
  if (wrong !== 0) throw new RangeError(`expected an even number of hex digits, got ${text.slice(0, 80)}`);
}

/** Whether a text is one or more bytes in hex digits of either case. */
export function isHex(text: string): boolean {
  return text !== '' && text.length % 2 === 0 && !/[^0-9a-fA-F]/.test(text);
}

/** The 32 bytes of a digest as `Hash`. */
export function hashOf(digest: Uint8Array): Hash {
  if (digest.length !== 32) throw new RangeError(`expected 32 bytes, got ${digest.length}`);
  return toHex(digest) as Hash;
}
