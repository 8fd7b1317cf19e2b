import type { Connection, Keypair, PublicKey } from '@solana/web3.js';
import { policyAt } from '#client';
import { computeEpoch, type EpochInput } from '#protocol/epoch';
import { folderFiles } from '#protocol/settle/folder';
import type { Tuple } from '#protocol/settle/tuple';
import type { EpochNumber, Hash } from '#protocol/units';
import type { VerifySignature } from '#protocol/verify/poc';
import { epochBounds, epochFacts } from '#services/runtime/chain-epoch';
import { holdsBeacon } from '#services/runtime/evidence-cut';
import { nativeHashes } from '#services/runtime/evidence/native-hash';
import type { Logger } from '#services/runtime/logger';
import type { Policies } from '#services/runtime/policies';
import type { ChainView } from './chain-view.ts';
import type { CheckedChain } from './checked-chain.ts';
import type { EntropyGuard } from './entropy-guard.ts';
import type { EpochStore } from './epoch-store.ts';
import type { EvidenceSource } from './evidence-source.ts';
import type { Parent } from './parent.ts';

export interface SettleOptions {
  readonly connection: Connection;
  /** What every RPC says, of which `connection` is the first. */
  readonly chain: CheckedChain;
  readonly network: PublicKey;
  readonly oracle: Keypair;
  readonly policyOf: Policies;
  readonly evidence: EvidenceSource;
  readonly entropies: EntropyGuard;
  readonly store: EpochStore;
  readonly verify: VerifySignature;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

export interface EpochOnParent {
  readonly view: ChainView;
  readonly parent: Parent;
  readonly epoch: EpochNumber;
  /** Where the epoch is final: the folder of any other tuple is not kept, because others read what is. */
  readonly final?: Hash;
}

/** Computes one epoch from the chain, the policy and the logs, and keeps its folder; null where the epoch is empty. */
export async function settleEpoch(options: SettleOptions, from: EpochOnParent): Promise<Tuple | null> {
  const input = await gatherInput(options, from);
  const result = input === null ? null : computeEpoch(input);
  if (input === null || result === null || result.kind === 'empty') return null;
  const { tuple, tupleHash } = result;
  const { epoch, parentTupleHash } = tuple;
  if (from.final !== undefined && from.final !== tupleHash) return tuple;
  await options.store.write({ epoch, tupleHash, parentTupleHash }, folderFiles(input, result));
  return tuple;
}

/** null where no log received a beacon in the epoch: then there is no need to read the registry. */
async function gatherInput(options: SettleOptions, from: EpochOnParent): Promise<EpochInput | null> {
  const { view, parent, epoch } = from;
  const { policy, denyFile } = await options.policyOf(policyAt(view.network, epoch).hash);
  const bounds = epochBounds(view.network, epoch);
  await options.evidence.sync(policy.logs);
  const evidence = await options.evidence.cut({ logs: policy.logs, epoch, bounds });
  if (!evidence.some((sealed) => holdsBeacon(sealed, bounds))) return null;
  await options.entropies.require(evidence, { number: epoch, isFinal: from.final !== undefined });
  const { voters, tuple, state } = parent;
  return {
    facts: epochFacts(view.network, epoch),
    parent: tuple,
    evidence,
    registry: await options.chain.registry({ view, epoch, voters }),
    policy,
    denyFile,
    state,
    verify: options.verify,
    hashes: nativeHashes,
  };
}
