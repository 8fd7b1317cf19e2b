import { amount, type Amount, type EpochNumber } from '../units.ts';

/** The chain's schedule: the base halved once per period of epochs; a period of 0 never halves. */
export function emissionAt(input: {
  readonly base: bigint;
  readonly halvingPeriod: number;
  readonly epoch: EpochNumber;
}): Amount {
  const halvings = input.halvingPeriod === 0 ? 0n : input.epoch / BigInt(input.halvingPeriod);
  return amount(halvings > 63n ? 0n : input.base >> halvings);
}
