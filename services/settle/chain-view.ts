import type { Connection, PublicKey } from '@solana/web3.js';
import { readAllCredits, readHotspots, readSettlement, type Settlement } from '#client';
import { creditsAt, registryAt, type RegistryTable } from '#protocol/settle/registry';
import type { Address, EpochNumber } from '#protocol/units';
import { epochBounds } from '#services/runtime/chain-epoch';
import { Outage } from '#services/runtime/outage';

/** What an oracle decides on, at commitment finalized. */
export type ChainView = Settlement;

export async function readChainView(connection: Connection, address: PublicKey): Promise<ChainView> {
  return await readSettlement(connection, address, { commitment: 'finalized' });
}

/**
 * The registry of an ended epoch. It is the same whenever it is read past the epoch's end, because the program keeps
 * what is in force in an epoch until that epoch is final (chain.md, "Principles"). Where it became final meanwhile, and
 * values were replaced since, the result is another tuple: the program takes no vote for it, and catching up refuses it.
 */
export async function readRegistryTable(
  connection: Connection,
  input: {
    readonly view: ChainView;
    readonly epoch: EpochNumber;
    /** Who voted for the latest finalized epoch before this one. */
    readonly voters: readonly Address[];
  },
): Promise<RegistryTable> {
  const { view, epoch } = input;
  const { end } = epochBounds(view.network, epoch);
  // Whoever registers in the very second in which the epoch ends still belongs to it: that second must be over.
  if (view.unixTime <= end) throw new Outage('chain_behind', { epoch, end, unixTime: view.unixTime });
  const options = { commitment: 'finalized', minContextSlot: view.slot } as const;
  const hotspots = await readHotspots(connection, view.network, options);
  const credits = await readAllCredits(connection, view.network.address, options);
  return {
    keyNetwork: view.network.keyNetwork,
    hotspots: registryAt({ hotspots: hotspots.value, epoch, end }),
    credits: creditsAt(credits.value, epoch),
    voters: input.voters,
  };
}
