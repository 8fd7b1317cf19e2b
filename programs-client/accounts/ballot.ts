import type { Connection, PublicKey } from '@solana/web3.js';
import { epochNumber, type EpochNumber, type Hash } from '#protocol/units';
import { ballotAddress } from '../address.ts';
import type { Fields } from '../fields.ts';
import { decodeAccount, readAccount, type ReadOptions } from './account.ts';
import { oraclesAt, type Network, type OracleSet } from './network.ts';

export interface Vote {
  readonly epoch: EpochNumber;
  readonly tupleHash: Hash;
}

/** The oracles' live votes and what is ripe: k equal votes whose challenge delay runs since `since` (seconds). */
export interface Ballot {
  readonly address: PublicKey;
  readonly network: PublicKey;
  readonly generation: number;
  /** By the places of the set of this generation, which may have been replaced since (liveVotes). */
  readonly votes: readonly (Vote | null)[];
  /** Against what is ripe, one bit per oracle. */
  readonly vetoes: number;
  readonly ripe: (Vote & { readonly since: bigint }) | null;
}

interface BallotMoment {
  readonly network: Pick<Network, 'oracles' | 'pendingOracles'>;
  readonly unixTime: number | bigint;
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

/**
 * Who may vote and veto at a time (seconds): for what is ripe the set that voted for it, else the set in force. A vote of
 * another set is void.
 */
export function ballotOracles({ ripe, generation }: Ballot, { network, unixTime }: BallotMoment): OracleSet {
  if (ripe === null) return oraclesAt(network, unixTime);
  const { oracles, pendingOracles } = network;
  return pendingOracles?.set.generation === generation ? pendingOracles.set : oracles;
}

/** Each of the `ballotOracles` with its vote that counts; null where it has none. */
export function liveVotes(
  ballot: Ballot,
  moment: BallotMoment,
): readonly { readonly oracle: PublicKey; readonly vote: Vote | null }[] {
  const { generation, keys } = ballotOracles(ballot, moment);
  const votes = generation === ballot.generation ? ballot.votes : [];
  return keys.map((oracle, place) => ({ oracle, vote: votes[place] ?? null }));
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
