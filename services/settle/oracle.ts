import { oraclesAt } from '#client';
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
import type { PublishDifference } from './differences.ts';
import { reconsider, RECONSIDER_S } from './reconsider.ts';
import { settleEpoch, type SettledEpoch, type SettleOptions } from './settle-epoch.ts';
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
  /** Whether an address is in the set that the chain named at the last look. */
  isOracle(address: string): boolean;
  /** One look at the chain and at the logs, and what follows from it. */
  turn(): Promise<void>;
  run(): Promise<void>;
}

export interface OracleOptions extends SettleOptions {
  readonly metrics: Metrics;
  readonly pollMs: number;
  /** Base of another oracle's public files, from which a missed final epoch may be adopted after recomputing it. */
  readonly adoptFrom: string | null;
  readonly publishDifference: PublishDifference;
}

/** What comes by itself, or is given up at its time. */
const WAITED_FOR: ReadonlySet<string> = new Set(['evidence_late', 'disclosures_late']);

/** Tuples of others that are not explained again. */
const EXPLAINED = 1000;

/** What was found on one parent: it stays true until another epoch is final. */
interface Progress {
  readonly parentTupleHash: Hash;
  /** Every open epoch before this one is empty. */
  readonly next: EpochNumber;
  /** The tuple of `next`, once computed. */
  readonly tuple: Tuple | null;
  /** Origins of logs that entered that epoch, or an empty one before it, with size 0. */
  readonly leftOut: readonly string[];
  /** Whether that epoch, or an empty one before it, was computed without some disclosures. */
  readonly lacksDisclosures: boolean;
  /** Whether all of the tuple's cuts were at hand before any log could be left out. */
  readonly inTime: boolean;
}

/** An oracle: computes each ended epoch alone and attests what it computed, and nothing else. */
export function createOracle(options: OracleOptions): Oracle {
  const { connection, logger, signal } = options;
  let progress: Progress | null = null;
  let finalEpoch: EpochNumber | null = null;
  let oracleSet: ReadonlySet<string> = new Set();
  let waiting: string | null = null;
  let refusal: string | null = null;
  const votedTuples = openTupleSearch(connection, options.network);
  const followLogs = openLogFollower(options);
  /** Votes of others that were told about, and whether all that can be said was. */
  const explained = new Map<Hash, boolean>();
  /** Seconds of the chain's clock before which what was left out is not looked for again. */
  let reconsiderAt = 0;
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
    oracleSet = new Set(oraclesAt(view.network, view.unixTime).keys.map(String));
    const fresh = freshProgress(view);
    if (progress?.parentTupleHash !== fresh.parentTupleHash) progress = fresh;
    const isDue = view.ballot.ripe === null && view.unixTime >= reconsiderAt;
    if (progress.tuple === null) {
      // An epoch was empty only without the logs that were left out of it: they may be there now.
      const isOpen = isDue && (progress.leftOut.length > 0 || progress.lacksDisclosures);
      progress = await advance(view, isOpen ? fresh : progress);
    } else if (isDue) progress = await lookAgain(view, progress, progress.tuple);
    if (progress.tuple !== null) await attestAndCompare(view, progress.tuple);
  }

  function freshProgress(view: ChainView): Progress {
    const parentTupleHash = view.network.latest?.tupleHash ?? GENESIS_PARENT;
    return {
      parentTupleHash,
      next: nextOpenEpoch(view.network),
      tuple: null,
      leftOut: [],
      lacksDisclosures: false,
      inTime: false,
    };
  }

  /** While nothing is ripe: logs that were left out may have come back, or others may have agreed on other cuts. */
  async function lookAgain(view: ChainView, at: Progress, tuple: Tuple): Promise<Progress> {
    reconsiderAt = view.unixTime + RECONSIDER_S;
    const parent = await catchUp(options, view);
    const found = await reconsider(options, { ...at, view, parent, tuple, votedTuples });
    if (found === 'again') return await advance(view, freshProgress(view));
    if (found === null) return at;
    if (found.tuple.evidenceHash === tuple.evidenceHash) {
      // More disclosures on the same cuts.
      if (tupleHash(found.tuple) !== tupleHash(tuple)) sayComputed(found.tuple, at.leftOut);
      return { ...at, tuple: found.tuple, lacksDisclosures: found.lacksDisclosures };
    }
    logger.warn(
      { epoch: found.tuple.epoch.toString(), leftOut: found.leftOut, tupleHash: tupleHash(found.tuple) },
      'the others agree on cuts that this oracle could not bring about: computed on those',
    );
    const { tuple: moved, leftOut, lacksDisclosures } = found;
    return { ...at, next: moved.epoch, tuple: moved, leftOut, lacksDisclosures, inTime: false };
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
      const settled = await settleOrWait(view, parent, at.next);
      if (settled.kind === 'late') return wait(at, settled.waits);
      const leftOut = [...new Set([...at.leftOut, ...settled.leftOut])];
      const lacksDisclosures = at.lacksDisclosures || settled.lacksDisclosures;
      if (settled.tuple === null) sayEmpty(at.next);
      else sayComputed(settled.tuple, settled.leftOut);
      at =
        settled.tuple === null
          ? { ...at, next: epochNumber(at.next + 1n), leftOut, lacksDisclosures }
          : { ...at, tuple: settled.tuple, leftOut, lacksDisclosures, inTime: settled.inTime };
      progress = at;
      reconsiderAt = view.unixTime + RECONSIDER_S;
    }
    waiting = null;
    return at;
  }

  async function settleOrWait(
    view: ChainView,
    parent: Parent,
    epoch: EpochNumber,
  ): Promise<
    { readonly kind: 'late'; readonly waits: string } | (SettledEpoch & { readonly kind: 'settled' })
  > {
    try {
      return { kind: 'settled', ...(await settleEpoch(options, { view, parent, epoch })) };
    } catch (error) {
      if (!(error instanceof Outage) || !WAITED_FOR.has(error.code)) throw error;
      return { kind: 'late', waits: error.message };
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

  function sayComputed(tuple: Tuple, leftOut: readonly string[]): void {
    computed.inc();
    logger[leftOut.length > 0 ? 'warn' : 'info'](
      {
        epoch: tuple.epoch.toString(),
        tupleHash: tupleHash(tuple),
        root: tuple.root,
        leaves: tuple.leafCount,
        cumulativeTotal: tuple.cumulativeTotal.toString(),
        leftOut,
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

  /** Publishes what differs from another tuple, again while there is more to find out; we do not follow it. */
  async function explain(
    ours: Tuple,
    theirs: { readonly oracles: string; readonly hash: Hash },
  ): Promise<void> {
    const told = explained.get(theirs.hash);
    if (told === true) return;
    // Only an explanation hangs on it.
    const tuple = await votedTuples.find(theirs.hash).catch((error: unknown) => {
      if (!(error instanceof Outage) || error.code !== 'history_unavailable') throw error;
      logger.warn({ error, hash: theirs.hash }, 'the tuple behind a vote cannot be read');
      return null;
    });
    const whole = await options.publishDifference({ ours, theirs: theirs.hash, tuple, by: theirs.oracles });
    if (told === undefined) disagreements.inc();
    if (explained.size >= EXPLAINED) explained.clear();
    explained.set(theirs.hash, whole);
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
    isOracle: (address) => oracleSet.has(address),
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
