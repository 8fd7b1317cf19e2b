import type { Connection, Keypair, PublicKey } from '@solana/web3.js';
import { policyAt } from '#client';
import { computeEpoch, type EpochInput, type EpochResult } from '#protocol/epoch';
import { FILES, folderFiles, openFile } from '#protocol/settle/folder';
import type { Policy } from '#protocol/policy';
import { openTuple, tupleHash as hashOf, type Tuple } from '#protocol/settle/tuple';
import type { EpochNumber, Hash } from '#protocol/units';
import type { VerifySignature } from '#protocol/verify/poc';
import { epochBounds, epochFacts, type EpochBounds } from '#services/runtime/chain-epoch';
import { holdsWhatCounts } from '#services/runtime/evidence-cut';
import { nativeHashes } from '#services/runtime/evidence/native-hash';
import type { Logger } from '#services/runtime/logger';
import { Outage } from '#services/runtime/outage';
import type { Policies } from '#services/runtime/policies';
import type { DisclosureSource } from './disclosures/disclosure-source.ts';
import { believedEpoch } from './disclosures/believed-epoch.ts';
import type { ChainView } from './chain-view.ts';
import type { CheckedChain } from './checked-chain.ts';
import { cutsOf, mostCuts, type ChosenCuts } from './chosen-cuts.ts';
import type { EntropyGuard } from './entropy-guard.ts';
import type { EpochStore } from './epoch-store.ts';
import type { EvidenceSource, LogCut } from './evidence-source.ts';
import type { Parent } from './parent.ts';

export interface SettleOptions {
  readonly connection: Connection;
  /** What every RPC says, of which `connection` is the first. */
  readonly chain: CheckedChain;
  readonly network: PublicKey;
  readonly oracle: Keypair;
  readonly policyOf: Policies;
  readonly evidence: EvidenceSource;
  readonly disclosures: DisclosureSource;
  /** Bases of other oracles' public files. */
  readonly peerUrls: readonly string[];
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
  /** The cuts on which it is computed, of others or of one's own before. */
  readonly proposed?: {
    readonly evidenceHash: Hash;
    /** The folder is kept only where this comes out; null: whatever comes out. */
    readonly tupleHash: Hash | null;
    /** What its evidence is refused for is only said then. */
    readonly isFinal: boolean;
  };
}

/** An epoch as this oracle computed it. */
export interface SettledEpoch {
  /** null: the epoch is empty. */
  readonly tuple: Tuple | null;
  /** Origins of logs that entered with size 0. */
  readonly leftOut: readonly string[];
  /** Whether packets were judged without their disclosures. */
  readonly lacksDisclosures: boolean;
  /** Whether no log could be left out yet when it was computed, or this oracle had computed the same before. */
  readonly inTime: boolean;
}

/** Computes one epoch from the chain, the policy and the logs, and keeps its folder. */
export async function settleEpoch(options: SettleOptions, from: EpochOnParent): Promise<SettledEpoch> {
  const { input, leftOut, isEarly, missing } = await gatherInput(options, from);
  const lacksDisclosures = missing > 0;
  const result = input === null ? null : await computed(options, { ...from, input });
  if (input === null || result === null || result.kind === 'empty')
    return { tuple: null, leftOut, lacksDisclosures, inTime: false };
  const { tuple, tupleHash } = result;
  const { epoch, parentTupleHash } = tuple;
  const inTime = leftOut.length === 0 && (isEarly || (await hasFolder(options.store, epoch, tupleHash)));
  const wanted = from.proposed?.tupleHash ?? tupleHash;
  if (wanted !== tupleHash) return { tuple, leftOut, lacksDisclosures, inTime };
  await options.store.write({ epoch, tupleHash, parentTupleHash }, folderFiles(input, result));
  return { tuple, leftOut, lacksDisclosures, inTime };
}

/** What is final was counted by k oracles with the disclosures that they had: where ours are others, theirs are believed. */
async function computed(
  options: SettleOptions,
  { input, proposed }: EpochOnParent & { readonly input: EpochInput },
): Promise<EpochResult> {
  const result = computeEpoch(input);
  const tupleHash = proposed?.isFinal === true ? proposed.tupleHash : null;
  if (tupleHash === null) return result;
  if (result.kind === 'computed' && result.tupleHash === tupleHash) return result;
  return (
    (await believedEpoch({ input, tupleHash, peers: options.peerUrls, logger: options.logger })) ?? result
  );
}

