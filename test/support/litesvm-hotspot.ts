import { p256 } from '@noble/curves/nist.js';
import { ed25519 } from '@noble/curves/ed25519.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { Keypair } from '@solana/web3.js';
import type { HotspotKey } from '#protocol/units';

/** A hotspot's key and its signature as hotspots make it: raw for ed25519, DER for P-256. */
export interface TestHotspot {
  readonly key: HotspotKey;
  readonly sign: (message: Uint8Array) => Uint8Array;
}

const seedOf = (name: string): Uint8Array => sha256(utf8ToBytes(name));

/** The same keypair for the same name, in every run. */
export function namedKeypair(name: string): Keypair {
  return Keypair.fromSeed(seedOf(name));
}

export function namedHotspot(
  name: string,
  type: 'ed25519' | 'p256',
  network: 'mainnet' | 'testnet' = 'mainnet',
): TestHotspot {
  const nibble = network === 'mainnet' ? '0' : '1';
  const seed = seedOf(name);
  if (type === 'ed25519')
    return {
      key: `${nibble}1${Buffer.from(ed25519.getPublicKey(seed)).toString('hex')}` as HotspotKey,
      sign: (message) => ed25519.sign(message, seed),
    };
  const x = p256.getPublicKey(seed, true).subarray(1);
  return {
    key: `${nibble}0${Buffer.from(x).toString('hex')}` as HotspotKey,
    sign: (message) => p256.sign(message, seed, { format: 'der', lowS: false }),
  };
}
