import { setTimeout as sleep } from 'node:timers/promises';
import type { DenyList } from '#protocol/deny/deny-list';
import type { Policy } from '#protocol/policy';
import { registryAt, type RawHotspot } from '#protocol/settle/registry';
import { emptyPocState, forgetEntropies, rememberEntropy } from '#protocol/verify/state';
import { millis, type EpochNumber, type HotspotKey, type Millis } from '#protocol/units';
import { judgedAt } from '#protocol/verify/grouper';
import type { PocGroup, Registry, VerifySignature } from '#protocol/verify/poc';
import type { Backlog } from '../runtime/backlog-file.ts';
import type { JournalReader } from '../runtime/evidence/journal-reader.ts';
import type { Metrics } from '../runtime/metrics.ts';
import type { RegistryFile, RegistryReader } from '../runtime/registry-file.ts';
import { openBatcher } from './batcher.ts';
import type { Checker } from './checker.ts';
import { epochAt, epochEnd } from './epoch-at.ts';
import type { FoldPoint } from './fold-file.ts';
import { openFold } from './fold.ts';
import type { Outbox } from './outbox.ts';
import { openTail } from './tail.ts';

export interface GroupContext {
  readonly origin: string;
  readonly reader: Pick<JournalReader, 'read'>;
  readonly registry: RegistryReader;
  readonly policy: Policy;
  readonly deny: DenyList;
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
  /** Tails the log, emits jobs and folds their results until the signal is aborted. */
  run(signal: AbortSignal): Promise<void>;
  backlog(): Backlog;
}

const READ_RECORDS = 500;
const PAUSE_MS = 25;
/** Where the log is silent for so long, its time is taken to have passed: longer than a write takes to be durable. */
const SILENCE_MS = 3000;
/** A log without anything newer, not even an entropy, is not silent but down: its time stands still. */
const LIVE_MS = 240_000;
const POINT_MS = 2000;
/** Jobs, and batches of verdicts, that may be out before the tail waits: what memory can hold at most. */
const MAX_JOBS = 32;
const MAX_UNSENT = 64;
const LATE_MS = 60_000;

export function openGroup(context: GroupContext): Group {
  const { origin, outbox, metrics, now, point } = context;
  const groups = metrics.counter('groups_total', 'Groups by how they ended', ['kind']);
  const skipped = metrics.counter('skipped_records_total', 'Records that cannot be judged');
  const early = metrics.counter('early_groups_total', 'Groups from before the first epoch');
  const verdicts = metrics.counter('verdicts_total', 'Beacons and witnesses by reason', ['kind', 'reason']);
  const state = point?.state ?? emptyPocState();
  // What the log has shown so far; fold's own map is as far behind as its queue is long.
  const entropies = new Map(state.entropies);
  let file: RegistryFile | null = null;
  let closedBy = millis(0);
  let caughtUp = false;

  const fold = openFold({
    state,
    windows: context.policy.windows,
    onVerdict: (provisional) => {
      const { beacon, witnesses, others } = provisional.verdict;
      for (const each of [...(beacon === null ? [] : [beacon]), ...witnesses, ...others])
        verdicts.inc({ kind: each.kind, reason: each.reason ?? 'valid' });
      outbox.add(provisional);
    },
    onMark: ({ time, from, state: reached }) => context.savePoint({ origin, time, from, state: reached }),
  });
  const facts = openFacts();
  const batcher = openBatcher((batch, epoch) => {
    if (file === null) return;
    const task = {
      epoch,
      policy: context.policy,
      deny: context.deny,
      registry: facts({ file, epoch, groups: batch }),
      // A copy: by the time fold has to compute it itself, some may be forgotten.
      entropies: new Map(entropies),
      groups: batch,
    };
    fold.push({ kind: 'checked', task, checked: context.checker.check(task), closed: closedBy });
  });
  const onGroup = (group: PocGroup, closed: Millis): void => {
    groups.inc({ kind: group.kind });
    const epoch = file === null ? null : epochAt(judgedAt(group).receivedAt, file.network);
    closedBy = closed;
    if (epoch === null) early.inc();
    else batcher.add(group, epoch, now());
  };
  const tail = openTail({
    origin,
    from: point?.from ?? 0,
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
  });

  const mark = (): void => {
    batcher.flush();
    const place = tail.place();
    forgetEntropies(entropies, { time: place.time, windows: context.policy.windows });
    fold.push({ kind: 'mark', ...place });
  };
  const follow = async (signal: AbortSignal): Promise<void> => {
    let next = point?.from ?? 0;
    let marked = now();
    let newest = 0;
    while (!signal.aborted) {
      file = await context.registry.read();
      const full = fold.waiting() >= MAX_JOBS || outbox.unsent() >= MAX_UNSENT;
      const records = full || file === null ? [] : await context.reader.read(next, READ_RECORDS);
      for (const record of records) tail.take(record);
      next += records.length;
      newest = records.at(-1)?.record.receivedAt ?? newest;
      if (!full && file !== null && records.length === 0) {
        if (now() - newest < LIVE_MS) tail.passed(millis(now() - SILENCE_MS));
        if (fold.waiting() === 0) caughtUp = true;
      }
      batcher.tick(now());
      outbox.flush();
      if (now() - marked >= POINT_MS && file !== null) {
        mark();
        marked = now();
      }
      if (records.length < READ_RECORDS) await sleep(PAUSE_MS, undefined, { signal }).catch(() => undefined);
    }
  };
  return {
    run: async (signal) => {
      await Promise.all([follow(signal), fold.run(signal)]);
    },
    backlog: () => {
      const at = now();
      const oldest = fold.oldest();
      // A view that is being rebuilt is no reason to refuse reports; nor is a Redis that is away.
      if (oldest === null || at - oldest <= LATE_MS) return { oldest, at };
      return { oldest: caughtUp && outbox.redisReady() ? oldest : null, at };
    },
  };
}

/** Facts in force of the keys that the groups name, as settlement takes them from the same accounts. */
function openFacts(): (input: {
  readonly file: RegistryFile;
  readonly epoch: EpochNumber;
  readonly groups: readonly PocGroup[];
}) => Registry {
  let indexed: RegistryFile | null = null;
  let byKey: ReadonlyMap<HotspotKey, RawHotspot> = new Map();
  return ({ file, epoch, groups }) => {
    if (file !== indexed) {
      byKey = new Map(file.hotspots.map((hotspot) => [hotspot.key, hotspot]));
      indexed = file;
    }
    const keys = new Set(groups.flatMap(({ reports }) => reports.map(({ report }) => report.key)));
    const hotspots = [...keys].flatMap((key) => byKey.get(key) ?? []);
    return registryAt({ hotspots, epoch, end: epochEnd(epoch, file.network) });
  };
}
