import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { base58, hex } from '@scure/base';
import type { Address, Amount, HotspotKey } from '../units.ts';
import { hexInto } from '../wire/hex.ts';
import { TableWriter } from './bytes/byte-table.ts';

declare const brand: unique symbol;
/** Key type (00 or 01 of a hotspot's tag, 20 of a payee) and 32-byte key as 66 hex digits; string order is leaf order. */
export type LeafKey = string & { readonly [brand]: 'LeafKey' };

/** What a hotspot or payee earned since the network's beginning, in smallest token units. */
export interface Leaf {
  readonly key: LeafKey;
  readonly cumulative: Amount;
}

/** Key type of a payee's leaf (chain.md, "Payee"). */
export const PAYEE_KEY_TYPE = 0x20;

const LEAF_TAG = utf8ToBytes('coverant/leaf/v1');

/** 66 hex digits of key type and key; RangeError for another type or length. */
export function leafKey(value: string): LeafKey {
  if (!/^(00|01|20)[0-9a-f]{64}$/.test(value))
    throw new RangeError(`expected a key type 00, 01 or 20 and a 32-byte key in hex, got ${value}`);
  return value as LeafKey;
}

/** A hotspot's leaf key: the type is the low nibble of its tag. */
export function hotspotLeafKey(key: HotspotKey): LeafKey {
  // Mainnet's keys are their own leaf keys: no second text for each of a million.
  return leafKey(key.startsWith('0') ? key : `0${key.slice(1)}`);
}

/** A payee's leaf key. */
export function payeeLeafKey(address: Address): LeafKey {
  return leafKey(`20${hex.encode(base58.decode(address))}`);
}

/** The payee's address of a leaf key; null for a hotspot's. */
export function payeeOfLeaf(key: LeafKey): Address | null {
  return key.startsWith('20') ? (base58.encode(hex.decode(key.slice(2))) as Address) : null;
}

/** The entry that the settlement tree hashes (chain.md, "Bytes"), without the 0x00 that leaf hashing prepends. */
export function leafEntry(input: { readonly network: Address; readonly leaf: Leaf }): Uint8Array {
  return leafEntries(input.network)(input.leaf);
}

/** The entries of a network's leaves, one at a time: each call overwrites the bytes that the one before returned. */
export function leafEntries(network: Address): (leaf: Leaf) => Uint8Array {
  const head = concatBytes(LEAF_TAG, new TableWriter().address(network).finish());
  const entry = new Uint8Array(head.length + 33 + 8);
  entry.set(head);
  const view = new DataView(entry.buffer);
  return ({ key, cumulative }) => {
    hexInto(key, entry, head.length);
    view.setBigUint64(head.length + 33, cumulative, true);
    return entry;
  };
}

/** An index and the first 30 bits of a key (type 20 and below, 24 bits more) are one whole number below 2^53. */
const MOST_LEAVES = 2 ** 23;

/**
 * Indexes of leaves in leaf order, ascending by key type, then key; RangeError for a key that stands twice, or more than
 * 2^23 leaves. The texts of a million keys lie all over memory: numbers of their first bits are sorted, and texts where these
 * are equal.
 */
export function leafOrder(leaves: readonly Leaf[]): Uint32Array {
  const count = leaves.length;
  if (count > MOST_LEAVES) throw new RangeError(`${count} leaves are more than ${MOST_LEAVES}`);
  const sorted = Float64Array.from(leaves, ({ key }, at) => headOf(key) * MOST_LEAVES + at).sort();
  const heads = Float64Array.from(sorted, (value) => Math.floor(value / MOST_LEAVES));
  const order = Uint32Array.from(sorted, (value, place) => value - (heads[place] ?? 0) * MOST_LEAVES);
  const byKey = (a: number, b: number): number => compareKeys(leaves[a]?.key, leaves[b]?.key);
  for (let start = 0, end = 1; start < count; start = end, end += 1) {
    while (end < count && heads[end] === heads[start]) end += 1;
    if (end - start > 1) order.subarray(start, end).sort(byKey);
  }
  return order;
}

function headOf(key: LeafKey): number {
  return Number.parseInt(key.slice(0, 8), 16);
}

function compareKeys(a = '', b = ''): number {
  if (a === b) throw new RangeError(`the key ${a} has two leaves`);
  return a < b ? -1 : 1;
}