/** Whether this oracle has computed the same before: a process that starts again must not forget what it had. */
async function hasFolder(store: EpochStore, epoch: EpochNumber, hash: Hash): Promise<boolean> {
  const files = await store.read(epoch);
  try {
    return files !== null && hashOf(openFile(files, FILES.tuple, openTuple)) === hash;
  } catch {
    // Damaged on disk: as good as not there.
    return false;
  }
}

/** Seconds on the chain's clock from which on a log may be left out of an epoch. */
export function leaveOutFrom(policy: Policy, { end }: EpochBounds, times = 1): number {
  return end + Math.ceil((policy.grace_ms + times * policy.late_log_ms) / 1000);
}

/** The input is null where no log received a beacon or a packet in the epoch: then there is no need to read the registry. */
async function gatherInput(
  options: SettleOptions,
  from: EpochOnParent,
): Promise<{
  readonly input: EpochInput | null;
  readonly leftOut: readonly string[];
  /** No log could be left out yet. */
  readonly isEarly: boolean;
  /** Packets whose disclosures are missing. */
  readonly missing: number;
}> {
  const { view, parent, epoch } = from;
  const { policy, denyFile } = await options.policyOf(policyAt(view.network, epoch).hash);
  const bounds = epochBounds(view.network, epoch);
  const { evidence, leftOut } = await gatherEvidence(options, { ...from, policy, bounds });
  const isEarly = view.unixTime < leaveOutFrom(policy, bounds);
  if (!evidence.some((sealed) => holdsWhatCounts(sealed, bounds)))
    return { input: null, leftOut, isEarly, missing: 0 };
  const { disclosures, missing } = await options.disclosures.gather({ policy, epoch, bounds, evidence });
  if (missing > 0 && isEarly && from.proposed === undefined)
    throw new Outage('disclosures_late', { epoch, missing });
  const { voters, tuple, state } = parent;
  const input = {
    facts: epochFacts(view.network, epoch),
    parent: tuple,
    evidence,
    registry: await options.chain.registry({ view, epoch, voters }),
    policy,
    denyFile,
    state,
    packets: { kind: 'disclosed', disclosures } as const,
    verify: options.verify,
    hashes: nativeHashes,
  };
  return { input, leftOut, isEarly, missing };
}

async function gatherEvidence(
  options: SettleOptions,
  from: EpochOnParent & { readonly policy: Policy; readonly bounds: EpochBounds },
): Promise<ChosenCuts> {
  const { view, epoch, policy, bounds, proposed } = from;
  const leaveOut = view.unixTime >= leaveOutFrom(policy, bounds);
  // Before a log is left out, and for what others have settled, peers are asked as well.
  await options.evidence.sync(policy.logs, { everywhere: leaveOut || proposed !== undefined });
  const isFinal = proposed?.isFinal === true;
  const cuts: LogCut[] = [];
  for (const cut of await options.evidence.cuts({ policy, epoch, bounds, isFinal }))
    cuts.push(await withTrueEntropies(options, cut, { number: epoch, isFinal }));
  if (proposed === undefined) return mostCuts(cuts, { leaveOut });
  const chosen = cutsOf(cuts, proposed.evidenceHash);
  if (chosen === null) {
    const lacking = cuts.find(({ sealed }) => sealed === null);
    throw new Outage('evidence_unavailable', {
      epoch,
      evidenceHash: proposed.evidenceHash,
      origin: lacking?.origin ?? null,
      lacks: lacking?.lacks ?? null,
    });
  }
  return chosen;
}

/** A block that is yet to come may never come: whoever waits for it waits no longer than for a log. */
const OF_ITS_LOG: ReadonlySet<string> = new Set(['entropy_differs', 'chain_behind']);

/** A log that made entropies up chose who is heard: its cut does not count for this oracle. */
async function withTrueEntropies(
  options: SettleOptions,
  cut: LogCut,
  epoch: { readonly number: EpochNumber; readonly isFinal: boolean },
): Promise<LogCut> {
  if (cut.sealed === null) return cut;
  try {
    await options.entropies.require([cut.sealed], epoch);
    return cut;
  } catch (error) {
    if (!(error instanceof Outage) || !OF_ITS_LOG.has(error.code)) throw error;
    return { origin: cut.origin, sealed: null, lacks: error.message, refusal: error };
  }
}
