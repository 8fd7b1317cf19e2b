import { setTimeout as sleep } from 'node:timers/promises';
import { entropyData } from '#protocol/crypto/entropy';
import type { EvidenceBody } from '#protocol/evidence/record';
import { OLDEST_BLOCK_S, YOUNGEST_BLOCK_S } from '../runtime/entropy-check.ts';
import type { Logger } from '../runtime/logger.ts';

export type Entropy = Extract<EvidenceBody, { kind: 'entropy' }>;

/** What the chain gives to an entropy: its latest blockhash, with the slot that anyone can check it against. */
export interface LatestBlock {
  readonly slot: bigint;
  readonly blockhash: Uint8Array;
  /** Seconds; null where the node does not tell it. */
  readonly time: number | null;
}

export interface EntropyService {
  /** The newest entropy that stands in the log and leaves a hotspot time to use it; null where there is none. */
  current(): Entropy | null;
  /** Makes one from the chain's latest block and records it; it is handed out only when it is durable. */
  renew(): Promise<void>;
  /** Renews at every interval until the signal is aborted; where the chain is down, it tries again every second. */
  run(signal: AbortSignal): Promise<void>;
}

/** Beacons count up to 180 s after an entropy's time (poc.md 3, check 4); one that is handed out leaves a minute of them. */
const FRESH_MS = 120_000;
const RETRY_MS = 1000;
/** Seconds that a block may be older or younger than the entropy: half of what oracles take, who refuse what is outside. */
const OLDEST_S = OLDEST_BLOCK_S / 2;
const YOUNGEST_S = YOUNGEST_BLOCK_S / 2;

export function openEntropyService(options: {
  readonly latestBlock: () => Promise<LatestBlock>;
  readonly record: (entropy: Entropy) => Promise<unknown>;
  readonly intervalMs: number;
  readonly now: () => number;
  readonly logger: Logger;
}): EntropyService {
  const { now, logger } = options;
  let newest: Entropy | null = null;

  const renew = async (): Promise<void> => {
    const { slot, blockhash, time } = await options.latestBlock();
    const timestamp = Math.floor(now() / 1000);
    // No oracle would attest an epoch that holds it.
    if (time !== null && (timestamp - time > OLDEST_S || time - timestamp > YOUNGEST_S))
      throw new Error(`the newest block's time is ${time}, which is too far from ${timestamp}`);
    const data = entropyData({ timestamp, blockhash });
    const entropy: Entropy = { kind: 'entropy', data, timestamp, version: 0, slot, blockhash };
    await options.record(entropy);
    newest = entropy;
  };
  return {
    current: () => (newest !== null && now() - newest.timestamp * 1000 < FRESH_MS ? newest : null),
    renew,
    run: async (signal) => {
      let failing = false;
      while (!signal.aborted) {
        try {
          await renew();
          if (failing) logger.info('entropy is renewed again');
          failing = false;
        } catch (error) {
          if (!failing) logger.warn({ error }, 'entropy cannot be renewed; trying again');
          failing = true;
        }
        await sleep(failing ? RETRY_MS : options.intervalMs, undefined, { signal }).catch(() => undefined);
      }
    },
  };
}
