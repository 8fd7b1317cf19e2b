import { getAssociatedTokenAddressSync } from '@solana/spl-token';
import { PublicKey } from '@solana/web3.js';
import type { Hash, HotspotKey } from '#protocol/units';
import { ClientError } from './client-error.ts';
import { keyParts } from './hotspot-key.ts';
import { PROGRAM_ID } from './idl.ts';

const derive = (kind: string, ...seeds: readonly Uint8Array[]): PublicKey =>
  PublicKey.findProgramAddressSync([Buffer.from(kind), ...seeds], PROGRAM_ID)[0];

/** The 32 bytes of a network's name: UTF-8, padded with zero bytes. */
export function networkNameBytes(name: string): Uint8Array {
  const bytes = Buffer.from(name, 'utf8');
  if (bytes.length === 0 || bytes.length > 32 || bytes.includes(0))
    throw new ClientError('invalid_argument', { name, expected: '1 to 32 bytes without zero bytes' });
  return Buffer.concat([bytes], 32);
}

export function networkAddress(creator: PublicKey, name: string): PublicKey {
  return derive('network', creator.toBytes(), networkNameBytes(name));
}

export function mintAddress(network: PublicKey): PublicKey {
  return derive('mint', network.toBytes());
}

/** The token account of all bonds. */
export function vaultAddress(network: PublicKey): PublicKey {
  return derive('vault', network.toBytes());
}

export function ledgerAddress(network: PublicKey): PublicKey {
  return derive('ledger', network.toBytes());
}

export function ballotAddress(network: PublicKey): PublicKey {
  return derive('ballot', network.toBytes());
}

export function hotspotAddress(network: PublicKey, key: HotspotKey): PublicKey {
  const { type, body } = keyParts(key);
  return derive('hotspot', network.toBytes(), Uint8Array.of(type), body);
}

export function payeeAddress(network: PublicKey, address: PublicKey): PublicKey {
  return derive('payee', network.toBytes(), address.toBytes());
}

export function makerAddress(network: PublicKey, key: PublicKey): PublicKey {
  return derive('maker', network.toBytes(), key.toBytes());
}

export function creditsAddress(network: PublicKey, owner: PublicKey): PublicKey {
  return derive('credits', network.toBytes(), owner.toBytes());
}

/** What a motion is about: all that its oracles vote for, and its address names. */
export interface MotionName {
  readonly network: PublicKey;
  readonly kind: MotionKind;
  /** The Hotspot account. */
  readonly subject: PublicKey;
  /** How many motions were applied to the subject before (Hotspot.motions). */
  readonly nonce: bigint;
  readonly evidence: EvidencePlace;
}

/** A record of an evidence log: SHA-256 of the log's origin, and the record's index there. */
export interface EvidencePlace {
  readonly originHash: Hash;
  readonly index: bigint;
}

export const MOTION_KINDS = { quarantine: 1, release: 2 } as const;
export type MotionKind = keyof typeof MOTION_KINDS;

export function motionAddress({ network, kind, subject, nonce, evidence }: MotionName): PublicKey {
  return derive(
    'motion',
    network.toBytes(),
    Uint8Array.of(MOTION_KINDS[kind]),
    subject.toBytes(),
    u64Bytes(nonce),
    Buffer.from(evidence.originHash, 'hex'),
    u64Bytes(evidence.index),
  );
}

const u64Bytes = (value: bigint): Uint8Array => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
};

/** The associated token account in which an owner receives the network's tokens. */
export function tokenAccountAddress(network: PublicKey, owner: PublicKey): PublicKey {
  return getAssociatedTokenAddressSync(mintAddress(network), owner, true);
}
