import type { PublicKey, TransactionInstruction } from '@solana/web3.js';
import type { HotspotKey } from '#protocol/units';
import { hotspotAddress } from '../../address.ts';
import { keyParts } from '../../hotspot-key.ts';
import { buildInstruction } from '../instruction.ts';
import { encodableLocation, type Location } from '../location.ts';
import { registerMessage } from './register-message.ts';
import { signaturePrecompile } from './signature-precompile.ts';

/**
 * The precompile instruction and the registration, which must follow it directly; signed by payer and owner.
 * `signature` is the hotspot's over registerMessage. The first location, if any, holds at once.
 */
export function registerHotspot(input: {
  readonly payer: PublicKey;
  readonly owner: PublicKey;
  readonly network: PublicKey;
  readonly key: HotspotKey;
  readonly signature: Uint8Array;
  readonly location: Location | null;
}): TransactionInstruction[] {
  const { payer, owner, network, key, signature, location } = input;
  const { type, body } = keyParts(key);
  const message = registerMessage({ owner, gateway: key, network });
  return [
    signaturePrecompile({ key, message, signature }),
    buildInstruction(
      'register_hotspot',
      { payer, owner, network, hotspot: hotspotAddress(network, key) },
      { key_type: type, key: body, location: location === null ? null : encodableLocation(location) },
    ),
  ];
}
