import type { Connection, PublicKey } from '@solana/web3.js';
import { PROGRAM_ID } from '#client';
import { CHAIN_BACKOFF, pause, runLoop } from '#services/runtime/chain-retry';
import type { Logger } from '#services/runtime/logger';
import type { Metrics } from '#services/runtime/metrics';
import { writeRegistryFile, type RegistryFile } from '#services/runtime/registry-file';
import { readRegistry, sameFacts } from './read-registry.ts';

/** Readers take a file older than this for a chain that stands still. */
const HEARTBEAT_MS = 5_000;
/** How far the chain's clock may be behind ours before that is said. */
const BEHIND_S = 30;

export interface FollowerOptions {
  readonly connection: Connection;
  readonly network: PublicKey;
  readonly dataDir: string;
  readonly pollMs: number;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** Milliseconds; only for the heartbeat and for saying that the chain is behind. */
  readonly now: () => number;
}

export interface FollowerHealth {
  readonly ok: boolean;
  readonly slot: number | null;
  readonly unixTime: number | null;
  readonly hotspots: number | null;
}

export interface Follower {
  health(): FollowerHealth;
  /** Follows until the signal aborts. */
  run(): Promise<void>;
}

/** Keeps registry.json equal to the chain: woken by the websocket where that works, by polling in any case. */
export function createFollower(options: FollowerOptions): Follower {
  const { connection, logger, signal, now } = options;
  let written: RegistryFile | null = null;
  let writtenAt = 0;
  let reachable = false;
  let behind = false;
  let wake = new AbortController();
  const hotspots = options.metrics.gauge('hotspots', 'Registered hotspots');
  const slot = options.metrics.gauge('slot', 'Slot that was read last');

  async function turn(): Promise<void> {
    // Before reading: a change that comes in while it is read must not wait for the next poll.
    wake = new AbortController();
    const file = await readRegistry(connection, options.network);
    if (!reachable) logger.info({ slot: file.slot, hotspots: file.hotspots.length }, 'following the chain');
    reachable = true;
    hotspots.set(file.hotspots.length);
    slot.set(file.slot);
    sayWhenBehind(file);
    // A node that fell behind another one would take registrations back; its time tells, slots start anew on a new chain.
    if (written === null || file.unixTime >= written.unixTime) await write(file);
    await pause(options.pollMs, wake.signal);
  }

  async function write(file: RegistryFile): Promise<void> {
    const changed = written === null || !sameFacts(written, file);
    if (!changed && now() - writtenAt < HEARTBEAT_MS) return;
    await writeRegistryFile(options.dataDir, file);
    if (changed) logger.info({ slot: file.slot, hotspots: file.hotspots.length }, 'registry changed');
    written = file;
    writtenAt = now();
  }

  function sayWhenBehind(file: RegistryFile): void {
    const lag = Math.round(now() / 1000) - file.unixTime;
    if (lag > BEHIND_S !== behind) {
      behind = lag > BEHIND_S;
      if (behind) logger.warn({ lagSeconds: lag, slot: file.slot }, 'the chain is behind: waiting for it');
      else logger.info({ slot: file.slot }, 'the chain has caught up');
    }
  }

  return {
    health: () => ({
      ok: reachable && !behind,
      slot: written?.slot ?? null,
      unixTime: written?.unixTime ?? null,
      hotspots: written?.hotspots.length ?? null,
    }),
    async run() {
      signal.addEventListener('abort', () => {
        wake.abort();
      });
      const subscription = connection.onProgramAccountChange(
        PROGRAM_ID,
        () => {
          wake.abort();
        },
        {
          commitment: 'confirmed',
          encoding: 'base64',
        },
      );
      await runLoop({
        signal,
        backoff: CHAIN_BACKOFF,
        intervalMs: 0,
        turn,
        onFailure: ({ error, failures }) => {
          reachable = false;
          if (failures === 1) logger.warn({ error }, 'the chain does not answer: waiting for it');
        },
      });
      await connection.removeProgramAccountChangeListener(subscription).catch(() => undefined);
    },
  };
}
