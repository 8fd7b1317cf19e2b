import { setTimeout as sleep } from 'node:timers/promises';
import { readClock } from '#client';
import { clockOffset } from '#services/runtime/clock-check';
import { openChain } from '#services/runtime/chain';

/** Ingest refuses a clock that is further off than 3 s; here there is a second to spare. */
const MOST_MS = 2000;
const REFUSED_MS = 3000;
/** Readings in a row, one a second, after which a clock counts as right. */
const READINGS = 10;
const EVERY_MS = 1000;

/** null once the validator's clock has been right for ten seconds; else what was wrong with it to the end. */
export async function untilClockIsRight(options: {
  readonly rpcUrl: string;
  readonly patienceMs: number;
  readonly signal: AbortSignal;
}): Promise<string | null> {
  const { rpcUrl, patienceMs, signal } = options;
  const deadline = Date.now() + patienceMs;
  let right = 0;
  for (;;) {
    signal.throwIfAborted();
    const offset = await readOffset(rpcUrl);
    right = Math.abs(offset) <= MOST_MS ? right + 1 : 0;
    if (right >= READINGS) return null;
    if (Date.now() > deadline) return saidOf(offset);
    await sleep(EVERY_MS);
  }
}

/** Watches the clock while a test runs; what it cannot read then says nothing. */
export function watchClock(rpcUrl: string): {
  readonly stop: () => Promise<{ readonly isOff: boolean; readonly says: string }>;
} {
  let worst = 0;
  const ending = new AbortController();
  const watching = (async (): Promise<void> => {
    while (!ending.signal.aborted) {
      const offset = await readOffset(rpcUrl).catch(() => 0);
      if (Math.abs(offset) > Math.abs(worst)) worst = offset;
      await sleep(EVERY_MS, undefined, { signal: ending.signal }).catch(() => undefined);
    }
  })();
  return {
    stop: async () => {
      ending.abort();
      await watching;
      return { isOff: Math.abs(worst) > REFUSED_MS, says: saidOf(worst) };
    },
  };
}

async function readOffset(rpcUrl: string): Promise<number> {
  const { unixTime } = await readClock(openChain({ rpcUrl }), 'processed');
  return clockOffset(Date.now(), unixTime);
}

function saidOf(offset: number): string {
  return `the chain's clock is ${(Math.abs(offset) / 1000).toFixed(1)} s ${offset > 0 ? 'behind' : 'ahead of'} this machine's`;
}
