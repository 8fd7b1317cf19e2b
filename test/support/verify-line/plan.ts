import fc from 'fast-check';

/** What may become of a job, or of its result, in a queue that is scratch. */
export const FATES = [
  'run',
  'run_twice',
  'lose_job',
  'lose_news',
  'lose_result',
  'fail',
  'answer_another',
] as const;
export type Fate = (typeof FATES)[number];

/** What happens around the grouping process; the steps are gone through again and again. */
export interface Plan {
  readonly steps: readonly Step[];
}

export interface Step {
  /** Records of all logs that are written until the next look. */
  readonly records: number;
  /** How much later than it has to a log publishes. */
  readonly lag: number;
  /** What the workers do before the next look: which of the waiting jobs they take, and how that ends. */
  readonly work: readonly { readonly job: number; readonly fate: Fate }[];
  /** Whether the read model takes what is there. */
  readonly deliver: boolean;
  /** The process dies; the next one starts from so many points back. */
  readonly restart: number | null;
  /** The queue of jobs loses all that it holds. */
  readonly loseJobs: boolean;
}

const step: fc.Arbitrary<Step> = fc.record({
  records: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 5, max: 40 })),
  lag: fc.nat(3000),
  work: fc.array(
    fc.record({
      job: fc.nat(5),
      fate: fc.oneof(
        { arbitrary: fc.constant('run' as const), weight: 1 },
        { arbitrary: fc.constantFrom(...FATES), weight: 6 },
      ),
    }),
    { maxLength: 4 },
  ),
  deliver: fc.boolean(),
  restart: fc.oneof(
    { arbitrary: fc.constant(null), weight: 4 },
    { arbitrary: fc.constantFrom(0, 0, 0, 1, 4), weight: 1 },
  ),
  loseJobs: fc.nat(9).map((chance) => chance === 9),
});

export const plan: fc.Arbitrary<Plan> = fc.record({
  steps: fc.array(step, { minLength: 1, maxLength: 12 }),
});
