import type { PublicKey, TransactionInstruction } from '@solana/web3.js';
import type { Hash, HotspotKey } from '#protocol/units';
import { hotspotAddress, makerAddress } from '../address.ts';
import { keyParts } from '../hotspot-key.ts';
import { buildInstruction } from './instruction.ts';

const ENDORSED_TAG = Buffer.from('coverant/endorsed/v1');

/** A key's entry in a maker's list; the list's tree is hashed as the evidence log's (protocol/evidence/merkle). */
export function endorsedEntry(key: HotspotKey): Uint8Array {
  const { type, body } = keyParts(key);
  return Buffer.concat([ENDORSED_TAG, Uint8Array.of(type), body]);
}

/** Signed by the network's authority, who pays for the account at the first time. */
export function approveMaker(input: {
  readonly authority: PublicKey;
  readonly network: PublicKey;
  readonly key: PublicKey;
  readonly approved: boolean;
}): TransactionInstruction {
  const { authority, network, key, approved } = input;
  const maker = makerAddress(network, key);
  return buildInstruction('approve_maker', { authority, network, maker }, { key, approved });
}

/** Signed by the maker. Root and count of the tree over its list (endorsedEntry). */
export function setEndorsedRoot(input: {
  readonly maker: PublicKey;
  readonly network: PublicKey;
  readonly root: Hash;
  readonly count: number;
}): TransactionInstruction {
  const { maker: makerKey, network, root, count } = input;
  return buildInstruction(
    'set_endorsed_root',
    { maker_key: makerKey, network, maker: makerAddress(network, makerKey) },
    { root: Buffer.from(root, 'hex'), count },
  );
}

/** Signed by nobody but who pays the fee: the proof is the right. */
export function endorseHotspot(input: {
  readonly network: PublicKey;
  readonly maker: PublicKey;
  readonly key: HotspotKey;
  readonly index: number;
  readonly proof: readonly Uint8Array[];
}): TransactionInstruction {
  const { network, maker, key, index, proof } = input;
  return buildInstruction(
    'endorse_hotspot',
    { network, maker: makerAddress(network, maker), hotspot: hotspotAddress(network, key) },
    { index, proof },
  );
}
