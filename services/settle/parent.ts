import type { Network } from '#client';
import { openFolder } from '#protocol/settle/folder';
import { emptyState, stateBytes, stateHash, type EpochState } from '#protocol/settle/state';
import { tupleHash, type Tuple } from '#protocol/settle/tuple';
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
 * The latest finalized epoch from our own folder, authenticated by its tuple hash on chain; null where our folder
 * is missing, damaged or of another tuple.
 */
export async function ownParent(network: Network, store: EpochStore): Promise<Parent | null> {
  const { latest } = network;
  if (latest === null) return GENESIS;
  const files = await store.read(latest.epoch);
  if (files === null) return null;
  try {
    const { tuple, state } = openFolder(files);
    if (tupleHash(tuple) !== latest.tupleHash || stateHash(stateBytes(state)) !== tuple.stateHash)
      return null;
    return { tuple, state, voters: latest.voters.map((key) => key.toBase58() as Address) };
  } catch {
    return null;
  }
}
