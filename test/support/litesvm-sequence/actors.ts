import type { PublicKey } from '@solana/web3.js';
import { endorsedEntry } from '#client';
import { leafHash } from '#protocol/evidence/merkle';
import { MerkleTree } from '#protocol/evidence/proof';
import { namedHotspot, namedKeypair, type TestHotspot } from '../litesvm-hotspot.ts';

export const owners = [0, 1].map((n) => namedKeypair(`owner ${n}`));
export const payees = [0, 1].map((n) => namedKeypair(`payee ${n}`).publicKey);
export const hotspots = [0, 1, 2].map((n) => namedHotspot(`hotspot ${n}`, n === 1 ? 'p256' : 'ed25519'));
/** The first three are the first set. */
export const oracles = [1, 2, 3, 4, 5].map((n) => namedKeypair(`oracle ${n}`));
/** The oracles, then who is none. */
export const people = [...oracles, ...['stranger', 'creator', 'guardian'].map(namedKeypair)];
export const [STRANGER, CREATOR, GUARDIAN] = [5, 6, 7];
export const maker = namedKeypair('maker');
export const list = new MerkleTree(hotspots.map(({ key }) => leafHash(endorsedEntry(key))));
/** Hotspots, then payees. */
export const claimants: readonly (TestHotspot | PublicKey)[] = [...hotspots, ...payees];

export function at<Item>(items: readonly Item[], index: number): Item {
  const item = items[index];
  if (item === undefined) throw new RangeError(`no item ${index} of ${items.length}`);
  return item;
}
