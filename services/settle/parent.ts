import { FILES, openFile } from '#protocol/settle/folder';
import { emptyState, openState, stateBytes, stateHash, type EpochState } from '#protocol/settle/state';
import { openTuple, tupleHash, type Tuple } from '#protocol/settle/tuple';
import type { FinalEpoch } from '#services/runtime/chain-history';
import type { Address } from '#protocol/units';
import type { EpochStore } from './epoch-store.ts';

/** What the next epoch is computed on. */
export interface Parent {
  /** null before the first finalized epoch. */
  readonly tuple: Tuple | null;
  readonly state: EpochState;
  /** Who voted for that epoch; they share the oracles' pool of the next one. */
  readonly voters: readonly Address[];
}

export const GENESIS: Parent = { tuple: null, state: emptyState(), voters: [] };

/**
 * A finalized epoch from our own folder, authenticated by its tuple hash on chain; null where our folder is missing,
 * damaged or of another tuple.
 */
export async function openParent(store: EpochStore, finalized: FinalEpoch): Promise<Parent | null> {
  const files = await store.read(finalized.epoch);
  if (files === null) return null;
  try {
    const tuple = openFile(files, FILES.tuple, openTuple);
    const state = openFile(files, FILES.state, openState);
    if (tupleHash(tuple) !== finalized.tupleHash || stateHash(stateBytes(state)) !== tuple.stateHash)
      return null;
    return { tuple, state, voters: votersOf(finalized) };
  } catch {
    return null;
  }
}

export function votersOf(finalized: FinalEpoch): readonly Address[] {
  return finalized.voters.map((key) => key.toBase58() as Address);
}
