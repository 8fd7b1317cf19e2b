import type { Connection, Keypair } from '@solana/web3.js';
import { attest, sendInstructions } from '#client';
import { tupleHash, type Tuple } from '#protocol/settle/tuple';
import type { Hash } from '#protocol/units';
import type { ChainView } from './chain-view.ts';

/** What the ballot says about a tuple that this oracle has computed. */
export type BallotView =
  /** k oracles agree with us: the challenge delay runs. */
  | { readonly kind: 'ripe' }
  /** Our vote stands; others are missing. */
  | { readonly kind: 'voted' }
  | { readonly kind: 'not_voted' }
  /** k oracles agree on something else: a vote of ours would not count. */
  | { readonly kind: 'other_ripe'; readonly tupleHash: Hash }
  /** Our key is not in the oracle set: we compute and compare, and say nothing on chain. */
  | { readonly kind: 'not_an_oracle' };

export function ballotView(
  view: ChainView,
  input: { readonly oracle: Keypair; readonly tuple: Tuple },
): BallotView {
  const { ballot, network } = view;
  const hash = tupleHash(input.tuple);
  if (ballot.ripe !== null)
    return ballot.ripe.tupleHash === hash
      ? { kind: 'ripe' }
      : { kind: 'other_ripe', tupleHash: ballot.ripe.tupleHash };
  const seat = network.oracles.keys.findIndex((key) => key.equals(input.oracle.publicKey));
  if (seat < 0) return { kind: 'not_an_oracle' };
  const counts = ballot.generation === network.oracles.generation && ballot.votes[seat]?.tupleHash === hash;
  return { kind: counts ? 'voted' : 'not_voted' };
}

/** Live votes of other oracles for the same epoch and another tuple. */
export function dissentingVotes(
  view: ChainView,
  tuple: Tuple,
): readonly { readonly oracle: string; readonly tupleHash: Hash }[] {
  const hash = tupleHash(tuple);
  return view.network.oracles.keys.flatMap((key, seat) => {
    const vote = view.ballot.votes[seat];
    if (!vote || vote.epoch !== tuple.epoch || vote.tupleHash === hash) return [];
    return [{ oracle: key.toBase58(), tupleHash: vote.tupleHash }];
  });
}

/** Publishes the vote; harmless when repeated. The oracle pays its own fee. */
export async function sendVote(
  connection: Connection,
  input: { readonly oracle: Keypair; readonly tuple: Tuple; readonly signal: AbortSignal },
): Promise<string> {
  const { oracle, tuple, signal } = input;
  const instructions = [attest({ oracle: oracle.publicKey, tuple })];
  const { signature } = await sendInstructions(connection, { instructions, payer: oracle, signal });
  return signature;
}
