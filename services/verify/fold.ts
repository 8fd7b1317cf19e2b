import { advance } from '#protocol/verify/advance';
import type { CheckedPoc } from '#protocol/verify/checked-poc';
import type { Windows } from '#protocol/policy';
import type { Millis } from '#protocol/units';
import type { EntropyFact, PocState, RecentPoc } from '#protocol/verify/poc';
import { forgetEntropies, rememberEntropy } from '#protocol/verify/state';
import type { ProvisionalVerdict } from '../runtime/jobs.ts';
import type { CheckTask } from './check-job.ts';
import type { TailPlace } from './tail.ts';

/** What fold applies, strictly in the order in which it was emitted. */
type Step =
  | {
      readonly kind: 'checked';
      readonly task: CheckTask;
      readonly checked: Promise<readonly CheckedPoc[]>;
      /** Log time at which the last of its groups closed. */
      readonly closed: Millis;
    }
  | { readonly kind: 'entropy'; readonly entropy: EntropyFact }
  /** From before the first epoch: nothing but its identity counts. */
  | { readonly kind: 'unjudged'; readonly poc: RecentPoc }
  | { readonly kind: 'mark'; readonly place: TailPlace };

/** Moves one state by one beacon at a time; knows no clock and no queue. */
export interface Fold {
  push(step: Step): void;
  /** Jobs whose results are not applied yet. */
  readonly waiting: () => number;
  /** When the oldest of them closed; null: none is waiting. */
  readonly oldest: () => Millis | null;
  /** Applies steps until the signal is aborted. */
  run(signal: AbortSignal): Promise<void>;
}

export function openFold(options: {
  readonly state: PocState;
  readonly windows: Windows;
  readonly onVerdict: (verdict: ProvisionalVerdict) => void;
  /** The state as it is at a mark; the next step waits until it is written. */
  readonly onMark: (place: TailPlace, state: PocState) => Promise<void>;
}): Fold {
  const { state, onVerdict } = options;
  const steps: Step[] = [];
  let wake: () => void = () => undefined;

  const apply = async (step: Step): Promise<void> => {
    switch (step.kind) {
      case 'entropy':
        rememberEntropy(state.entropies, step.entropy);
        return;
      case 'unjudged':
        state.recent.set(step.poc.payload, step.poc);
        return;
      case 'mark':
        forgetEntropies(state.entropies, { time: step.place.time, windows: options.windows });
        await options.onMark(step.place, state);
        return;
      case 'checked': {
        const { epoch, policy } = step.task;
        for (const checked of await step.checked)
          onVerdict({ epoch: epoch.toString(), verdict: advance({ state, checked, policy, epoch }) });
      }
    }
  };
  return {
    push: (step) => {
      // Of marks that nothing stands between the last one serves; so a stalled fold gathers none.
      if (step.kind === 'mark' && steps.length > 1 && steps.at(-1)?.kind === 'mark') steps.pop();
      steps.push(step);
      wake();
    },
    waiting: () => steps.filter((step) => step.kind === 'checked').length,
    oldest: () => steps.find((step) => step.kind === 'checked')?.closed ?? null,
    run: async (signal) => {
      let stop: () => void = () => undefined;
      signal.addEventListener('abort', () => {
        stop();
      });
      // Not Promise.race with one promise for the abort: that one would keep every result for as long as it is pending.
      const orAborted = (promise: Promise<unknown>): Promise<'done' | 'aborted'> =>
        new Promise((resolve, reject) => {
          stop = () => {
            resolve('aborted');
          };
          promise.then(() => {
            resolve('done');
          }, reject);
        });
      while (!signal.aborted) {
        const [step] = steps;
        if (step === undefined) {
          await orAborted(new Promise<void>((resolve) => (wake = resolve)));
          continue;
        }
        if (step.kind === 'checked' && (await orAborted(step.checked)) === 'aborted') return;
        if ((await orAborted(apply(step))) === 'aborted') return;
        steps.shift();
      }
    },
  };
}
