import fc from 'fast-check';
import { EPOCH_MS, EPOCHS, memberAt } from './network.ts';

/** What may be wrong with a beacon. */
export const BEACON_FLAWS = [
  'frequency',
  'payload',
  'signature',
  'old_entropy',
  'unlogged_entropy',
  'late_entropy',
  'unsent',
] as const;
/** What may be wrong with a witness report, apart from who sends it and when. */
export const WITNESS_FLAWS = ['frequency', 'strong', 'signature'] as const;
/** How somebody sends a report again: its bytes, its content signed again, changed, badly signed, or as one's own. */
export const REPEATS = ['copy', 'resigned', 'changed', 'forged', 'stolen'] as const;
export const JUNK = [
  'undecodable',
  'unknown_kind',
  'odd_entropy',
  'entropy_again',
  'foreign_session',
] as const;

export interface WitnessDeed {
  readonly who: number;
  /** Milliseconds after the beacon. */
  readonly lag: number;
  readonly log: number;
  readonly flaw: (typeof WITNESS_FLAWS)[number] | null;
  /** Signed by a session key, whose session_init stands in the log. */
  readonly session: boolean;
}

export type Deed =
  | {
      readonly kind: 'poc';
      /** Milliseconds after the start. */
      readonly at: number;
      readonly who: number;
      readonly log: number;
      readonly flaw: (typeof BEACON_FLAWS)[number] | null;
      readonly session: boolean;
      readonly witnesses: readonly WitnessDeed[];
    }
  | {
      readonly kind: 'again';
      /** Which of the reports before. */
      readonly of: number;
      readonly after: number;
      readonly log: number;
      readonly how: (typeof REPEATS)[number];
      readonly who: number;
    }
  | {
      readonly kind: 'junk';
      readonly at: number;
      readonly log: number;
      readonly what: (typeof JUNK)[number];
    };

/** What happens, and how the logs' clocks go. */
export interface History {
  readonly logs: readonly { readonly skew: number }[];
  /** Which log belongs to the machine of the grouping process. */
  readonly own: number;
  /** Stamps are multiples of so many milliseconds: large ones make many equal. */
  readonly tick: number;
  /** Whether somebody beacons in every epoch, so that none is empty. */
  readonly steady: boolean;
  /** First epoch of another policy. */
  readonly changedFrom: number | null;
  readonly deeds: readonly Deed[];
}

const SPAN_MS = EPOCHS * EPOCH_MS;

function orNull<Value>(values: readonly Value[], weight: number): fc.Arbitrary<Value | null> {
  return fc.oneof(
    { arbitrary: fc.constant(null), weight },
    { arbitrary: fc.constantFrom(...values), weight: 1 },
  );
}

/** Mostly those in range of each other. */
const who = fc.oneof({ arbitrary: fc.nat(6), weight: 3 }, { arbitrary: fc.nat(17), weight: 2 });
const log = fc.nat(2);
const at = fc.oneof(
  { arbitrary: fc.integer({ min: 1, max: SPAN_MS }), weight: 4 },
  {
    arbitrary: fc
      .tuple(fc.integer({ min: 0, max: EPOCHS - 1 }), fc.integer({ min: -11_000, max: 2000 }))
      .map(([epoch, offset]) => Math.max(1, epoch * EPOCH_MS + offset)),
    weight: 1,
  },
  {
    arbitrary: fc
      .tuple(fc.integer({ min: 1, max: EPOCHS }), fc.constantFrom(-1, 0, 1))
      .map(([epoch, offset]) => Math.min(SPAN_MS, epoch * EPOCH_MS + offset)),
    weight: 1,
  },
);
const lag = fc.oneof(
  { arbitrary: fc.integer({ min: 0, max: 1500 }), weight: 6 },
  { arbitrary: fc.integer({ min: -2000, max: 5500 }), weight: 3 },
  {
    arbitrary: fc.constantFrom(-181_000, -180_001, -180_000, 4000, 4001, 10_000, 10_001, 181_000, 181_001),
    weight: 1,
  },
  { arbitrary: fc.integer({ min: -190_000, max: 200_000 }), weight: 1 },
);

const witnessDeed: fc.Arbitrary<WitnessDeed> = fc.record({
  who,
  lag,
  log,
  flaw: orNull(WITNESS_FLAWS, 8),
  session: fc.nat(7).map((chance) => chance === 7),
});

const deed: fc.Arbitrary<Deed> = fc.oneof(
  {
    arbitrary: fc.record({
      kind: fc.constant('poc' as const),
      at,
      who,
      log,
      flaw: orNull(BEACON_FLAWS, 7),
      session: fc.nat(7).map((chance) => chance === 7),
      witnesses: fc.array(witnessDeed, { maxLength: 8 }),
    }),
    weight: 6,
  },
  {
    arbitrary: fc.record({
      kind: fc.constant('again' as const),
      of: fc.nat(200),
      after: fc.oneof(fc.nat(3000), fc.nat(15_000), fc.nat(370_000)),
      log,
      how: fc.constantFrom(...REPEATS),
      who,
    }),
    weight: 3,
  },
  {
    arbitrary: fc.record({ kind: fc.constant('junk' as const), at, log, what: fc.constantFrom(...JUNK) }),
    weight: 1,
  },
);

export const history: fc.Arbitrary<History> = fc.record({
  logs: fc.array(fc.record({ skew: fc.oneof(fc.constant(0), fc.integer({ min: -250, max: 250 })) }), {
    minLength: 1,
    maxLength: 3,
  }),
  own: fc.nat(2),
  tick: fc.constantFrom(1, 1, 100, 1000),
  steady: fc.boolean(),
  changedFrom: fc.constantFrom(null, null, 1, 2),
  deeds: fc.array(deed, { minLength: 1, maxLength: 12, size: 'max' }),
});

/** One line per deed, for whoever reads a counterexample. */
export function describeHistory({ logs, own, tick, steady, changedFrom, deeds }: History): string {
  const lines = deeds.map((each) => {
    switch (each.kind) {
      case 'poc': {
        const { name } = memberAt(each.who);
        const heard = each.witnesses.map(
          (witness) =>
            `${memberAt(witness.who).name} ${witness.lag} ms in ${witness.log}` +
            `${witness.flaw === null ? '' : ` ${witness.flaw}`}${witness.session ? ' session' : ''}`,
        );
        const flaw = `${each.flaw === null ? '' : ` ${each.flaw}`}${each.session ? ' session' : ''}`;
        return `${each.at} ms in ${each.log}: ${name} beacons${flaw}; heard by ${heard.join(', ') || 'nobody'}`;
      }
      case 'again':
        return `report ${each.of} again ${each.after} ms later in ${each.log}: ${each.how} by ${memberAt(each.who).name}`;
      case 'junk':
        return `${each.at} ms in ${each.log}: ${each.what}`;
    }
  });
  const clocks = logs.map(({ skew }) => skew).join(', ');
  return [
    `${logs.length} logs, skews ${clocks}, own ${own}, tick ${tick}, ${steady ? '' : 'not '}steady, policy changes ${changedFrom ?? 'never'}`,
    ...lines,
  ].join('\n');
}
