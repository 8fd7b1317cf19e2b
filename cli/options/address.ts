import { base58 } from '@scure/base';
import { InvalidArgumentError } from 'commander';
import type { Address } from '#protocol/units';

/** An address on chain: base58 text of 32 bytes. */
export function parseAddress(text: string): Address {
  if (!/^[1-9A-HJ-NP-Za-km-z]{32,44}$/.test(text) || base58.decode(text).length !== 32)
    throw new InvalidArgumentError('expected an address, base58 text of 32 bytes');
  return text as Address;
}

/** An address, or "none". */
export function parseAddressOrNone(text: string): Address | null {
  return text === 'none' ? null : parseAddress(text);
}

/** Each address of a list. */
export function parseAddresses(text: string, before: readonly Address[] = []): readonly Address[] {
  return [...before, parseAddress(text)];
}
