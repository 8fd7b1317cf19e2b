import type { Tuple } from '#protocol/settle/tuple';
import { amount, epochNumber, type Address } from '#protocol/units';
import { PublicKey } from '@solana/web3.js';
import type { Encodable } from './codec.ts';
import type { Fields } from './fields.ts';

/** The program's form of a tuple, as an argument. */
export const encodableTuple = (tuple: Tuple): Readonly<Record<string, Encodable>> => ({
  network: new PublicKey(tuple.network),
  epoch: tuple.epoch,
  parent_tuple_hash: Buffer.from(tuple.parentTupleHash, 'hex'),
  root: Buffer.from(tuple.root, 'hex'),
  leaf_count: tuple.leafCount,
  cumulative_total: tuple.cumulativeTotal,
  credits_root: Buffer.from(tuple.creditsRoot, 'hex'),
  credits_count: tuple.creditsCount,
  evidence_hash: Buffer.from(tuple.evidenceHash, 'hex'),
  registry_hash: Buffer.from(tuple.registryHash, 'hex'),
  policy_hash: Buffer.from(tuple.policyHash, 'hex'),
  state_hash: Buffer.from(tuple.stateHash, 'hex'),
});

/** The protocol's form of a tuple that the program published. */
export const tupleOf = (fields: Fields): Tuple => ({
  network: fields.address('network').toBase58() as Address,
  epoch: epochNumber(fields.u64('epoch')),
  parentTupleHash: fields.hash('parent_tuple_hash'),
  root: fields.hash('root'),
  leafCount: fields.int('leaf_count'),
  cumulativeTotal: amount(fields.u64('cumulative_total')),
  creditsRoot: fields.hash('credits_root'),
  creditsCount: fields.int('credits_count'),
  evidenceHash: fields.hash('evidence_hash'),
  registryHash: fields.hash('registry_hash'),
  policyHash: fields.hash('policy_hash'),
  stateHash: fields.hash('state_hash'),
});
