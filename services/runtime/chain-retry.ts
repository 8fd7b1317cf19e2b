import { setTimeout as delay } from 'node:timers/promises';

export interface Backoff {
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
}

export const CHAIN_BACKOFF: Backoff = { firstDelayMs: 500, maxDelayMs: 10_000 };

/** Doubles up to the maximum, with up to a quarter taken off at random so that many clients do not beat together. */
export function backoffDelay(failures: number, backoff: Backoff, random: number): number {
  const whole = Math.min(backoff.maxDelayMs, backoff.firstDelayMs * 2 ** Math.max(0, failures - 1));
  return Math.round(whole * (1 - random / 4));
}

/** Waits; returns early and quietly when the process is told to stop. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
}

export interface LoopOptions {
  readonly signal: AbortSignal;
  readonly backoff: Backoff;
  /** Milliseconds until the next turn after a good one. */
  readonly intervalMs: number;
  readonly turn: () => Promise<unknown>;
  readonly onFailure: (failure: { readonly error: unknown; readonly failures: number }) => void;
}

/** Runs `turn` until the signal aborts; a turn that throws is tried again after a growing delay. */
export async function runLoop(options: LoopOptions): Promise<void> {
  let failures = 0;
  const isStopped = (): boolean => options.signal.aborted;
  while (!isStopped()) {
    try {
      await options.turn();
      failures = 0;
      await pause(options.intervalMs, options.signal);
    } catch (error) {
      if (isStopped()) return;
      failures += 1;
      options.onFailure({ error, failures });
      await pause(backoffDelay(failures, options.backoff, Math.random()), options.signal);
    }
  }
}
