import type { Connection, PublicKey } from '@solana/web3.js';
import { epochNumber, type EpochNumber, type Hash } from '#protocol/units';
import { ballotAddress } from '../address.ts';
import type { Fields } from '../fields.ts';
import { decodeAccount, readAccount, type ReadOptions } from './account.ts';

export interface Vote {
  readonly epoch: EpochNumber;
  readonly tupleHash: Hash;
}

/** The oracles' live votes and what is ripe: k equal votes whose challenge delay runs since `since` (seconds). */
export interface Ballot {
  readonly address: PublicKey;
  readonly network: PublicKey;
  readonly generation: number;
  /** In the order of the oracle set's keys; null where an oracle has no live vote. */
  readonly votes: readonly (Vote | null)[];
  /** One bit per oracle. */
  readonly vetoes: number;
  readonly ripe: (Vote & { readonly since: bigint }) | null;
}

export async function readBallot(
  connection: Connection,
  network: PublicKey,
  options?: ReadOptions,
): Promise<Ballot> {
  const address = ballotAddress(network);
  return ballotOf(address, await readAccount(connection, 'Ballot', address, options));
}

export function decodeBallot(address: PublicKey, data: Uint8Array): Ballot {
  return ballotOf(address, decodeAccount('Ballot', address, data));
}

const ballotOf = (address: PublicKey, fields: Fields): Ballot => {
  const ripe = voteOf(fields.struct('ripe'));
  return {
    address,
    network: fields.address('network'),
    generation: fields.int('generation'),
    votes: fields.structs('votes').map(voteOf),
    vetoes: fields.int('vetoes'),
    ripe: ripe === null ? null : { ...ripe, since: fields.u64('ripe_since') },
  };
};

// No vote is a zero hash: SHA-256 gives none.
const voteOf = (fields: Fields): Vote | null => {
  const tupleHash = fields.hash('tuple_hash');
  return /^0+$/.test(tupleHash) ? null : { epoch: epochNumber(fields.u64('epoch')), tupleHash };
};
