import { sha256 } from '@noble/hashes/sha2.js';
import { base64, hex, utf8 } from '@scure/base';
import { ProtocolError } from '../errors.ts';
import type { HotspotKey } from '../units.ts';

/** A log's ed25519 key, that signs notes under a name. */
export interface VerifierKey {
  readonly name: string;
  /** Key id as 8 lower-case hex digits. */
  readonly id: string;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
}

/** Signature type of ed25519 over a note's text (C2SP signed-note). */
const ED25519 = 0x01;

/** The key of a log with its id: the first 4 bytes of SHA-256(name || LF || type || key). */
export function verifierKey(name: string, publicKey: Uint8Array): VerifierKey {
  if (!isKeyName(name) || publicKey.length !== 32)
    throw new ProtocolError('malformed_verifier_key', { name, keyBytes: publicKey.length });
  return { name, id: keyId(name, publicKey), publicKey };
}

/** `name+hex id+base64(0x01 || key)`. */
export function formatVerifierKey({ name, id, publicKey }: VerifierKey): string {
  return `${name}+${id}+${base64.encode(Uint8Array.of(ED25519, ...publicKey))}`;
}

/** Parses a verifier key; at most three parts, because base64 may hold a plus. Throws malformed_verifier_key. */
export function parseVerifierKey(text: string): VerifierKey {
  const [, name, id, encoded] = /^([^+]*)\+([^+]*)\+(.*)$/su.exec(text) ?? [];
  const [type, ...key] = encoded === undefined ? [] : (decodeBase64(encoded) ?? []);
  const publicKey = Uint8Array.from(key);
  const malformed =
    name === undefined ||
    id === undefined ||
    !isKeyName(name) ||
    type !== ED25519 ||
    publicKey.length !== 32 ||
    keyId(name, publicKey) !== id.toLowerCase();
  if (malformed) throw new ProtocolError('malformed_verifier_key', { verifierKey: text });
  return { name, id: id.toLowerCase(), publicKey };
}

/** The key as VerifySignature takes it: the tag of ed25519, then the key. */
export function signingKey({ publicKey }: VerifierKey): HotspotKey {
  return `01${hex.encode(publicKey)}` as HotspotKey;
}

/** Key names are not empty and hold neither a plus nor any Unicode space. */
export function isKeyName(name: string): boolean {
  return name !== '' && !/[\s\u0085+]/u.test(name);
}

/** Standard base64 with padding; undefined where it is not. */
export function decodeBase64(text: string): Uint8Array | undefined {
  try {
    return base64.decode(text);
  } catch {
    return undefined;
  }
}

function keyId(name: string, publicKey: Uint8Array): string {
  const digest = sha256
    .create()
    .update(utf8.decode(name))
    .update(Uint8Array.of(0x0a, ED25519))
    .update(publicKey);
  return hex.encode(digest.digest().subarray(0, 4));
}
