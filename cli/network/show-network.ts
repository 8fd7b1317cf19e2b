import { openChain } from '#services/runtime/chain';
import { askChain, type NetworkPlace } from '../chain/ask-chain.ts';
import { networkLines } from './network-lines.ts';
import { readNetworkView } from './network-view.ts';

/** What the chain says of who decides in a network. */
export async function showNetwork(place: NetworkPlace): Promise<readonly string[]> {
  const connection = openChain({ rpcUrl: place.rpc, commitment: 'confirmed' });
  return networkLines(await askChain(place, () => readNetworkView(connection, place)));
}
