import { hash } from 'node:crypto';
import type { Sha256Hex } from '#protocol/crypto/sha256-hex';
import { MAX_ENTRY_BYTES } from '#protocol/evidence/record';
import type { Hash } from '#protocol/units';

// One scratch buffer each: hashing is synchronous, and a fresh copy would cost more than the hash.
const leaf = new Uint8Array(1 + MAX_ENTRY_BYTES);
const node = Uint8Array.of(1, ...new Uint8Array(64));

/** `leafHash` of protocol/evidence, natively. */
export function nativeLeafHash(entry: Uint8Array): Uint8Array {
  leaf.set(entry, 1);
  return hash('sha256', leaf.subarray(0, 1 + entry.length), 'buffer');
}

/** `nodeHash` of protocol/evidence, natively. */
export function nativeNodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  node.set(left, 1);
  node.set(right, 33);
  return hash('sha256', node, 'buffer');
}

/** `sha256Hex` of protocol/crypto, natively. */
export const nativeSha256Hex: Sha256Hex = (message) => hash('sha256', message, 'hex') as Hash;
