import type { Connection, Keypair } from '@solana/web3.js';
import { attest, liveVotes, sendInstructions } from '#client';
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
  /** Our key is not in the set that may vote at the chain's time: we compute and compare, and say nothing on chain. */
  | { readonly kind: 'not_an_oracle' };

export function ballotView(
  view: ChainView,
  input: { readonly oracle: Keypair; readonly tuple: Tuple },
): BallotView {
  const { ballot } = view;
  const hash = tupleHash(input.tuple);
  if (ballot.ripe !== null)
    return ballot.ripe.tupleHash === hash
      ? { kind: 'ripe' }
      : { kind: 'other_ripe', tupleHash: ballot.ripe.tupleHash };
  const seat = liveVotes(ballot, view).find(({ oracle }) => oracle.equals(input.oracle.publicKey));
  if (seat === undefined) return { kind: 'not_an_oracle' };
  return { kind: seat.vote?.tupleHash === hash ? 'voted' : 'not_voted' };
}

/** Live votes of other oracles for the same epoch and another tuple. */
export function dissentingVotes(
  view: ChainView,
  tuple: Tuple,
): readonly { readonly oracle: string; readonly tupleHash: Hash }[] {
  const hash = tupleHash(tuple);
  return liveVotes(view.ballot, view).flatMap(({ oracle, vote }) => {
    if (vote === null || vote.epoch !== tuple.epoch || vote.tupleHash === hash) return [];
    return [{ oracle: oracle.toBase58(), tupleHash: vote.tupleHash }];
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
