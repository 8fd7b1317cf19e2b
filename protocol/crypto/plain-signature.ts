import { ed25519 } from '@noble/curves/ed25519.js';
import { p256 } from '@noble/curves/nist.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { concatBytes } from '@noble/hashes/utils.js';
import type { VerifySignature } from '../verify/poc.ts';
import { equalBytes } from '../evidence/merkle.ts';
import { fromHex } from '../wire/hex.ts';
import { keyBody, keyType } from '../wire/key.ts';
import { bigintOf, pointY } from './p256-point.ts';
import { admitsEd25519, parseP256Signature } from './signature-rules.ts';

/**
 * The strict rule of poc.md 1 in curve arithmetic without native code, as a browser has none: some hundred signatures a
 * second. test/vectors/signatures.json holds it and the native verifier to each other.
 */
export const verifyPlainly: VerifySignature = ({ key, message, signature }) =>
  keyType(key) === 'ed25519'
    ? ed25519Plainly(keyBody(key), message, signature)
    : p256Plainly(keyBody(key), message, signature);

function ed25519Plainly(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (!admitsEd25519({ signature, point: key })) return false;
  const { Point } = ed25519;
  const nonce = signature.subarray(0, 32);
  const s = bigintOf(signature.slice(32).reverse());
  const h = bigintOf(sha512(concatBytes(nonce, key, message)).reverse());
  try {
    const left = s === 0n ? Point.ZERO : Point.BASE.multiply(s);
    const right = Point.fromBytes(key).multiplyUnsafe(h % Point.Fn.ORDER);
    return equalBytes(left.subtract(right).toBytes(), nonce);
  } catch {
    return false;
  }
}

function p256Plainly(x: Uint8Array, message: Uint8Array, der: Uint8Array): boolean {
  const signature = parseP256Signature(der);
  const y = pointY(x);
  if (signature === null || y === null) return false;
  const key = concatBytes(Uint8Array.of(4), x, fromHex(y.toString(16).padStart(64, '0')));
  return p256.verify(signature, message, key, { lowS: false, format: 'compact' });
}
