import { join } from 'node:path';
import type { PublicKey, Connection } from '@solana/web3.js';
import { readNetwork } from '#client';
import { ProtocolError } from '#protocol/errors';
import type { NoteSigner } from '#protocol/evidence/note';
import type { Policy } from '#protocol/policy';
import type { VerifySignature } from '#protocol/verify/poc';
import { CHAIN_BACKOFF, pause, runLoop } from '#services/runtime/chain-retry';
import { logId } from '#services/runtime/log-origin';
import type { Logger } from '#services/runtime/logger';
import type { Metrics } from '#services/runtime/metrics';
import type { Policies } from '#services/runtime/policies';
import { mirrorPath } from '#services/runtime/public-epochs';
import { openCosignedFiles } from './cosigned-files.ts';
import { followLog, type FollowedLog, type Look } from './followed-log.ts';

type Log = Policy['logs'][number];

export interface WitnessHealth {
  readonly ok: boolean;
  readonly logs: number;
  /** Logs whose latest look cosigned. */
  readonly cosigned: number;
  /** Origins that forked. */
  readonly forked: string | null;
}

/** Follows every log that the network's policies name, and cosigns the checkpoints that extend what it saw. */
export interface Witness {
  health(): WitnessHealth;
  turn(): Promise<void>;
  run(): Promise<void>;
}

export interface WitnessOptions {
  readonly connection: Connection;
  readonly network: PublicKey;
  readonly policyOf: Policies;
  readonly signer: NoteSigner;
  /** The witness's public files. */
  readonly folder: string;
  readonly verify: VerifySignature;
  readonly intervalMs: number;
  readonly now: () => number;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

export function createWitness(options: WitnessOptions): Witness {
  const { logger, signer } = options;
  const followed = new Map<string, Promise<FollowedLog>>();
  /** Of each log that was looked at in the latest turn. */
  const standing = new Map<string, 'cosigned' | 'waiting' | 'forked'>();
  const looking = new Set<string>();
  let logs: readonly Log[] = [];
  const cosigned = options.metrics.counter('checkpoints_cosigned', 'Checkpoints that this witness cosigned');
  const refused = options.metrics.counter('looks_refused', 'Looks at a log that ended without a cosignature');
  const forks = options.metrics.counter('forks', 'Logs that signed two checkpoints that do not fit');

  async function turn(): Promise<void> {
    try {
      logs = await readLogs();
    } catch (error) {
      // What is known already goes on being witnessed while the chain is away.
      if (logs.length === 0) throw error;
      logger.warn({ error }, 'the chain does not say which logs there are; following those of before');
    }
    // One slow or lying log must not keep the others waiting: it is looked at again when its look has ended.
    const looks = logs.filter((log) => !looking.has(logId(log))).map(lookAt);
    await Promise.race([Promise.all(looks), pause(options.intervalMs, options.signal)]);
  }

  async function readLogs(): Promise<readonly Log[]> {
    const { policy, pendingPolicy } = await readNetwork(options.connection, options.network);
    const { policy: current } = await options.policyOf(policy.hash);
    const next = pendingPolicy === null ? null : await options.policyOf(pendingPolicy.policy.hash);
    const all = [...(next?.policy.logs ?? []), ...current.logs];
    return [...new Map(all.map((log) => [logId(log), log])).values()];
  }

  async function lookAt(log: Log): Promise<void> {
    looking.add(logId(log));
    try {
      const look = await (await follow(log)).look(log.url);
      standing.set(log.origin, standingOf(look));
      if (look.kind === 'cosigned') cosigned.inc();
      else refused.inc();
      if (look.kind === 'stale')
        logger.warn({ origin: log.origin, ...look }, 'the log gave an old checkpoint');
      if (look.kind === 'forked' && look.fork !== null) {
        forks.inc();
        logger.error({ origin: log.origin, fork: look.fork }, 'the log forked: it is cosigned no more');
      }
    } catch (error) {
      standing.set(log.origin, 'waiting');
      refused.inc();
      const isWrong = error instanceof ProtocolError;
      logger[isWrong ? 'error' : 'warn']({ error, origin: log.origin }, 'not cosigned: looking again');
    } finally {
      looking.delete(logId(log));
    }
  }

  function follow(log: Log): Promise<FollowedLog> {
    const id = logId(log);
    const known = followed.get(id);
    if (known !== undefined) return known;
    const folder = join(options.folder, mirrorPath(log.origin));
    const opened = openCosignedFiles(folder, signer.key.id).then((files) =>
      followLog({ ...options, log, files }),
    );
    followed.set(id, opened);
    opened.catch(() => followed.delete(id));
    return opened;
  }

  return {
    health: () => {
      const all = logs.map(({ origin }) => ({ origin, now: standing.get(origin) ?? 'waiting' }));
      const forked = all.filter(({ now }) => now === 'forked').map(({ origin }) => origin);
      const count = all.filter(({ now }) => now === 'cosigned').length;
      return {
        ok: logs.length > 0 && count === logs.length,
        logs: logs.length,
        cosigned: count,
        forked: forked.length === 0 ? null : forked.join(' '),
      };
    },
    turn,
    run: () =>
      runLoop({
        signal: options.signal,
        backoff: CHAIN_BACKOFF,
        intervalMs: options.intervalMs,
        turn,
        onFailure: ({ error, failures }) => {
          logger.warn({ error, failures }, 'the logs are not known yet: trying again');
        },
      }),
  };
}

/** Seconds by which a clock may be behind the last note, as when it is set. */
const CLOCK_S = 5;

function standingOf(look: Look): 'cosigned' | 'waiting' | 'forked' {
  if (look.kind === 'forked') return 'forked';
  return look.kind === 'stale' || (look.kind === 'too_soon' && look.behind > CLOCK_S)
    ? 'waiting'
    : 'cosigned';
}
