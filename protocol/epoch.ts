import type { Sha256Hex } from './crypto/sha256-hex.ts';
import { requireDenyFile } from './deny/deny-file.ts';
import { denyListOf, NOBODY_DENIED, type DenyList } from './deny/deny-list.ts';
import { ProtocolError } from './errors.ts';
import type { SealedEvidence } from './evidence/cut.ts';
import type { TreeHashes } from './evidence/merkle.ts';
import { REGION_TABLE_HASH } from './geo/regions.ts';
import type { Policy } from './policy.ts';
import { densityScales } from './reward/density.ts';
import type { EpochRewards } from './reward/pools.ts';
import { pocShares } from './reward/shares.ts';
import { cutOf, evidenceHash } from './settle/bytes/hashes.ts';
import { advanceAccounts } from './settle/epoch/accounts.ts';
import { creditsTree, type CreditsLeaf } from './settle/credits/credits-tree.ts';
import {
  creditsLeaves,
  judgePackets,
  NOTHING_DISCLOSED,
  type JudgedPacket,
  type PacketEvidence,
} from './settle/credits/judge-packets.ts';
import { activeCells, judgeEpoch } from './settle/epoch/judge-epoch.ts';
import { openEpochEvidence } from './settle/epoch/open-evidence.ts';
import { payOut } from './settle/epoch/payouts.ts';
import type { Leaf } from './settle/leaf.ts';
import { mergeEvidence } from './settle/logged-reports.ts';
import { policyHash } from './settle/policy-codec.ts';
import { registryBytes, registryHash, type RegistryTable } from './settle/registry.ts';
import { emptyState, stateBytes, stateHash, type EpochState } from './settle/state.ts';
import { settlementTree } from './settle/tree.ts';
import { GENESIS_PARENT, tupleHash, type Tuple } from './settle/tuple.ts';
import { amount, type Address, type Amount, type EpochNumber, type Hash, type HotspotKey } from './units.ts';
import type { PocVerdict, ReportVerdict, VerifySignature } from './verify/poc.ts';

/** What the chain says about an epoch; the epoch folder repeats it, an auditor compares it with the Network account. */
export interface EpochFacts {
  readonly network: Address;
  readonly epoch: EpochNumber;
  /** Seconds since the Unix epoch: start < received <= end. */
  readonly start: number;
  readonly end: number;
  /** By the chain's schedule (reward/emission.ts). */
  readonly emission: Amount;
  readonly holdback: number;
  /** USD per token, 8 decimals. */
  readonly creditPrice: bigint;
  readonly operations: Address;
}

/** SHA-256 in the ways in which an epoch needs it. */
export interface EpochHashes extends TreeHashes {
  readonly sha256Hex: Sha256Hex;
}

/** Everything that an epoch's result is a function of. */
export interface EpochInput {
  readonly facts: EpochFacts;
  /** The tuple of the latest finalized epoch; null before the first. `state` must have its state hash. */
  readonly parent: Tuple | null;
  /** One for every log of the policy; a log that is left out enters with size 0 (`withoutEvidence`). */
  readonly evidence: readonly SealedEvidence[];
  readonly registry: RegistryTable;
  readonly policy: Policy;
  /** The signed list that the policy names (deny/deny-file.ts); null where it names none. */
  readonly denyFile: Uint8Array | null;
  readonly state: EpochState;
  /** What its packets are judged by; by default nothing is disclosed. */
  readonly packets?: PacketEvidence | undefined;
  readonly verify: VerifySignature;
  /** SHA-256 by any other code, for speed: the result is the same. */
  readonly hashes?: EpochHashes | undefined;
}

/** A hotspot's part in an epoch; shares are scaled by 10^8, the scale by 10^4 (null without an active place). */
export interface HotspotPayout {
  readonly key: HotspotKey;
  readonly open: boolean;
  readonly scale: bigint | null;
  readonly shares: { readonly beacon: bigint; readonly witness: bigint; readonly credits: bigint };
  readonly amounts: { readonly beacon: Amount; readonly witness: Amount; readonly data: Amount };
}

export interface ComputedEpoch {
  readonly kind: 'computed';
  /** In the order of judgement. */
  readonly verdicts: readonly PocVerdict[];
  /** Reports received in the epoch whose signature is bad and that came with no PoC of it; attached to nothing. */
  readonly badlySigned: readonly ReportVerdict[];
  /** Reports whose bytes could not be decoded, and records of kinds that this version does not know. */
  readonly undecodable: number;
  readonly unknownRecords: number;
  /** Every hotspot with shares, by key. */
  readonly payouts: readonly HotspotPayout[];
  readonly rewards: EpochRewards<HotspotKey>;
  /** Every hotspot and payee with a cumulative amount, in leaf order. */
  readonly leaves: readonly Leaf[];
  /** Every packet record of the epoch, in the order of judgement. */
  readonly packets: readonly JudgedPacket[];
  /** The credits tree's leaves, by owner. */
  readonly credits: readonly CreditsLeaf[];
  readonly state: EpochState;
  readonly tuple: Tuple;
  readonly tupleHash: Hash;
}

