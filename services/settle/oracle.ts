import { GENESIS_PARENT, tupleHash, type Tuple } from '#protocol/settle/tuple';
import { epochNumber, type EpochNumber, type Hash } from '#protocol/units';
import { lastEndedEpoch, nextOpenEpoch } from '#services/runtime/chain-epoch';
import { CHAIN_BACKOFF, runLoop } from '#services/runtime/chain-retry';
import type { Metrics } from '#services/runtime/metrics';
import { Outage } from '#services/runtime/outage';
import { openTupleSearch } from '#services/runtime/chain-history';
import type { ChainView } from './chain-view.ts';
import { openLogFollower } from './log-follower.ts';
import type { Parent } from './parent.ts';
import { catchUp } from './catch-up.ts';
import { settleEpoch, type SettleOptions } from './settle-epoch.ts';
import { tupleDifferences } from './tuple-difference.ts';
import { ballotView, dissentingVotes, sendVote } from './vote.ts';

export interface OracleHealth {
  readonly ok: boolean;
  /** Latest epoch that is final on chain. */
  readonly finalEpoch: string | null;
  /** Latest epoch that this oracle has computed, with its tuple hash. */
  readonly computedEpoch: string | null;
  readonly tupleHash: string | null;
  /** What is being waited for. */
  readonly waiting: string | null;
  /** Why nothing is attested: code and values of what went wrong last; null where the last turn was a good one. */
  readonly refusal: string | null;
  /** The RPC that is furthest behind the newest of all, and by how many seconds. */
  readonly slowestRpc: string;
  readonly slowestRpcSeconds: number;
}

export interface Oracle {
  health(): OracleHealth;
  /** One look at the chain and at the logs, and what follows from it. */
  turn(): Promise<void>;
  run(): Promise<void>;
}

export interface OracleOptions extends SettleOptions {
  readonly metrics: Metrics;
  readonly pollMs: number;
  /** Base of another oracle's public files, from which a missed final epoch may be adopted after recomputing it. */
  readonly adoptFrom: string | null;
}

/** Tuples of others that are not explained again. */
const EXPLAINED = 1000;

/** What was found on one parent: it stays true until another epoch is final. */
interface Progress {
  readonly parentTupleHash: Hash;
  /** Every open epoch before this one is empty. */
  readonly next: EpochNumber;
  /** The tuple of `next`, once computed. */
  readonly tuple: Tuple | null;
}

