import type { HotspotKey } from '#protocol/units';
import { ClientError } from './client-error.ts';

/** Type of a hotspot key in seeds and leaves: the low nibble of its tag. */
export const KEY_TYPE = { eccCompact: 0, ed25519: 1 } as const;
export type KeyNetwork = 'mainnet' | 'testnet';
const NETWORK_NIBBLE: Readonly<Record<KeyNetwork, number>> = { mainnet: 0x00, testnet: 0x10 };

export interface KeyParts {
  readonly tag: number;
  readonly type: number;
  /** 32 bytes: the ed25519 key, or the x coordinate of the P-256 key. */
  readonly body: Uint8Array;
}

export function keyParts(key: HotspotKey): KeyParts {
  const bytes = Buffer.from(key, 'hex');
  const tag = bytes[0];
  if (bytes.length !== 33 || tag === undefined)
    throw new ClientError('invalid_argument', { key, expected: '66 hex digits' });
  return { tag, type: tag & 0x0f, body: bytes.subarray(1) };
}

export function keyFromParts(network: KeyNetwork, type: number, body: Uint8Array): HotspotKey {
  const tag = NETWORK_NIBBLE[network] | type;
  return Buffer.concat([Uint8Array.of(tag), body]).toString('hex') as HotspotKey;
}

export function keyNetworkNibble(network: KeyNetwork): number {
  return NETWORK_NIBBLE[network];
}

export function keyNetworkOf(nibble: number): KeyNetwork {
  if (nibble === NETWORK_NIBBLE.mainnet) return 'mainnet';
  if (nibble === NETWORK_NIBBLE.testnet) return 'testnet';
  throw new ClientError('malformed_account', { field: 'key_network', value: nibble });
}
