import { setTimeout as sleep } from 'node:timers/promises';
import type { Policy } from '#protocol/policy';
import { millis, type EpochNumber, type Millis } from '#protocol/units';
import { judgedAt } from '#protocol/verify/grouper';
import type { PocGroup, PocState, VerifySignature } from '#protocol/verify/poc';
import { recentPocOf } from '#protocol/verify/recent-poc';
import { emptyPocState, forgetEntropies, rememberEntropy } from '#protocol/verify/state';
import type { Backlog } from '../runtime/backlog-file.ts';
import type { Metrics } from '../runtime/metrics.ts';
import type { Policies, PolicyAtHand } from '../runtime/policies.ts';
import { policyHashAt, type RegistryFile, type RegistryReader } from '../runtime/registry-file.ts';
import { openBatcher } from './batcher.ts';
import type { Checker } from './checker.ts';
import { epochAt } from './epoch-at.ts';
import type { FoldPoint } from './fold-file.ts';
import { openFold, type Fold } from './fold.ts';
import type { LogFeed } from './logs/log-feed.ts';
import { mergeLogs } from './logs/merge.ts';
import type { Outbox } from './outbox.ts';
import { openRegistryFacts } from './registry-facts.ts';
import { openTail, type Tail } from './tail.ts';

export interface GroupContext {
  /** One of every log of the policy, each from where the point has it. */
  readonly feeds: readonly LogFeed[];
  readonly registry: RegistryReader;
  /** In force at the start: its logs and windows hold until the end of the process. */
  readonly policy: Policy;
  /** Each epoch is judged under its own. */
  readonly policyOf: Policies;
  readonly checker: Pick<Checker, 'check'>;
  readonly outbox: Outbox;
  readonly verify: VerifySignature;
  /** Where an earlier process stopped. */
  readonly point: FoldPoint | null;
  readonly savePoint: (point: FoldPoint) => Promise<void>;
  readonly now: () => number;
  readonly metrics: Metrics;
}

export interface Group {
  /** Tails the logs, emits jobs and folds their results until the signal is aborted. */
  run(signal: AbortSignal): Promise<void>;
  /** Takes what the feeds hold and emits jobs, once; false where nothing more was at hand. */
  turn(): Promise<boolean>;
  readonly fold: Pick<Fold, 'run' | 'waiting'>;
  backlog(): Backlog;
  /** Origins of the logs that are not waited for. */
  leftOut(): readonly string[];
}

const TURN_RECORDS = 500;
const PAUSE_MS = 25;
const POINT_MS = 2000;
/** Jobs, and batches of verdicts, that may be out before the tail waits: what memory can hold at most. */
const MAX_JOBS = 32;
const MAX_UNSENT = 64;
const LATE_MS = 60_000;

export function openGroup(context: GroupContext): Group {
  const { feeds, outbox, metrics, now, point } = context;
  const { windows } = context.policy;
  const merge = mergeLogs(feeds);
  const state = point?.state ?? emptyPocState();
  const leftOut = metrics.gauge('logs_left_out', 'Logs that stand still and are not waited for');
  let file: RegistryFile | null = null;
  let inForce: PolicyAt | null = null;
  let marked = now();
  let caughtUp = false;

  const fold = openFold({
    state,
    windows,
    onVerdict: reporter(context),
    // What is in a point is not judged again: it is written once the verdicts before it are out of hand.
    onMark: async (place, reached) => {
      if (await outbox.handedOn()) await context.savePoint({ ...place, state: reached });
    },
  });
  const { tail, tick, flush, entropies } = openEmitter({
    context,
    state,
    fold,
    file: () => file,
    inForce: () => inForce,
  });

  const mark = (): void => {
    flush();
    const place = tail.place();
    forgetEntropies(entropies, { time: place.time, windows });
    fold.push({ kind: 'mark', place });
    marked = now();
  };
  const turn = async (): Promise<boolean> => {
    const read = await context.registry.read();
    if (read === null) return false;
    if (read !== file) inForce = await policiesOf(read.network, context.policyOf);
    file = read;
    const full = fold.waiting() >= MAX_JOBS || outbox.unsent() >= MAX_UNSENT;
    const more = full ? false : takeSome(merge.next, tail);
    if (!full && !more) {
      tail.passed(merge.time());
      if (fold.waiting() === 0 && now() - merge.time() < LATE_MS) caughtUp = true;
    }
    leftOut.set(merge.leftOut().length);
    tick();
    outbox.flush();
    if (now() - marked >= POINT_MS) mark();
    return more;
  };
  const follow = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted)
      if (!(await turn())) await sleep(PAUSE_MS, undefined, { signal }).catch(() => undefined);
  };
  return {
    run: async (signal) => {
      await Promise.all([...feeds.map((feed) => feed.run(signal)), follow(signal), fold.run(signal)]);
    },
    turn,
    fold,
    backlog: () => {
      const at = now();
      const oldest = fold.oldest();
      // A view that is being rebuilt is no reason to refuse reports; nor is a Redis that is away.
      if (oldest === null || at - oldest <= LATE_MS) return { oldest, at };
      return { oldest: caughtUp && outbox.redisReady() ? oldest : null, at };
    },
    leftOut: merge.leftOut,
  };
}

