import { base58 } from '@scure/base';
import { InvalidArgumentError } from 'commander';
import type { Address } from '#protocol/units';

/** An address on chain: base58 text of 32 bytes. */
export function parseAddress(text: string): Address {
  if (!/^[1-9A-HJ-NP-Za-km-z]{32,44}$/.test(text) || base58.decode(text).length !== 32)
    throw new InvalidArgumentError('expected an address, base58 text of 32 bytes');
  return text as Address;
}
