import type { Network } from '#client';
import { epochNumber, type EpochNumber } from '#protocol/units';

/** The first epoch that begins after `now` (ms): it can be watched from its beginning. */
export function nextEpoch(network: Network, now: number): EpochNumber {
  const elapsed = BigInt(Math.floor(now / 1000)) - network.firstEpochStart;
  return epochNumber(elapsed < 0n ? 0n : elapsed / network.epochLengthS + 1n);
}
