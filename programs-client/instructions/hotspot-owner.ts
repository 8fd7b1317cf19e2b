import { PublicKey, type TransactionInstruction } from '@solana/web3.js';
import type { HotspotKey } from '#protocol/units';
import { hotspotAddress } from '../address.ts';
import { buildInstruction } from './instruction.ts';

interface OwnedHotspot {
  readonly owner: PublicKey;
  readonly network: PublicKey;
  readonly key: HotspotKey;
}

/** Signed by the owner; who receives the rewards from the next claim on. null: the owner. */
export function setDestination(
  input: OwnedHotspot & { readonly destination: PublicKey | null },
): TransactionInstruction {
  const destination = input.destination ?? PublicKey.default;
  return buildInstruction('set_destination', owned(input), { destination });
}

/** Signed by the owner. All that is unclaimed and the bond go with the hotspot; the destination is cleared. */
export function transferHotspot(input: OwnedHotspot & { readonly to: PublicKey }): TransactionInstruction {
  return buildInstruction('transfer_hotspot', owned(input), { to: input.to });
}

const owned = ({ owner, network, key }: OwnedHotspot) => ({
  owner,
  network,
  hotspot: hotspotAddress(network, key),
});
