import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from './logger.ts';
import { Outage } from './outage.ts';

const MAX_CLOCK_OFFSET_MS = 3000;
const SAMPLES = 3;
const PAUSE_MS = 500;

/** Why who stamps records does not start or go on: it fails closed. */
export class ClockRefusal extends Error {
  readonly code: 'clock_off' | 'clock_unchecked' | 'clock_stepped';

  constructor(code: ClockRefusal['code'], message: string) {
    super(message);
    this.name = 'ClockRefusal';
    this.code = code;
  }
}

/** How far `now` (ms) lies outside the second that the chain's clock shows; negative: this clock is behind. */
export function clockOffset(now: number, chainSeconds: number): number {
  const start = chainSeconds * 1000;
  if (now < start) return now - start;
  return Math.max(0, now - start - 1000);
}

/** Returns once this clock is within 3 s of the chain's; throws ClockRefusal where it is not, or cannot be compared. */
export async function checkClock(options: {
  readonly readChainSeconds: () => Promise<number>;
  readonly now: () => number;
  readonly waitSeconds: number;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}): Promise<void> {
  const deadline = options.now() + options.waitSeconds * 1000;
  const offsets: number[] = [];
  for (;;) {
    try {
      const offset = clockOffset(options.now(), await options.readChainSeconds());
      if (Math.abs(offset) <= MAX_CLOCK_OFFSET_MS) return;
      offsets.push(offset);
    } catch (error) {
      // Another cluster's clock is no clock of ours, however long it is asked.
      if (error instanceof Outage && error.code === 'cluster_differs') throw error;
      options.logger.warn({ error }, 'the chain does not tell its time yet; asking again');
      if (options.now() >= deadline) throw unchecked(options.waitSeconds);
    }
    if (offsets.length >= SAMPLES) throw off(offsets);
    await sleep(PAUSE_MS, undefined, { signal: options.signal });
  }
}

/**
 * A clock that was checked at the start, for as long as nobody sets it: a step would stamp wrong times and close epochs
 * that are not over, for ever. Then it calls `stepped` once and gives no time any more.
 */
export function guardClock(options: {
  readonly now: () => number;
  /** Milliseconds since any moment, by a clock that cannot be set. */
  readonly elapsed: () => number;
  readonly stepped: (error: ClockRefusal) => void;
}): () => number {
  const { now, elapsed } = options;
  const offset = now() - elapsed();
  let refused: ClockRefusal | null = null;
  return () => {
    const time = now();
    const step = time - elapsed() - offset;
    if (refused === null && Math.abs(step) > MAX_CLOCK_OFFSET_MS) {
      refused = set(step);
      options.stepped(refused);
    }
    if (refused !== null) throw refused;
    return time;
  };
}

function set(step: number): ClockRefusal {
  return new ClockRefusal(
    'clock_stepped',
    `This machine's clock was set ${step > 0 ? 'forward' : 'back'} by ${(Math.abs(step) / 1000).toFixed(1)} s while this process ran; ` +
      "start it again: it then compares the clock with the chain's.",
  );
}

function off(offsets: readonly number[]): ClockRefusal {
  const offset = offsets.reduce((best, each) => (Math.abs(each) < Math.abs(best) ? each : best));
  const side = offset > 0 ? 'ahead of' : 'behind';
  return new ClockRefusal(
    'clock_off',
    `This machine's clock is ${Math.abs(offset) / 1000} s ${side} the chain's, more than ${MAX_CLOCK_OFFSET_MS / 1000} s; ` +
      'set it by NTP, then start this process again.',
  );
}

function unchecked(waitSeconds: number): ClockRefusal {
  return new ClockRefusal(
    'clock_unchecked',
    `The chain did not tell its time for ${waitSeconds} s, so this clock could not be compared; ` +
      'check RPC_URL, then start this process again.',
  );
}
