import { sha256 } from '@noble/hashes/sha2.js';
import { base64, hex, utf8 } from '@scure/base';
import { ProtocolError } from '../errors.ts';
import type { HotspotKey } from '../units.ts';

/** What an ed25519 key signs: a note's text (C2SP signed-note, 0x01), or that it saw it at a time (tlog-cosignature, 0x04). */
export type SignatureType = typeof NOTE | typeof COSIGNATURE;

/** A log's or witness's ed25519 key, that signs notes under a name. */
export interface VerifierKey {
  readonly name: string;
  readonly type: SignatureType;
  /** Key id as 8 lower-case hex digits. */
  readonly id: string;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
}

/** A key that signs notes itself, as logs do. */
export const NOTE = 0x01;
/** A key that cosigns with a timestamp, as witnesses do. */
export const COSIGNATURE = 0x04;

/** A key with its id: the first 4 bytes of SHA-256(name || LF || type || key). */
export function verifierKey(name: string, publicKey: Uint8Array, type: SignatureType = NOTE): VerifierKey {
  if (!isKeyName(name) || publicKey.length !== 32)
    throw new ProtocolError('malformed_verifier_key', { name, keyBytes: publicKey.length });
  return { name, type, id: keyId(name, publicKey, type), publicKey };
}

/** `name+hex id+base64(type || key)`. */
export function formatVerifierKey({ name, type, id, publicKey }: VerifierKey): string {
  return `${name}+${id}+${base64.encode(Uint8Array.of(type, ...publicKey))}`;
}

/**
 * Parses a verifier key of one of the types, by default a log's; at most three parts, because base64 may hold a plus.
 * Throws malformed_verifier_key.
 */
export function parseVerifierKey(text: string, types: readonly SignatureType[] = [NOTE]): VerifierKey {
  const [, name, id, encoded] = /^([^+]*)\+([^+]*)\+(.*)$/su.exec(text) ?? [];
  const bytes = encoded === undefined ? undefined : decodeBase64(encoded);
  const type = types.find((known) => known === bytes?.[0]);
  const publicKey = bytes?.slice(1);
  const malformed =
    name === undefined ||
    id === undefined ||
    !isKeyName(name) ||
    type === undefined ||
    publicKey?.length !== 32 ||
    keyId(name, publicKey, type) !== id.toLowerCase();
  if (malformed) throw new ProtocolError('malformed_verifier_key', { verifierKey: text.slice(0, 200) });
  return { name, type, id: id.toLowerCase(), publicKey };
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

function keyId(name: string, publicKey: Uint8Array, type: SignatureType): string {
  const digest = sha256
    .create()
    .update(utf8.decode(name))
    .update(Uint8Array.of(0x0a, type))
    .update(publicKey);
  return hex.encode(digest.digest().subarray(0, 4));
}
