import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { hex } from '@scure/base';
import { amount, epochNumber, type Address, type Amount, type EpochNumber, type Hash } from '../units.ts';
import { TableReader, TableWriter } from './bytes/byte-table.ts';

/** What oracles attest about an epoch (chain.md, "Bytes"); its hash is the next epoch's parent. */
export interface Tuple {
  readonly network: Address;
  readonly epoch: EpochNumber;
  readonly parentTupleHash: Hash;
  readonly root: Hash;
  readonly leafCount: number;
  readonly cumulativeTotal: Amount;
  readonly creditsRoot: Hash;
  readonly creditsCount: number;
  readonly evidenceHash: Hash;
  readonly registryHash: Hash;
  readonly policyHash: Hash;
  readonly stateHash: Hash;
}

/** Parent of the first epoch that is computed: 32 zero bytes. */
export const GENESIS_PARENT: Hash = '0'.repeat(64) as Hash;

const TUPLE_TAG = utf8ToBytes('coverant/tuple/v1');

/** The tuple's borsh bytes, 280 of them. */
export function tupleBytes(tuple: Tuple): Uint8Array {
  return new TableWriter()
    .address(tuple.network)
    .u64(tuple.epoch)
    .hex(tuple.parentTupleHash, 32)
    .hex(tuple.root, 32)
    .u32(tuple.leafCount)
    .u64(tuple.cumulativeTotal)
    .hex(tuple.creditsRoot, 32)
    .u32(tuple.creditsCount)
    .hex(tuple.evidenceHash, 32)
    .hex(tuple.registryHash, 32)
    .hex(tuple.policyHash, 32)
    .hex(tuple.stateHash, 32)
    .finish();
}

/** Inverse of `tupleBytes`; malformed_folder for another length. */
export function openTuple(bytes: Uint8Array): Tuple {
  const reader = new TableReader(bytes, 'malformed_folder');
  const hash = (): Hash => reader.hex(32) as Hash;
  const tuple: Tuple = {
    network: reader.address() as Address,
    epoch: epochNumber(reader.u64()),
    parentTupleHash: hash(),
    root: hash(),
    leafCount: reader.u32(),
    cumulativeTotal: amount(reader.u64()),
    creditsRoot: hash(),
    creditsCount: reader.u32(),
    evidenceHash: hash(),
    registryHash: hash(),
    policyHash: hash(),
    stateHash: hash(),
  };
  reader.finish();
  return tuple;
}

/** `SHA-256("coverant/tuple/v1" || tuple)`. */
export function tupleHash(tuple: Tuple): Hash {
  return hex.encode(sha256(concatBytes(TUPLE_TAG, tupleBytes(tuple)))) as Hash;
}
