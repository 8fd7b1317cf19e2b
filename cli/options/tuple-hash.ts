import { InvalidArgumentError } from 'commander';
import type { Hash } from '#protocol/units';

/** A tuple's hash as the commands and the oracles' logs print it. */
export function parseTupleHash(text: string): Hash {
  if (!/^[0-9a-f]{64}$/.test(text))
    throw new InvalidArgumentError('expected the hash of a tuple, 64 hex digits');
  return text as Hash;
}
