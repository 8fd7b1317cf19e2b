import { PublicKey } from '@solana/web3.js';
import { ClientError, readHotspot, readNetwork, type FinalizedEpoch } from '#client';
import type { HotspotSources } from '#protocol/hotspot/sources';
import type { Amount, EpochNumber, Hash, HotspotKey } from '#protocol/units';
import { openChain } from '#services/runtime/chain';
import { Outage } from '#services/runtime/outage';
import { rpcName } from '#services/runtime/rpc-name';

/** What the chain adds to an epoch folder. */
export interface HotspotChain {
  /** The latest epoch that is final; null before the first. */
  readonly latest: EpochNumber | null;
  /** `older`: a later epoch is final, so only an audit can tell; `other`: the chain holds another tuple for this epoch. */
  readonly tuple: 'final' | 'other' | 'not_final' | 'older';
  /** What was claimed so far; null where the key is not registered on chain. */
  readonly claimed: Amount | null;
}

/** Reads the network that the folder names; Outage `chain_unreachable` or `chain_unreadable`. */
export async function readHotspotChain(
  rpcUrl: string,
  { sources, key }: { readonly sources: HotspotSources; readonly key: HotspotKey },
): Promise<HotspotChain> {
  const { facts, tupleHash } = sources;
  try {
    const connection = openChain({ rpcUrl, commitment: 'finalized' });
    const network = await readNetwork(connection, new PublicKey(facts.network));
    const hotspot = await readHotspot(connection, { network, key });
    const { latest } = network;
    const claimed = hotspot?.claimed ?? null;
    return {
      latest: latest?.epoch ?? null,
      tuple: standingOf({ epoch: facts.epoch, tupleHash }, latest),
      claimed,
    };
  } catch (error) {
    const context = { rpc: rpcName(rpcUrl), network: facts.network };
    const code = error instanceof ClientError ? 'chain_unreadable' : 'chain_unreachable';
    throw new Outage(code, context, { cause: error });
  }
}

/** What the latest final epoch says of a folder's tuple. */
export function standingOf(
  folder: { readonly epoch: EpochNumber; readonly tupleHash: Hash },
  latest: Pick<FinalizedEpoch, 'epoch' | 'tupleHash'> | null,
): HotspotChain['tuple'] {
  if (latest === null || latest.epoch < folder.epoch) return 'not_final';
  if (latest.epoch > folder.epoch) return 'older';
  return latest.tupleHash === folder.tupleHash ? 'final' : 'other';
}
