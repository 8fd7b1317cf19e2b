import type { PublicKey } from '@solana/web3.js';
import { ballotOracles, liveVotes } from '#client';
import type { Hash } from '#protocol/units';
import type { ChainView } from './chain-view.ts';

/** What the others of the set that may vote now propose: tuples with how many votes each has, and how many make one ripe. */
export function proposals(
  view: ChainView,
  self: PublicKey,
): { readonly votes: ReadonlyMap<Hash, number>; readonly k: number } {
  const votes = new Map<Hash, number>();
  for (const { oracle, vote } of liveVotes(view.ballot, view))
    if (vote !== null && !oracle.equals(self))
      votes.set(vote.tupleHash, (votes.get(vote.tupleHash) ?? 0) + 1);
  return { votes, k: ballotOracles(view.ballot, view).k };
}