/** An oracle: computes each ended epoch alone and attests what it computed, and nothing else. */
export function createOracle(options: OracleOptions): Oracle {
  const { connection, logger, signal } = options;
  let progress: Progress | null = null;
  let finalEpoch: EpochNumber | null = null;
  let waiting: string | null = null;
  let refusal: string | null = null;
  const votedTuples = openTupleSearch(connection, options.network);
  const followLogs = openLogFollower(options);
  const explained = new Set<Hash>();
  const computed = options.metrics.counter('epochs_computed', 'Epochs that this oracle computed');
  const empty = options.metrics.counter('epochs_empty', 'Epochs without a beacon that counts');
  const attested = options.metrics.counter('attestations', 'Attestations that landed on chain');
  const disagreements = options.metrics.counter('disagreements', 'Tuples of others that differ from ours');
  const refusals = options.metrics.counter(
    'refusals',
    'Turns that attested nothing because something was wrong',
    ['code'],
  );
  const behind = options.metrics.gauge('rpc_behind_seconds', 'How far the slowest RPC is behind the newest');

  /** A chain that is behind is waited for; whatever else is wrong is said, and the turn ends with it. */
  async function turn(): Promise<void> {
    try {
      await look();
      refusal = null;
    } catch (error) {
      if (error instanceof Outage && error.code === 'chain_behind') {
        refusal = null;
        waiting = error.message;
        return;
      }
      refusal = saidOf(error);
      refusals.inc({ code: codeOf(error) });
      throw error;
    } finally {
      behind.set(options.chain.lag().seconds);
    }
  }

  async function look(): Promise<void> {
    const view = await options.chain.view();
    finalEpoch = view.network.latest?.epoch ?? null;
    const parentTupleHash = view.network.latest?.tupleHash ?? GENESIS_PARENT;
    if (progress?.parentTupleHash !== parentTupleHash)
      progress = { parentTupleHash, next: nextOpenEpoch(view.network), tuple: null };
    if (progress.tuple === null) progress = await advance(view, progress);
    if (progress.tuple !== null) await attestAndCompare(view, progress.tuple);
  }

  /** Goes through the ended epochs until one is not empty; epochs of a network that was down pass quickly. */
  async function advance(view: ChainView, from: Progress): Promise<Progress> {
    const ended = lastEndedEpoch(view.network, view.unixTime);
    let at = from;
    if (ended === null || at.next > ended) {
      await followLogs(view, at.next);
      return wait(at, 'the end of the epoch');
    }
    const parent = await catchUp(options, view);
    while (at.next <= ended && at.tuple === null) {
      signal.throwIfAborted();
      const tuple = await settleOrWait(view, parent, at.next);
      if (tuple === 'late') return wait(at, 'the epoch_close of a log');
      if (tuple === null) sayEmpty(at.next);
      else sayComputed(tuple);
      at = tuple === null ? { ...at, next: epochNumber(at.next + 1n) } : { ...at, tuple };
      progress = at;
    }
    waiting = null;
    return at;
  }

  async function settleOrWait(
    view: ChainView,
    parent: Parent,
    epoch: EpochNumber,
  ): Promise<Tuple | null | 'late'> {
    try {
      return await settleEpoch(options, { view, parent, epoch });
    } catch (error) {
      if (error instanceof Outage && error.code === 'evidence_late') return 'late';
      throw error;
    }
  }

  function wait(at: Progress, what: string): Progress {
    waiting = what;
    return at;
  }

  function sayEmpty(epoch: EpochNumber): void {
    empty.inc();
    logger.info({ epoch: epoch.toString() }, 'empty: skipped');
  }

  function sayComputed(tuple: Tuple): void {
    computed.inc();
    logger.info(
      {
        epoch: tuple.epoch.toString(),
        tupleHash: tupleHash(tuple),
        root: tuple.root,
        leaves: tuple.leafCount,
        cumulativeTotal: tuple.cumulativeTotal.toString(),
      },
      'computed',
    );
  }

  async function attestAndCompare(view: ChainView, tuple: Tuple): Promise<void> {
    const ballot = ballotView(view, { oracle: options.oracle, tuple });
    if (ballot.kind === 'not_voted') {
      const signature = await sendVote(connection, { oracle: options.oracle, tuple, signal });
      attested.inc();
      logger.info({ epoch: tuple.epoch.toString(), tupleHash: tupleHash(tuple), signature }, 'attested');
    }
    waiting = ballot.kind === 'ripe' ? 'finalization' : 'other oracles';
    if (ballot.kind === 'other_ripe') await explain(tuple, { oracles: 'k of n', hash: ballot.tupleHash });
    for (const vote of dissentingVotes(view, tuple))
      await explain(tuple, { oracles: vote.oracle, hash: vote.tupleHash });
  }

  /** Says once which part of another tuple differs from ours; we do not follow it. */
  async function explain(
    ours: Tuple,
    theirs: { readonly oracles: string; readonly hash: Hash },
  ): Promise<void> {
    if (explained.has(theirs.hash)) return;
    // Only an explanation hangs on it.
    const tuple = await votedTuples.find(theirs.hash).catch((error: unknown) => {
      if (!(error instanceof Outage) || error.code !== 'history_unavailable') throw error;
      logger.warn({ error, hash: theirs.hash }, 'the tuple behind a vote cannot be read');
      return null;
    });
    logger.error(
      {
        epoch: ours.epoch.toString(),
        ours: tupleHash(ours),
        theirs: theirs.hash,
        by: theirs.oracles,
        differences: tuple === null ? null : tupleDifferences(ours, tuple),
      },
      'others attest another tuple; ours stays',
    );
    if (explained.size >= EXPLAINED) explained.clear();
    explained.add(theirs.hash);
    disagreements.inc();
  }

  return {
    health: () => ({
      ok: refusal === null,
      finalEpoch: finalEpoch?.toString() ?? null,
      computedEpoch: progress?.tuple?.epoch.toString() ?? null,
      tupleHash: progress?.tuple ? tupleHash(progress.tuple) : null,
      waiting,
      refusal,
      slowestRpc: options.chain.lag().rpc,
      slowestRpcSeconds: options.chain.lag().seconds,
    }),
    turn,
    run: () =>
      runLoop({
        signal,
        backoff: CHAIN_BACKOFF,
        intervalMs: options.pollMs,
        turn,
        onFailure: ({ error, failures }) => {
          logger.warn({ error, failures }, 'no attestation: trying again');
        },
      }),
  };
}

/** Health is public: only what our own errors say, which name no keys. */
function saidOf(error: unknown): string {
  return error instanceof Error && 'context' in error
    ? error.message
    : 'an error that the log of this process shows';
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'failed';
}
