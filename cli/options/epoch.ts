import { InvalidArgumentError } from 'commander';
import { epochNumber, type EpochNumber } from '#protocol/units';

/** Both included. */
export interface EpochRange {
  readonly first: bigint;
  readonly last: bigint;
}

const U64_MAX = 0xffff_ffff_ffff_ffffn;

/** The number of an epoch, a u64 in decimal digits. */
export function parseEpoch(text: string): EpochNumber {
  const number = /^[0-9]{1,20}$/.test(text) ? BigInt(text) : null;
  if (number === null || number > U64_MAX)
    throw new InvalidArgumentError(`expected the number of an epoch, from 0 to ${U64_MAX}`);
  return epochNumber(number);
}

/** `A..B`, A not after B. */
export function parseEpochRange(text: string): EpochRange {
  const [, from, to] = /^(\d+)\.\.(\d+)$/.exec(text) ?? [];
  if (from === undefined || to === undefined) throw new InvalidArgumentError('expected A..B, as in 12..18');
  const [first, last] = [parseEpoch(from), parseEpoch(to)];
  if (first > last)
    throw new InvalidArgumentError(`expected the first epoch before the last, as in ${last}..${first}`);
  return { first, last };
}
