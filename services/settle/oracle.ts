import type { Connection, Keypair, PublicKey } from '@solana/web3.js';
import { computeEpoch, type ComputedEpoch, type EpochInput } from '#protocol/epoch';
import type { Policy } from '#protocol/policy';
import { folderFiles } from '#protocol/settle/folder';
import { GENESIS_PARENT, type Tuple } from '#protocol/settle/tuple';
import { epochNumber, type EpochNumber, type Hash } from '#protocol/units';
import type { VerifySignature } from '#protocol/verify/poc';
import {
  epochBounds,
  epochFacts,
  lastEndedEpoch,
  nextOpenEpoch,
  policyInForce,
} from '#services/runtime/chain-epoch';
import type { Logger } from '#services/runtime/logger';
import { readChainView, readRegistryTable, type ChainView } from './chain-view.ts';
import type { EpochStore } from './epoch-store.ts';
import { holdsBeacon, type EvidenceSource } from './evidence-source.ts';
import type { Parent } from './parent.ts';

export interface OracleOptions {
  readonly connection: Connection;
  readonly network: PublicKey;
  readonly oracle: Keypair;
  /** The policy of this hash; throws Outage policy_unavailable where it is not at hand. */
  readonly policyOf: (hash: Hash) => Promise<Policy>;
  readonly evidence: EvidenceSource;
  readonly store: EpochStore;
  readonly verify: VerifySignature;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** An epoch that this oracle has computed on the parent that is final now. */
export interface Candidate {
  readonly parentTupleHash: Hash;
  readonly epoch: EpochNumber;
  readonly tuple: Tuple;
}

export interface Computation {
  readonly input: EpochInput;
  readonly result: ComputedEpoch;
}

/** The input of one epoch from the chain, the policy and the logs' public files; null where nothing in it can count. */
export async function gatherInput(
  options: OracleOptions,
  from: { readonly view: ChainView; readonly parent: Parent; readonly epoch: EpochNumber },
): Promise<EpochInput | null> {
  const { view, parent, epoch } = from;
  const { network } = view;
  const policy = await options.policyOf(policyInForce(network, epoch).hash);
  const bounds = epochBounds(network, epoch);
  await options.evidence.sync(policy.logs);
  const evidence = await options.evidence.cut({ logs: policy.logs, epoch, bounds });
  if (!evidence.some((sealed) => holdsBeacon(sealed, bounds))) return null;
  return {
    facts: epochFacts(network, epoch),
    parent: parent.tuple,
    evidence,
    registry: await readRegistryTable(options.connection, { view, epoch, voters: parent.voters }),
    policy,
    state: parent.state,
    verify: options.verify,
  };
}

/** Computes one epoch and keeps its folder; null where it is empty. */
export async function settleEpoch(
  options: OracleOptions,
  from: { readonly view: ChainView; readonly parent: Parent; readonly epoch: EpochNumber },
): Promise<Computation | null> {
  const input = await gatherInput(options, from);
  if (input === null) return null;
  const result = computeEpoch(input);
  if (result.kind === 'empty') return null;
  const { tuple, tupleHash } = result;
  await options.store.write(
    { epoch: tuple.epoch, tupleHash, parentTupleHash: tuple.parentTupleHash },
    folderFiles(result, input),
  );
  return { input, result };
}
