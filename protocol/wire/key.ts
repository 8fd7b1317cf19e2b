import { sha256 } from '@noble/hashes/sha2.js';
import { createBase58check } from '@scure/base';
import { isPointX } from '../crypto/p256-point.ts';
import { ProtocolError } from '../errors.ts';
import type { HotspotKey } from '../units.ts';
import { fromHex, isHex, toHex } from './hex.ts';

export type KeyType = 'ecc_compact' | 'ed25519';
export type KeyNetwork = 'mainnet' | 'testnet';

/** Length of every supported binary key: tag and body. */
export const KEY_BYTES = 33;

const TYPES: Readonly<Record<number, KeyType>> = { 0: 'ecc_compact', 1: 'ed25519' };
const TYPE_NAMES: Readonly<Record<number, string>> = { 2: 'multisig', 3: 'secp256k1', 4: 'rsa' };
const base58check = createBase58check(sha256);

/** Curve checks cost 0.1 ms and hotspots report for years: keys that passed are remembered, bounded. */
const known = new Set<string>();
const KNOWN_KEYS = 65_536;

/** A binary key (poc.md 1); throws unsupported_key_type before malformed_key, for other types have other lengths. */
export function parseKey(bytes: Uint8Array): HotspotKey {
  const key = parseTaggedKey(bytes);
  if (keyTypeNibble(key) === 0 && !known.has(key)) {
    if (!isPointX(bytes.subarray(1)))
      throw new ProtocolError('malformed_key', { key, cause: 'x is not on the curve' });
    if (known.size >= KNOWN_KEYS) known.clear();
    known.add(key);
  }
  return key;
}

/** Like `parseKey` without asking whether the body is a point: for keys that need not sign here. */
export function parseTaggedKey(bytes: Uint8Array): HotspotKey {
  const tag = bytes[0];
  if (tag === undefined) throw new ProtocolError('malformed_key', { bytes: 0 });
  const network = tag & 0xf0;
  if (network !== 0x00 && network !== 0x10)
    throw new ProtocolError('malformed_key', { network, bytes: bytes.length });
  const type = TYPES[tag & 0x0f];
  if (type === undefined)
    throw new ProtocolError('unsupported_key_type', { type: TYPE_NAMES[tag & 0x0f] ?? tag & 0x0f });
  if (bytes.length !== KEY_BYTES) throw new ProtocolError('malformed_key', { bytes: bytes.length, type });
  return toHex(bytes) as HotspotKey;
}

/** The key of a base58check text; throws malformed_key or unsupported_key_type. */
export function keyFromText(text: string): HotspotKey {
  return parseKey(taggedBytes(text));
}

/** A key by its base58check text, or by the 66 hex digits that APIs name it by; throws like `keyFromText`. */
export function keyFromTextOrHex(form: string): HotspotKey {
  return isHex(form) ? parseKey(fromHex(form)) : keyFromText(form);
}

/** Like `keyFromText` without asking whether the body is a point: for long lists of keys that need not sign. */
export function listedKeyFromText(text: string): HotspotKey {
  return parseTaggedKey(taggedBytes(text));
}

function taggedBytes(text: string): Uint8Array {
  let bytes: Uint8Array;
  try {
    // Longer than any key of a known type: base58 takes quadratic time.
    if (text.length > 1024) throw new RangeError('too long');
    bytes = base58check.decode(text);
  } catch {
    throw new ProtocolError('malformed_key', { text: text.slice(0, 80) });
  }
  if (bytes[0] !== 0) throw new ProtocolError('malformed_key', { text, version: bytes[0] ?? null });
  return bytes.subarray(1);
}

/** base58check( 0x00 || key ), as people know their hotspots. */
export function keyText(key: HotspotKey): string {
  const bytes = new Uint8Array(1 + KEY_BYTES);
  bytes.set(keyBytes(key), 1);
  return base58check.encode(bytes);
}

/** The 33 bytes: tag and body. */
export function keyBytes(key: HotspotKey): Uint8Array {
  return fromHex(key);
}

/** The 32 bytes after the tag: the ed25519 point, or the x coordinate on P-256. */
export function keyBody(key: HotspotKey): Uint8Array {
  return fromHex(key.slice(2));
}

/** Number of the key's type in its tag: 0 ecc_compact, 1 ed25519. */
export function keyTypeNibble(key: HotspotKey): 0 | 1 {
  return key.charCodeAt(1) === 0x30 ? 0 : 1;
}

/** Which of the two supported curves the key is on. */
export function keyType(key: HotspotKey): KeyType {
  return keyTypeNibble(key) === 0 ? 'ecc_compact' : 'ed25519';
}

/** The network nibble of the tag. */
export function keyNetwork(key: HotspotKey): KeyNetwork {
  return key.charCodeAt(0) === 0x30 ? 'mainnet' : 'testnet';
}
