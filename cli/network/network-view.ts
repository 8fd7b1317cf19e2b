import { PublicKey, type Connection } from '@solana/web3.js';
import { readBallot, readClock, readNetwork, type Ballot, type Network } from '#client';
import type { NetworkPlace } from '../chain/ask-chain.ts';

/** Who decides, at the time of the chain's clock. */
export interface NetworkView {
  readonly unixTime: number;
  readonly network: Network;
  readonly ballot: Ballot;
}

/** As confirmed; not older than a slot, where one is given. */
export async function readNetworkView(
  connection: Connection,
  { network: address }: NetworkPlace,
  after?: number,
): Promise<NetworkView> {
  const key = new PublicKey(address);
  const { slot, unixTime } = await readClock(connection, 'confirmed');
  const options = { commitment: 'confirmed', minContextSlot: Math.max(slot, after ?? 0) } as const;
  const network = await readNetwork(connection, key, options);
  return { unixTime, network, ballot: await readBallot(connection, key, options) };
}
