import { createHash, createPrivateKey, createPublicKey, sign, type KeyObject } from 'node:crypto';
import { p256 } from '@noble/curves/nist.js';
import { Keypair } from '@solana/web3.js';
import { parseKey } from '#protocol/wire/key';
import type { HotspotKey } from '#protocol/units';

/** ed25519: 64 bytes; P-256: DER, either half of s, as fielded hotspots make it. */
export type Sign = (message: Uint8Array) => Uint8Array;

export interface KeyPair {
  readonly key: HotspotKey;
  readonly sign: Sign;
}

/** A hotspot's key with the owner it belongs to. */
export interface Identity extends KeyPair {
  readonly owner: Keypair;
}

const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');
const TAG = { p256: 0x00, ed25519: 0x01 } as const;

/** The same secret and label always give the same identity. */
export function identityOf(options: {
  readonly secret: Uint8Array;
  readonly label: string;
  readonly curve: 'ed25519' | 'p256';
}): Identity {
  const { secret, label, curve } = options;
  const seed = derive(secret, `hotspot/${label}`);
  const owner = Keypair.fromSeed(derive(secret, `owner/${label}`));
  return curve === 'ed25519' ? { ...ed25519Key(seed), owner } : { ...p256Key(seed), owner };
}

/** A key pair as gateway-rs keeps it in its key file: a tag, then seed and public key (ed25519) or the scalar (P-256). */
export function keyPairOfFile(bytes: Uint8Array): KeyPair {
  const [tag] = bytes;
  if (tag === TAG.ed25519 && bytes.length === 65) {
    const pair = ed25519Key(bytes.subarray(1, 33));
    if (Buffer.from(bytes.subarray(33)).equals(Buffer.from(pair.key.slice(2), 'hex'))) return pair;
  } else if (tag === TAG.p256 && bytes.length === 33) return p256Key(bytes.subarray(1));
  throw new TypeError(`no key file of ed25519 or P-256: ${bytes.length} bytes, tag ${tag ?? 'none'}`);
}

/** A fresh ed25519 key for one session. */
export function sessionKeyPair(seed: Uint8Array): KeyPair {
  return ed25519Key(seed);
}

/** 32 bytes for one purpose. */
export function derive(secret: Uint8Array, purpose: string): Uint8Array {
  return createHash('sha256').update(secret).update(purpose).digest();
}

function ed25519Key(seed: Uint8Array): KeyPair {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_ED25519, seed]), format: 'der', type: 'pkcs8' });
  return {
    key: parseKey(Uint8Array.of(TAG.ed25519, ...coordinate(createPublicKey(key), 'x'))),
    sign: (message) => sign(null, message, key),
  };
}

/** The compact form names the point with the smaller y: where the scalar's is the other, its negative is the key. */
function p256Key(seed: Uint8Array): KeyPair {
  const { Fp, Fn } = p256.Point;
  const scalar = Fn.create(BigInt(`0x${Buffer.from(seed).toString('hex')}`));
  const { y } = p256.Point.BASE.multiply(scalar).toAffine();
  const compact = y > Fp.neg(y) ? Fn.neg(scalar) : scalar;
  const point = p256.Point.BASE.multiply(compact).toAffine();
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');
  const jwk = { x: text(Fp.toBytes(point.x)), y: text(Fp.toBytes(point.y)), d: text(Fn.toBytes(compact)) };
  const key = createPrivateKey({ key: { kty: 'EC', crv: 'P-256', ...jwk }, format: 'jwk' });
  return {
    key: parseKey(Uint8Array.of(TAG.p256, ...Fp.toBytes(point.x))),
    sign: (message) => sign('sha256', message, key),
  };
}

function coordinate(key: KeyObject, name: 'x'): Uint8Array {
  const value = key.export({ format: 'jwk' })[name];
  if (typeof value !== 'string') throw new TypeError('a public key without coordinates');
  return Buffer.from(value, 'base64url');
}
