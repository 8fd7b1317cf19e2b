import type { Connection, PublicKey } from '@solana/web3.js';
import type { Kysely } from 'kysely';
import { readClock, readHotspots, readNetwork } from '#client';
import { epochNumber } from '#protocol/units';
import { hotspotRows } from './hotspot-rows.ts';
import { storeHotspots } from './store.ts';
import type { Tables } from './tables.ts';

/** One turn: hotspots and what they claimed, as the chain has them now, into the read model. */
export async function followChain(input: {
  readonly database: Kysely<Tables>;
  readonly connection: Connection;
  readonly network: PublicKey;
}): Promise<void> {
  const network = await readNetwork(input.connection, input.network);
  const hotspots = await readHotspots(input.connection, network);
  const clock = await readClock(input.connection);
  const elapsed = BigInt(clock.unixTime) - network.firstEpochStart;
  const epoch = epochNumber(elapsed > 0n ? elapsed / network.epochLengthS : 0n);
  await storeHotspots(input.database, hotspotRows(hotspots.value, epoch));
}