/** No beacon of a registered key and no packet that counts: nothing is attested, the state stays as it was. */
export interface EmptyEpoch {
  readonly kind: 'empty';
  readonly state: EpochState;
}

export type EpochResult = ComputedEpoch | EmptyEpoch;

/**
 * Computes an epoch from evidence, registry, policy and state alone, exactly (poc.md 5, chain.md, evidence.md). Throws
 * policy_mismatch, state_mismatch, evidence_mismatch, malformed_record, malformed_credits, amount_out_of_range or what a deny
 * list is refused by.
 */
export function computeEpoch(input: EpochInput): EpochResult {
  const { facts, policy, registry, verify } = input;
  requirePolicy(input);
  const deny = requireDenyList(input);
  const parentTupleHash = requireParent(input);
  const logs = openEpochEvidence(input);
  const merged = mergeEvidence(logs, verify);
  const judged = judgeEpoch({
    facts,
    policy,
    deny,
    registry: registry.hotspots,
    state: input.state.poc,
    reports: merged.reports,
    entropies: merged.entropies,
    verify,
    sha256Hex: input.hashes?.sha256Hex,
  });
  const packets = judgePackets({
    ...input,
    logs,
    evidence: input.packets ?? NOTHING_DISCLOSED,
    sha256Hex: input.hashes?.sha256Hex,
  });
  if (!judged.hasBeacon && !packets.hasCounted) return { kind: 'empty', state: input.state };

  const { verdicts, badlySigned, state: poc } = judged;
  const active = { state: poc, registry: registry.hotspots, end: facts.end, windows: policy.windows };
  const scales = densityScales(activeCells(active), policy.density);
  const shares = pocShares({ verdicts, registry: registry.hotspots, scales, policy });
  const { payouts, rewards, earned } = payOut({ epoch: input, shares, credits: packets.credits, scales });
  if (rewards.minted > facts.emission)
    throw new ProtocolError('amount_out_of_range', { minted: rewards.minted, emission: facts.emission });
  const { epoch, holdback } = facts;
  const accounts = advanceAccounts({ accounts: input.state, epoch, holdback, earned, deny });
  const state: EpochState = { ...accounts, poc, settledCredits: packets.settled };
  const leaves = [...state.cumulative].map(([key, cumulative]): Leaf => ({ key, cumulative }));
  const tree = settlementTree({ network: facts.network, leaves, hashes: input.hashes });
  const credits = creditsTree({
    network: facts.network,
    leaves: creditsLeaves({ registry, settled: packets.settled }),
    hashes: input.hashes,
  });
  const tuple: Tuple = {
    network: facts.network,
    epoch,
    parentTupleHash,
    root: tree.root,
    leafCount: tree.leaves.length,
    cumulativeTotal: amount(tree.total),
    creditsRoot: credits.root,
    creditsCount: credits.leaves.length,
    evidenceHash: evidenceHash(input.evidence.map(cutOf)),
    registryHash: registryHash(registryBytes(registry)),
    policyHash: policyHash(policy),
    stateHash: stateHash(stateBytes(state)),
  };
  return {
    kind: 'computed',
    verdicts,
    badlySigned,
    undecodable: merged.undecodable.length,
    unknownRecords: logs.reduce((sum, log) => sum + log.unknown, 0),
    payouts,
    rewards,
    leaves: tree.leaves,
    packets: packets.packets,
    credits: credits.leaves,
    state,
    tuple,
    tupleHash: tupleHash(tuple),
  };
}

/** Credit price and holdback stand on chain and in the policy; its regions are those that this version ships. */
function requirePolicy({ facts, policy }: EpochInput): void {
  const pairs = [
    { field: 'credit_price', policy: policy.credit_price, chain: facts.creditPrice.toString() },
    { field: 'holdback', policy: policy.holdback, chain: facts.holdback },
    { field: 'regions', policy: policy.regions, here: REGION_TABLE_HASH },
  ];
  const different = pairs.find((pair) => pair.policy !== (pair.chain ?? pair.here));
  if (different !== undefined) throw new ProtocolError('policy_mismatch', different);
}

function requireDenyList({ policy, denyFile, verify }: EpochInput): DenyList {
  const file = requireDenyFile({ policy, bytes: denyFile, verify });
  return file === null ? NOBODY_DENIED : denyListOf(file);
}

/** The parent's hash, once the state is known to be the one that it left. */
function requireParent({ facts, parent, state }: EpochInput): Hash {
  const found = stateHash(stateBytes(state));
  const expected = parent === null ? stateHash(stateBytes(emptyState())) : parent.stateHash;
  if (found !== expected) throw new ProtocolError('state_mismatch', { field: 'state', found, expected });
  if (parent === null) return GENESIS_PARENT;
  if (parent.network !== facts.network || parent.epoch >= facts.epoch)
    throw new ProtocolError('state_mismatch', {
      field: 'parent',
      found: `${parent.network} ${parent.epoch}`,
      expected: `an epoch of ${facts.network} before ${facts.epoch}`,
    });
  return tupleHash(parent);
}
