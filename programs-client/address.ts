import { getAssociatedTokenAddressSync } from '@solana/spl-token';
import { PublicKey } from '@solana/web3.js';
import type { HotspotKey } from '#protocol/units';
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

/** The associated token account in which an owner receives the network's tokens. */
export function tokenAccountAddress(network: PublicKey, owner: PublicKey): PublicKey {
  return getAssociatedTokenAddressSync(mintAddress(network), owner, true);
}
