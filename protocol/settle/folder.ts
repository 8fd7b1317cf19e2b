import type { EpochFacts } from '../epoch.ts';
import type { SealedEvidence } from '../evidence/cut.ts';
import type { Policy } from '../policy.ts';
import type { Leaf, LeafKey } from './leaf.ts';
import type { RegistryTable } from './registry.ts';
import type { EpochState } from './state.ts';
import type { LeafProof, SettlementTree } from './tree.ts';
import type { Tuple } from './tuple.ts';

/** The public files of a computed epoch by name; docs/formats.md describes each. */
export type FolderFiles = ReadonlyMap<string, Uint8Array>;

/** A folder's contents, decoded and not yet compared with anything. */
export interface EpochFolder {
  readonly facts: EpochFacts;
  readonly parent: Tuple | null;
  readonly evidence: readonly SealedEvidence[];
  readonly registry: RegistryTable;
  readonly policy: Policy;
  readonly stateBefore: EpochState;
  readonly state: EpochState;
  readonly leaves: readonly Leaf[];
  readonly tree: SettlementTree;
  readonly tuple: Tuple;
}

export type { LeafKey, LeafProof };
