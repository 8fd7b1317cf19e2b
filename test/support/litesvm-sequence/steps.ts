import fc from 'fast-check';
import type { MotionKind } from '#client';
import { POLICY_HASH } from '../litesvm-network.ts';
import { claimants } from './actors.ts';
import { priceOf } from './credits-model.ts';
import type { HotspotAttempt } from './hotspot-model.ts';
import type { Attempt } from './network-model.ts';

/** A step as it is drawn; what it means depends on what happened before. */
export type Step =
  | { readonly type: 'wait'; readonly seconds: number }
  | { readonly type: 'settle'; readonly skip: number; readonly growth: number }
  /** By the oracle at a place of the set that may vote, 3: by a stranger or the fourth. */
  | { readonly type: 'attest'; readonly oracle: number; readonly epoch: number; readonly draft: number }
  | { readonly type: 'finalize'; readonly back: number }
  | {
      readonly type: 'claim';
      readonly claimant: number;
      readonly back: number;
      readonly more: number;
    }
  | { readonly type: 'replay'; readonly back: number }
  | {
      readonly type: 'propose';
      readonly stranger: boolean;
      readonly policy: number;
      readonly ahead: number;
    }
  | { readonly type: 'approve'; readonly stranger: boolean; readonly approved: boolean }
  /** A set (run.ts, SETS) is proposed, and perhaps applied when it votes. */
  | { readonly type: 'rotate'; readonly stranger: boolean; readonly set: number; readonly waits: boolean }
  /** The authority offers its place, or takes that back; who is meant accepts, perhaps too early. */
  | {
      readonly type: 'hand over';
      readonly stranger: boolean;
      readonly to: number | null;
      readonly waits: boolean;
    }
  | { readonly type: 'set guardian'; readonly stranger: boolean; readonly guardian: number | null }
  /** The next epoch ripens, some veto, and somebody wants to finalize; a veto may name another tuple. */
  | {
      readonly type: 'contest';
      readonly vetoers: readonly Vetoer[];
      readonly missed: boolean;
      readonly growth: number;
    }
  /** Votes of some oracles for one motion. */
  | {
      readonly type: 'vote';
      readonly oracles: readonly number[];
      readonly hotspot: number;
      /** null: what the hotspot's status lets. */
      readonly kind: MotionKind | null;
      /** Off the nonce that is due. */
      readonly off: number;
      readonly evidence: number;
      readonly andApply: boolean;
    }
  | { readonly type: 'apply'; readonly back: number }
  /** Perhaps after it has lapsed; by whom it was opened but where `opener` says another oracle. */
  | {
      readonly type: 'close';
      readonly back: number;
      readonly opener: number | null;
      readonly waits: boolean;
    }
  /** Perhaps of a hotspot with a bond that was asked back, when that is free. */
  | { readonly type: 'withdraw'; readonly hotspot: number; readonly waits: boolean }
  /** The owner bonds what is not bonded, and asks back what is. */
  | { readonly type: 'turn bond'; readonly hotspot: number }
  /** By the owner but where `stranger`. */
  | {
      readonly type: 'own';
      readonly stranger: boolean;
      readonly attempt: OwnerAttempt;
    }
  /** An owner buys what is about this many thousandths of its tokens, perhaps with too low a maximum. */
  | { readonly type: 'buy'; readonly owner: number; readonly share: number; readonly short: boolean }
  /** It asks back thousandths of what it has in force, perhaps more than that. */
  | { readonly type: 'ask back'; readonly owner: number; readonly share: number }
  | { readonly type: 'use'; readonly owner: number; readonly back: number }
  | { readonly type: 'attempt'; readonly attempt: Attempt };

/** A place in the set that may vote, or another. */
export type Vetoer = number | 'guardian' | 'stranger';

/** What an owner tries, before it is known who that is. */
type OwnerAttempt = HotspotAttempt extends infer One
  ? One extends { readonly type: 'assert' | 'set destination' | 'transfer' | 'bond' | 'unbond' }
    ? Omit<One, 'owner'>
    : never
  : never;

const small = (max: number): fc.Arbitrary<number> => fc.integer({ min: 0, max });
const rarely = fc.constantFrom(0, 0, 0, 0, 0, 1);
const is = <Name extends string>(name: Name): fc.Arbitrary<Name> => fc.constant(name);
const isSeldom = fc.constantFrom(false, false, false, false, false, true);
const waits = fc.constantFrom(true, true, false);
const hotspot = small(2);

const own: fc.Arbitrary<OwnerAttempt> = fc.oneof(
  fc.record({ type: is('assert'), hotspot, gain: small(160) }),
  fc.record({ type: is('set destination'), hotspot, destination: fc.option(small(1)) }),
  fc.record({ type: is('transfer'), hotspot, to: small(1) }),
  fc.record({ type: fc.constantFrom('bond' as const, 'unbond'), hotspot }),
);

