import type { PublicKey, TransactionInstruction } from '@solana/web3.js';
import type { HotspotKey } from '#protocol/units';
import { hotspotAddress } from '../address.ts';
import { buildInstruction } from './instruction.ts';
import { encodableLocation, type Location } from './location.ts';

/** Signed by the owner; holds from the next epoch. */
export function assertLocation(input: {
  readonly owner: PublicKey;
  readonly network: PublicKey;
  readonly key: HotspotKey;
  readonly location: Location;
}): TransactionInstruction {
  const { owner, network, key, location } = input;
  return buildInstruction(
    'assert_location',
    { owner, network, hotspot: hotspotAddress(network, key) },
    { location: encodableLocation(location) },
  );
}
