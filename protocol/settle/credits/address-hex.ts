import { base58 } from '@scure/base';
import { toHex } from '../../wire/hex.ts';

/** base58 is slow, and an epoch asks for the same owners again and again: bounded. */
const known = new Map<string, string>();
const MOST_KNOWN = 4096;

/** An address as 64 hex digits, by which states and credits trees name owners. */
export function addressHex(address: string): string {
  const before = known.get(address);
  if (before !== undefined) return before;
  const digits = toHex(base58.decode(address));
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(address, digits);
  return digits;
}