const anyone: fc.Arbitrary<Attempt> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ type: is('register'), hotspot, owner: small(1), boundTo: small(1) }) },
  fc.record({ type: is('endorse'), hotspot }),
  fc.record({ type: is('create payee'), payee: small(1) }),
);

const vote: fc.Arbitrary<Step> = fc.record({
  type: is('vote'),
  oracles: fc.constantFrom([0, 1], [2, 1], [2, 0, 1], [1], [0, 3]),
  hotspot,
  kind: fc.constantFrom<MotionKind | null>(null, null, null, 'quarantine', 'release'),
  off: fc.constantFrom(0, 0, 0, 0, 1, -1),
  evidence: small(1),
  andApply: fc.constantFrom(true, true, false),
});

export const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 2,
      arbitrary: fc.record({
        type: is('wait'),
        seconds: fc.oneof(small(70), fc.integer({ min: 71, max: 400 })),
      }),
    },
    { weight: 6, arbitrary: fc.record({ type: is('settle'), skip: rarely, growth: small(1_000) }) },
    {
      weight: 4,
      arbitrary: fc.record({
        type: is('attest'),
        oracle: small(3),
        epoch: fc.integer({ min: -1, max: 1 }),
        draft: fc.constantFrom(0, 0, 0, 1, 2, 3, 4, 5, 6),
      }),
    },
    { weight: 2, arbitrary: fc.record({ type: is('finalize'), back: small(3) }) },
    {
      weight: 6,
      arbitrary: fc.record({
        type: is('claim'),
        claimant: small(claimants.length - 1),
        back: rarely,
        more: fc.constantFrom(0, 0, 0, 0, 1, -1),
      }),
    },
    { weight: 2, arbitrary: fc.record({ type: is('replay'), back: small(5) }) },
    {
      weight: 1,
      arbitrary: fc.record({ type: is('propose'), stranger: isSeldom, policy: small(2), ahead: small(4) }),
    },
    { weight: 1, arbitrary: fc.record({ type: is('approve'), stranger: isSeldom, approved: fc.boolean() }) },
    { weight: 3, arbitrary: fc.record({ type: is('rotate'), stranger: isSeldom, set: small(5), waits }) },
    {
      weight: 1,
      arbitrary: fc.record({ type: is('hand over'), stranger: isSeldom, to: fc.option(small(7)), waits }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        type: is('set guardian'),
        stranger: isSeldom,
        guardian: fc.option(fc.constantFrom(1, 5, 7)),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        type: is('contest'),
        vetoers: fc.array(fc.constantFrom<Vetoer[]>(0, 1, 2, 'guardian', 'stranger'), { maxLength: 4 }),
        missed: isSeldom,
        growth: small(1_000),
      }),
    },
    { weight: 7, arbitrary: vote },
    { weight: 8, arbitrary: fc.record({ type: is('turn bond'), hotspot }) },
    { weight: 5, arbitrary: fc.record({ type: is('withdraw'), hotspot, waits: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ type: is('apply'), back: small(2) }) },
    {
      weight: 5,
      arbitrary: fc.record({ type: is('close'), back: small(1), opener: rarelyOther(), waits: fc.boolean() }),
    },
    {
      weight: 7,
      arbitrary: fc.record({ type: is('buy'), owner: small(1), share: small(600), short: isSeldom }),
    },
    {
      weight: 5,
      arbitrary: fc.record({
        type: is('ask back'),
        owner: small(1),
        share: fc.oneof({ weight: 3, arbitrary: fc.constant(1_000) }, small(1_001)),
      }),
    },
    { weight: 8, arbitrary: fc.record({ type: is('use'), owner: small(1), back: rarely }) },
    {
      weight: 6,
      arbitrary: fc.record({
        type: is('own'),
        stranger: isSeldom,
        attempt: own,
      }),
    },
    { weight: 6, arbitrary: fc.record({ type: is('attempt'), attempt: anyone }) },
  ),
  { minLength: 30, maxLength: 60 },
);

function rarelyOther(): fc.Arbitrary<number | null> {
  return fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, small(2));
}

export const schedules = fc.record({
  baseEmission: fc.oneof(
    { weight: 1, arbitrary: fc.constant(0n) },
    { weight: 9, arbitrary: fc.integer({ min: 1, max: 1_000_000 }).map(BigInt) },
  ),
  halvingPeriodEpochs: small(3),
  holdbackEpochs: small(2),
  bond: fc.constantFrom(0n, 1n, 1n, 1_000n, 1_000n),
  timelockS: fc.constantFrom(0, 10, 70),
  guardianVetoes: small(2),
  creditPrice: fc.constant(priceOf(POLICY_HASH)),
});
