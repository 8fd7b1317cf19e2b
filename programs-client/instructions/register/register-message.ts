import type { PublicKey } from '@solana/web3.js';
import type { HotspotKey } from '#protocol/units';
import { keyParts } from '../../hotspot-key.ts';

const FIELD_HEADS = [0x0a, 0x12, 0x2a] as const;
/** Tag of a mainnet ed25519 key, which is what a Solana address is in a hotspot's messages. */
const SOLANA_TAG = 0x01;
const KEY_LENGTH = 33;

/**
 * The 105-byte add_gateway message {owner, gateway, payer} that a hotspot signs (chain.md, register_hotspot).
 * The payer names the network: `gateway-rs add --owner <owner> --payer <network address>` signs these bytes.
 */
export function registerMessage(input: {
  readonly owner: PublicKey;
  readonly gateway: HotspotKey;
  readonly network: PublicKey;
}): Uint8Array {
  const { tag, body } = keyParts(input.gateway);
  const keys = [
    [SOLANA_TAG, ...input.owner.toBytes()],
    [tag, ...body],
    [SOLANA_TAG, ...input.network.toBytes()],
  ];
  return Uint8Array.from(FIELD_HEADS.flatMap((head, i) => [head, KEY_LENGTH, ...(keys[i] ?? [])]));
}
