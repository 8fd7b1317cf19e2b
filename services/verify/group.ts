import { setTimeout as sleep } from 'node:timers/promises';
import type { Policy } from '#protocol/policy';
import type { VerifySignature } from '#protocol/verify/poc';
import { emptyPocState } from '#protocol/verify/state';
import type { Backlog } from '../runtime/backlog-file.ts';
import type { ProvisionalVerdict } from '../runtime/jobs.ts';
import type { Metrics } from '../runtime/metrics.ts';
import type { Policies } from '../runtime/policies.ts';
import type { RegistryFile, RegistryReader } from '../runtime/registry-file.ts';
import type { Checker } from './checker.ts';
import { openEmitter } from './emitter.ts';
import { factsInForce, type FactsInForce } from './facts-in-force.ts';
import type { FoldPoint } from './fold-file.ts';
import { openFold, type Fold } from './fold.ts';
import type { LogFeed } from './logs/log-feed.ts';
import { mergeLogs } from './logs/merge.ts';
import type { Outbox } from './outbox.ts';

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
  let known: { readonly file: RegistryFile; readonly facts: FactsInForce } | null = null;
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
  const places = feeds.map(
    ({ origin }) => [origin, point?.logs.get(origin) ?? { from: 0, next: 0 }] as const,
  );
  const place = { time: point?.time ?? null, logs: new Map(places) };
  const emitter = openEmitter({ ...context, windows, place, state, fold });

  /** Whether there may be more. */
  const takeSome = (facts: FactsInForce): boolean => {
    for (let taken = 0; taken < TURN_RECORDS; taken += 1) {
      const record = merge.next();
      if (record === null) return false;
      emitter.take(record, facts);
    }
    return true;
  };
  const turn = async (): Promise<boolean> => {
    const file = await context.registry.read();
    if (file === null) return false;
    if (known?.file !== file) known = { file, facts: await factsInForce(file, context.policyOf) };
    const { facts } = known;
    const full = fold.waiting() >= MAX_JOBS || outbox.unsent() >= MAX_UNSENT;
    const more = full ? false : takeSome(facts);
    if (!full && !more) {
      emitter.passed(merge.time(), facts);
      if (fold.waiting() === 0 && now() - merge.time() < LATE_MS) caughtUp = true;
    }
    leftOut.set(merge.leftOut().length);
    emitter.tick();
    outbox.flush();
    if (now() - marked >= POINT_MS) {
      emitter.mark();
      marked = now();
    }
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

/** Counts verdicts and hands them to the outbox. */
function reporter({ metrics, outbox }: GroupContext): (verdict: ProvisionalVerdict) => void {
  const verdicts = metrics.counter('verdicts_total', 'Beacons and witnesses by reason', ['kind', 'reason']);
  return (provisional) => {
    const { beacon, witnesses, others } = provisional.verdict;
    for (const { kind, reason } of [...(beacon === null ? [] : [beacon]), ...witnesses, ...others])
      verdicts.inc({ kind, reason: reason ?? 'valid' });
    outbox.add(provisional);
  };
}
