import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import sodium from 'sodium-native';
import { pointY } from '#protocol/crypto/p256-point';
import { parseP256Signature } from '#protocol/crypto/signature-rules';
import type { HotspotKey } from '#protocol/units';
import type { VerifySignature } from '#protocol/verify/poc';
import { keyBody, keyType } from '#protocol/wire/key';

/** Prepared P-256 keys; null: x is not on the curve. Oldest out first. */
const prepared = new Map<HotspotKey, KeyObject | null>();
const PREPARED_KEYS = 16_384;

/**
 * The strict rule of poc.md 1 on native libraries. libsodium itself refuses s >= L, A and R of small order, A that is not
 * canonical, and compares R's bytes without a cofactor; OpenSSL's DER parser is looser than the rule, so it gets r || s.
 */
export const verifySignature: VerifySignature = ({ key, message, signature }) =>
  keyType(key) === 'ed25519'
    ? signature.length === 64 && sodium.crypto_sign_verify_detached(signature, message, keyBody(key))
    : verifyP256(key, message, signature);

function verifyP256(key: HotspotKey, message: Uint8Array, der: Uint8Array): boolean {
  const signature = parseP256Signature(der);
  if (signature === null) return false;
  const point = preparedKey(key);
  return point !== null && verify('sha256', message, { key: point, dsaEncoding: 'ieee-p1363' }, signature);
}

function preparedKey(key: HotspotKey): KeyObject | null {
  const known = prepared.get(key);
  if (known !== undefined) return known;
  const made = prepareKey(key);
  if (prepared.size >= PREPARED_KEYS) {
    const [oldest] = prepared.keys();
    if (oldest !== undefined) prepared.delete(oldest);
  }
  prepared.set(key, made);
  return made;
}

function prepareKey(key: HotspotKey): KeyObject | null {
  const x = keyBody(key);
  const y = pointY(x);
  if (y === null) return null;
  const jwk = {
    kty: 'EC',
    crv: 'P-256',
    x: Buffer.from(x).toString('base64url'),
    y: Buffer.from(y.toString(16).padStart(64, '0'), 'hex').toString('base64url'),
  };
  return createPublicKey({ key: jwk, format: 'jwk' });
}
