import { policyAt, type FinalizedEpoch, type Network } from '#client';
import type { EpochFacts } from '#protocol/epoch';
import { emissionAt } from '#protocol/reward/emission';
import { epochNumber, type Address, type EpochNumber } from '#protocol/units';

/** When a network's epochs are. */
type Schedule = Pick<Network, 'firstEpochStart' | 'epochLengthS'>;

/** An epoch's bounds in seconds: what counts is `start < received <= end`. */
export interface EpochBounds {
  readonly start: number;
  readonly end: number;
}

export function epochBounds(network: Schedule, epoch: EpochNumber): EpochBounds {
  const start = network.firstEpochStart + epoch * network.epochLengthS;
  return { start: Number(start), end: Number(start + network.epochLengthS) };
}

/** The latest epoch that is over at the given second of the chain's clock; null before the first one is. */
export function lastEndedEpoch(network: Schedule, unixTime: number): EpochNumber | null {
  const elapsed = BigInt(unixTime) - network.firstEpochStart;
  const ended = elapsed < 0n ? 0n : elapsed / network.epochLengthS;
  return ended === 0n ? null : epochNumber(ended - 1n);
}

/** The first epoch that may still be settled. */
export function nextOpenEpoch(network: {
  readonly latest: Pick<FinalizedEpoch, 'epoch'> | null;
}): EpochNumber {
  return network.latest === null ? epochNumber(0n) : epochNumber(network.latest.epoch + 1n);
}

/** What the chain says about an epoch, in the form in which computeEpoch takes it. */
export function epochFacts(network: Network, epoch: EpochNumber): EpochFacts {
  return {
    network: network.address.toBase58() as Address,
    epoch,
    ...epochBounds(network, epoch),
    emission: emissionAt({
      base: network.baseEmission,
      halvingPeriod: network.halvingPeriodEpochs,
      epoch,
    }),
    holdback: network.holdbackEpochs,
    creditPrice: policyAt(network, epoch).creditPrice,
    operations: network.operations.toBase58() as Address,
  };
}
