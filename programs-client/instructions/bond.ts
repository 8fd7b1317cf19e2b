import type { PublicKey, TransactionInstruction } from '@solana/web3.js';
import type { HotspotKey } from '#protocol/units';
import { hotspotAddress, tokenAccountAddress, vaultAddress } from '../address.ts';
import { buildInstruction } from './instruction.ts';

interface BondInput {
  readonly owner: PublicKey;
  readonly network: PublicKey;
  readonly key: HotspotKey;
}

/** Signed by the owner, from whose token account the network's bond is taken; bonded from the next epoch on. */
export function bond({ owner, network, key }: BondInput): TransactionInstruction {
  const hotspot = hotspotAddress(network, key);
  const source = tokenAccountAddress(network, owner);
  return buildInstruction('bond', { owner, network, hotspot, source, vault: vaultAddress(network) }, {});
}

/** Signed by the owner; the tier falls from the next epoch on, the bond is free from Hotspot.unbondedAt on. */
export function unbond({ owner, network, key }: BondInput): TransactionInstruction {
  return buildInstruction('unbond', { owner, network, hotspot: hotspotAddress(network, key) }, {});
}

/** Pays a free bond to the owner's token account, which must exist; signed by nobody but who pays the fee. */
export function withdrawBond({ owner, network, key }: BondInput): TransactionInstruction {
  const hotspot = hotspotAddress(network, key);
  const destination = tokenAccountAddress(network, owner);
  return buildInstruction(
    'withdraw_bond',
    { network, hotspot, vault: vaultAddress(network), destination },
    {},
  );
}
