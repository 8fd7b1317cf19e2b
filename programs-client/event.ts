import type { RawLocation } from '#protocol/settle/registry';
import type { Tuple } from '#protocol/settle/tuple';
import type { Amount, EpochNumber, Hash } from '#protocol/units';
import type { PublicKey } from '@solana/web3.js';
import type { FinalizedEpoch, OracleSet, PolicyPin } from './accounts/network.ts';
import type { MotionName } from './address.ts';
import { decodeEventFields } from './codec.ts';
import { DECODERS } from './event-decoders.ts';
import { fieldsOf } from './fields.ts';
import { dataOfProgram } from './program-logs.ts';

interface OfNetwork {
  readonly network: PublicKey;
}
/** `subject` is the account of the hotspot or payee, `destination` the token account that was paid. */
export interface Claimed extends OfNetwork {
  readonly subject: PublicKey;
  readonly destination: PublicKey;
  readonly amount: Amount;
  readonly cumulative: Amount;
}
export interface Attested {
  readonly oracle: PublicKey;
  readonly tuple: Tuple;
}
/** k oracles agree; the challenge delay runs since `since` (seconds). */
export interface Ripened extends OfNetwork {
  readonly epoch: EpochNumber;
  readonly tupleHash: Hash;
  readonly since: bigint;
}

export type CoverageEvent =
  | ({ readonly name: 'NetworkCreated'; readonly creator: PublicKey; readonly mint: PublicKey } & OfNetwork)
  | ({
      readonly name: 'HotspotRegistered';
      readonly hotspot: PublicKey;
      readonly keyType: number;
      /** Without its tag. */
      readonly keyBody: Uint8Array;
      readonly owner: PublicKey;
      readonly location: RawLocation;
    } & OfNetwork)
  | ({
      readonly name: 'LocationAsserted';
      readonly hotspot: PublicKey;
      readonly location: RawLocation;
      readonly fromEpoch: EpochNumber;
    } & OfNetwork)
  | ({ readonly name: 'PayeeCreated'; readonly payee: PublicKey; readonly address: PublicKey } & OfNetwork)
  | ({
      readonly name: 'MakerApproved';
      readonly maker: PublicKey;
      readonly key: PublicKey;
      readonly approved: boolean;
    } & OfNetwork)
  | ({
      readonly name: 'EndorsedRootSet';
      readonly maker: PublicKey;
      readonly root: Hash;
      readonly count: number;
    } & OfNetwork)
  | ({
      readonly name: 'HotspotEndorsed';
      readonly hotspot: PublicKey;
      readonly maker: PublicKey;
      readonly fromEpoch: EpochNumber;
    } & OfNetwork)
  | ({
      readonly name: 'DestinationSet';
      readonly hotspot: PublicKey;
      /** null: the owner. */
      readonly destination: PublicKey | null;
    } & OfNetwork)
  | ({
      readonly name: 'HotspotTransferred';
      readonly hotspot: PublicKey;
      readonly from: PublicKey;
      readonly to: PublicKey;
    } & OfNetwork)
  | ({
      readonly name: 'HotspotBonded';
      readonly hotspot: PublicKey;
      readonly amount: Amount;
      readonly fromEpoch: EpochNumber;
    } & OfNetwork)
  | ({
      readonly name: 'HotspotUnbonded';
      readonly hotspot: PublicKey;
      readonly amount: Amount;
      readonly fromEpoch: EpochNumber;
      /** Seconds. */
      readonly freeAt: bigint;
    } & OfNetwork)
  | ({
      readonly name: 'BondWithdrawn';
      readonly hotspot: PublicKey;
      readonly owner: PublicKey;
      readonly amount: Amount;
    } & OfNetwork)
  | ({
      readonly name: 'PolicyProposed';
      readonly policy: PolicyPin;
      readonly firstEpoch: EpochNumber;
    } & OfNetwork)
  | ({
      readonly name: 'OraclesProposed';
      readonly oracles: OracleSet;
      /** Seconds. */
      readonly from: bigint;
    } & OfNetwork)
  | ({ readonly name: 'OraclesApplied'; readonly generation: number } & OfNetwork)
  | ({
      readonly name: 'AuthorityProposed';
      /** null: nobody, what was pending is taken back. */
      readonly authority: PublicKey | null;
      /** Seconds. */
      readonly from: bigint;
    } & OfNetwork)
  | ({ readonly name: 'AuthorityAccepted'; readonly authority: PublicKey } & OfNetwork)
  | ({
      readonly name: 'GuardianSet';
      /** null: nobody. */
      readonly guardian: PublicKey | null;
      /** Seconds. */
      readonly from: bigint;
    } & OfNetwork)
  | ({ readonly name: 'Attested' } & Attested)
  | ({ readonly name: 'Ripened' } & Ripened)
  | ({
      readonly name: 'Vetoed';
      readonly epoch: EpochNumber;
      readonly tupleHash: Hash;
      readonly by: PublicKey;
      /** Votes, vetoes and what was ripe are gone. */
      readonly cleared: boolean;
    } & OfNetwork)
  | ({ readonly name: 'Finalized'; readonly latest: FinalizedEpoch } & OfNetwork)
  | ({ readonly name: 'Claimed' } & Claimed)
  | ({
      readonly name: 'MotionVoted';
      readonly motion: PublicKey;
      readonly oracle: PublicKey;
    } & MotionName)
  | ({
      readonly name: 'MotionApplied';
      readonly motion: PublicKey;
      /** Of the hotspot's bond. */
      readonly burned: Amount;
      readonly fromEpoch: EpochNumber;
    } & Omit<MotionName, 'nonce'>)
  | ({ readonly name: 'MotionClosed'; readonly motion: PublicKey; readonly openedBy: PublicKey } & OfNetwork)
  | ({
      readonly name: 'CreditsBought';
      readonly owner: PublicKey;
      readonly credits: bigint;
      /** Tokens. */
      readonly burned: Amount;
      readonly fromEpoch: EpochNumber;
    } & OfNetwork)
  | ({
      readonly name: 'CreditsAskedBack';
      readonly owner: PublicKey;
      readonly credits: bigint;
      readonly fromEpoch: EpochNumber;
    } & OfNetwork)
  | ({
      readonly name: 'CreditsSettled';
      readonly owner: PublicKey;
      readonly settledTotal: bigint;
      /** Credits that were paid by this; 0 where no withdrawal was due. */
      readonly withdrawn: bigint;
      /** Tokens for them. */
      readonly refunded: Amount;
    } & OfNetwork);

const isEventName = (name: string): name is CoverageEvent['name'] => name in DECODERS;

/** The program's events in a transaction's logs, in order. */
export function eventsOf(logs: readonly string[]): readonly CoverageEvent[] {
  return dataOfProgram(logs).flatMap((data) => {
    const event = decodeEventFields(data);
    if (event === null || !isEventName(event.name)) return [];
    return [DECODERS[event.name](fieldsOf(event.fields, event.name))];
  });
}

/** The tuples that oracles published, whole, in order. */
export function attestationsOf(logs: readonly string[]): readonly Attested[] {
  return eventsOf(logs).flatMap((event) => (event.name === 'Attested' ? [event] : []));
}
