import { bigintOf, P256_ORDER } from './p256-point.ts';

/*
 * The strict rule of poc.md 1, as far as it is about encodings; a verifier whose library is looser applies it first.
 * ed25519 without cofactor: the encoding of s B - h A equals R's 32 bytes.
 */

/** p of edwards25519. */
const ED25519_PRIME: bigint = (1n << 255n) - 19n;
/** Order of the base point of edwards25519. */
const ED25519_ORDER: bigint = (1n << 252n) + 27_742_317_777_372_353_535_851_937_790_883_648_493n;
const ORDER_8_Y = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n;
/** y of the eight points of small order; each stands for both signs of x. */
const SMALL_ORDER_Y: ReadonlySet<bigint> = new Set([
  0n,
  1n,
  ED25519_PRIME - 1n,
  ORDER_8_Y,
  ED25519_PRIME - ORDER_8_Y,
]);
const SIGN_BIT: bigint = 1n << 255n;

/** Whether 64 bytes R || s and a 32-byte key A have encodings that the rule admits. */
export function admitsEd25519(input: {
  readonly signature: Uint8Array;
  readonly point: Uint8Array;
}): boolean {
  const { signature, point } = input;
  if (signature.length !== 64 || point.length !== 32) return false;
  return (
    littleEndian(signature.subarray(32)) < ED25519_ORDER &&
    isAdmittedPoint(signature.subarray(0, 32)) &&
    isAdmittedPoint(point)
  );
}

/**
 * r || s, 64 bytes, of a DER signature; null unless it is the only DER encoding of two integers from 1 to n - 1. High s is
 * allowed.
 */
export function parseP256Signature(der: Uint8Array): Uint8Array | null {
  // 2 + 2 * (2 + 33) bytes at most: all lengths are in short form.
  if (der.length < 8 || der.length > 72 || der[0] !== 0x30 || der[1] !== der.length - 2) return null;
  const r = parseInteger(der, 2);
  const s = r === null ? null : parseInteger(der, r.end);
  if (r === null || s === null || s.end !== der.length) return null;
  const signature = new Uint8Array(64);
  signature.set(r.value, 32 - r.value.length);
  signature.set(s.value, 64 - s.value.length);
  return isScalar(signature.subarray(0, 32)) && isScalar(signature.subarray(32)) ? signature : null;
}

/** A positive INTEGER in its shortest form, without the zero that keeps the sign bit clear. */
function parseInteger(
  der: Uint8Array,
  start: number,
): { readonly value: Uint8Array; readonly end: number } | null {
  const length = der[start + 1] ?? 0;
  const end = start + 2 + length;
  if (der[start] !== 0x02 || length === 0 || length > 33 || end > der.length) return null;
  const value = der.subarray(start + 2, end);
  const [first = 0, second = 0] = value;
  if (first >= 0x80) return null;
  if (first !== 0) return length === 33 ? null : { value, end };
  if (length > 1 && second < 0x80) return null;
  return { value: value.subarray(1), end };
}

function isScalar(bytes: Uint8Array): boolean {
  const value = bigintOf(bytes);
  return value >= 1n && value < P256_ORDER;
}

/** y below p, and not of small order (whose points with x = 0 and the sign bit set would have two encodings). */
function isAdmittedPoint(bytes: Uint8Array): boolean {
  const y = littleEndian(bytes) & ~SIGN_BIT;
  return y < ED25519_PRIME && !SMALL_ORDER_Y.has(y);
}

function littleEndian(bytes: Uint8Array): bigint {
  return bigintOf(bytes.toReversed());
}
