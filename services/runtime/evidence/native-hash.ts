import { hash } from 'node:crypto';
import type { Sha256Hex } from '#protocol/crypto/sha256-hex';
import { MAX_ENTRY_BYTES } from '#protocol/evidence/record';
import type { EpochHashes } from '#protocol/epoch';
import type { Hash } from '#protocol/units';

// One scratch buffer each: hashing is synchronous, and a fresh copy would cost more than the hash.
const leaf = new Uint8Array(1 + MAX_ENTRY_BYTES);
const node = Uint8Array.of(1, ...new Uint8Array(64));

/** `leafHash` of protocol/evidence, natively. */
export function nativeLeafHash(entry: Uint8Array): Uint8Array {
  leaf.set(entry, 1);
  return digest(leaf.subarray(0, 1 + entry.length));
}

/** `nodeHash` of protocol/evidence, natively. */
export function nativeNodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  node.set(left, 1);
  node.set(right, 33);
  return digest(node);
}

/** `sha256Hex` of protocol/crypto, natively. */
export const nativeSha256Hex: Sha256Hex = (message) => hash('sha256', message, 'hex') as Hash;

/** All of them, for `computeEpoch` and the settlement tree. */
export const nativeHashes: EpochHashes = {
  leaf: nativeLeafHash,
  node: nativeNodeHash,
  sha256Hex: nativeSha256Hex,
};

/** By way of a text: a buffer would take native code twice as long as the hash. */
function digest(message: Uint8Array): Uint8Array {
  const text = hash('sha256', message, 'binary');
  const bytes = new Uint8Array(32);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = text.charCodeAt(at);
  return bytes;
}
