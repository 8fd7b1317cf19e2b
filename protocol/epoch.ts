import type { SealedEvidence } from './evidence/cut.ts';
import type { Policy } from './policy.ts';
import type { EpochRewards } from './reward/pools.ts';
import type { Leaf } from './settle/leaf.ts';
import type { RegistryTable } from './settle/registry.ts';
import type { EpochState } from './settle/state.ts';
import type { Tuple } from './settle/tuple.ts';
import type { Address, Amount, EpochNumber, Hash, HotspotKey } from './units.ts';
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

/** Everything that an epoch's result is a function of. */
export interface EpochInput {
  readonly facts: EpochFacts;
  /** The tuple of the latest finalized epoch; null before the first. `state` must have its state hash. */
  readonly parent: Tuple | null;
  /** One for every log of the policy; a log that is left out enters with size 0 (`withoutEvidence`). */
  readonly evidence: readonly SealedEvidence[];
  readonly registry: RegistryTable;
  readonly policy: Policy;
  readonly state: EpochState;
  readonly verify: VerifySignature;
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
  /** Reports received in the epoch whose signature is bad; public, attached to nothing. */
  readonly badlySigned: readonly ReportVerdict[];
  /** Every hotspot with shares, by key. */
  readonly payouts: readonly HotspotPayout[];
  readonly rewards: EpochRewards<HotspotKey>;
  /** Every hotspot and payee with a cumulative amount, in leaf order. */
  readonly leaves: readonly Leaf[];
  readonly state: EpochState;
  readonly tuple: Tuple;
  readonly tupleHash: Hash;
}

/** No beacon of a registered key and no packet: nothing is attested, the state stays as it was. */
export interface EmptyEpoch {
  readonly kind: 'empty';
  readonly state: EpochState;
}

export type EpochResult = ComputedEpoch | EmptyEpoch;
