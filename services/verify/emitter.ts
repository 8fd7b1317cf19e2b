import type { Windows } from '#protocol/policy';
import { millis, type Millis } from '#protocol/units';
import { judgedAt } from '#protocol/verify/grouper';
import type { PocGroup, PocState, VerifySignature } from '#protocol/verify/poc';
import { recentPocOf } from '#protocol/verify/recent-poc';
import { forgetEntropies, rememberEntropy } from '#protocol/verify/state';
import type { Metrics } from '../runtime/metrics.ts';
import { openBatcher } from './batcher.ts';
import type { Checker } from './checker.ts';
import { epochAt } from './epoch-at.ts';
import type { FactsInForce } from './facts-in-force.ts';
import type { Fold } from './fold.ts';
import type { MergedRecord } from './logs/merge.ts';
import { openTail, type TailPlace } from './tail.ts';

/** From records to jobs that are out: tail, batcher and checker; every step of fold comes from here, in order. */
export interface Emitter {
  readonly take: (record: MergedRecord, facts: FactsInForce) => void;
  readonly passed: (time: Millis, facts: FactsInForce) => void;
  /** Emits what has waited long enough. */
  readonly tick: () => void;
  /** Has fold say when everything before is judged. */
  readonly mark: () => void;
}

export function openEmitter(options: {
  /** Where an earlier process stopped: every log with its place. */
  readonly place: Pick<TailPlace, 'logs'> & { readonly time: Millis | null };
  /** Fold's, as it is at the start. */
  readonly state: PocState;
  readonly fold: Pick<Fold, 'push'>;
  readonly checker: Pick<Checker, 'check'>;
  readonly verify: VerifySignature;
  readonly windows: Windows;
  readonly now: () => number;
  readonly metrics: Metrics;
}): Emitter {
  const { place, state, fold, verify, windows, now, metrics } = options;
  const groups = metrics.counter('groups_total', 'Groups by how they ended', ['kind']);
  const skipped = metrics.counter('skipped_records_total', 'Records that cannot be judged');
  const late = metrics.counter('late_reports_total', 'Reports that came after their time had passed');
  const early = metrics.counter('early_groups_total', 'Groups from before the first epoch');
  // What the logs have shown so far; fold's own map is as far behind as its queue is long.
  const entropies = new Map(state.entropies);
  let facts: FactsInForce | null = null;
  let closedBy = millis(0);

  const batcher = openBatcher((batch, epoch) => {
    if (facts === null) return;
    // A copy of the entropies: by the time fold has to compute it itself, some may be forgotten.
    const task = { epoch, ...facts.of(epoch, batch), entropies: new Map(entropies), groups: batch };
    fold.push({ kind: 'checked', task, checked: options.checker.check(task), closed: closedBy });
  });
  const onGroup = (group: PocGroup, closed: Millis): void => {
    groups.inc({ kind: group.kind });
    const epoch = facts === null ? null : epochAt(judgedAt(group).receivedAt, facts.network);
    closedBy = closed;
    if (epoch !== null) {
      batcher.add(group, epoch, now());
      return;
    }
    early.inc();
    if (group.kind === 'poc') fold.push({ kind: 'unjudged', poc: recentPocOf(group, verify) });
  };
  const tail = openTail({
    logs: place.logs,
    until: place.time,
    recent: state.recent.values(),
    verify,
    windows,
    onGroup,
    onEntropy: (entropy) => {
      rememberEntropy(entropies, entropy);
      fold.push({ kind: 'entropy', entropy });
    },
    onSkipped: () => {
      skipped.inc();
    },
    onLate: () => {
      late.inc();
    },
  });
  return {
    take: (record, inForce) => {
      facts = inForce;
      tail.take(record);
    },
    passed: (time, inForce) => {
      facts = inForce;
      tail.passed(time);
    },
    tick: () => {
      batcher.tick(now());
    },
    mark: () => {
      batcher.flush();
      const reached = tail.place();
      forgetEntropies(entropies, { time: reached.time, windows });
      fold.push({ kind: 'mark', place: reached });
    },
  };
}
