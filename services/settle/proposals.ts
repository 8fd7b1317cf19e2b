import type { Hash } from '#protocol/units';
import type { ChainView } from './chain-view.ts';

/** Tuples that others vote for, each with how many of them; `own` is the seat that is not counted. */
export function proposals(view: ChainView, own: number): ReadonlyMap<Hash, number> {
  const votes = new Map<Hash, number>();
  for (const [seat, vote] of view.ballot.votes.entries())
    if (vote !== null && seat !== own) votes.set(vote.tupleHash, (votes.get(vote.tupleHash) ?? 0) + 1);
  return votes;
}