type PolicyAt = (epoch: EpochNumber) => PolicyAtHand;

/** The policies that the registry names, at hand: a pending one lies ready before its first epoch. */
async function policiesOf(network: RegistryFile['network'], policyOf: Policies): Promise<PolicyAt> {
  const { policyHash, pendingPolicy } = network;
  const present = await policyOf(policyHash);
  const pending = pendingPolicy === null ? null : await policyOf(pendingPolicy.hash);
  return (epoch) => (pending !== null && policyHashAt(network, epoch) !== policyHash ? pending : present);
}

/** Whether there may be more. */
function takeSome(next: ReturnType<typeof mergeLogs>['next'], tail: Tail): boolean {
  for (let taken = 0; taken < TURN_RECORDS; taken += 1) {
    const record = next();
    if (record === null) return false;
    tail.take(record);
  }
  return true;
}

/** From records to jobs that are out: tail, batcher, checker, and the steps of fold. */
function openEmitter(options: {
  readonly context: GroupContext;
  readonly state: PocState;
  readonly fold: Pick<Fold, 'push'>;
  readonly file: () => RegistryFile | null;
  readonly inForce: () => PolicyAt | null;
}): {
  readonly tail: Tail;
  readonly tick: () => void;
  readonly flush: () => void;
  /** What the logs have shown so far; fold's own map is as far behind as its queue is long. */
  readonly entropies: Parameters<typeof rememberEntropy>[0];
} {
  const { context, state, fold } = options;
  const { metrics, now, point } = context;
  const groups = metrics.counter('groups_total', 'Groups by how they ended', ['kind']);
  const skipped = metrics.counter('skipped_records_total', 'Records that cannot be judged');
  const late = metrics.counter('late_reports_total', 'Reports that came after their time had passed');
  const early = metrics.counter('early_groups_total', 'Groups from before the first epoch');
  const entropies = new Map(state.entropies);
  const facts = openRegistryFacts();
  let closedBy = millis(0);

  const batcher = openBatcher((batch, epoch: EpochNumber) => {
    const [file, policyAt] = [options.file(), options.inForce()];
    if (file === null || policyAt === null) return;
    const { policy, deny } = policyAt(epoch);
    // A copy of the entropies: by the time fold has to compute it itself, some may be forgotten.
    const registry = facts({ file, epoch, groups: batch });
    const task = { epoch, policy, deny, registry, entropies: new Map(entropies), groups: batch };
    fold.push({ kind: 'checked', task, checked: context.checker.check(task), closed: closedBy });
  });
  const onGroup = (group: PocGroup, closed: Millis): void => {
    groups.inc({ kind: group.kind });
    const file = options.file();
    const epoch = file === null ? null : epochAt(judgedAt(group).receivedAt, file.network);
    closedBy = closed;
    if (epoch !== null) {
      batcher.add(group, epoch, now());
      return;
    }
    early.inc();
    if (group.kind === 'poc') fold.push({ kind: 'unjudged', poc: recentPocOf(group, context.verify) });
  };
  const origins = context.feeds.map(({ origin }) => origin);
  const tail = openTail({
    logs: new Map(origins.map((origin) => [origin, point?.logs.get(origin) ?? { from: 0, next: 0 }])),
    until: point?.time ?? null,
    recent: state.recent.values(),
    verify: context.verify,
    windows: context.policy.windows,
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
    tail,
    tick: () => {
      batcher.tick(now());
    },
    flush: batcher.flush,
    entropies,
  };
}

/** Counts verdicts and hands them to the outbox. */
function reporter({ metrics, outbox }: GroupContext): Outbox['add'] {
  const verdicts = metrics.counter('verdicts_total', 'Beacons and witnesses by reason', ['kind', 'reason']);
  return (provisional) => {
    const { beacon, witnesses, others } = provisional.verdict;
    for (const { kind, reason } of [...(beacon === null ? [] : [beacon]), ...witnesses, ...others])
      verdicts.inc({ kind, reason: reason ?? 'valid' });
    outbox.add(provisional);
  };
}
