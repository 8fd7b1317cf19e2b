import { between, type Random } from '#services/simulate/medium/random';

const LEAST_MS = 5_000;
const JITTER = 0.3;

/** Milliseconds to the next try after so many failures: 5 s, doubled each time, up to 30 % more or less, 5 s at least. */
export function backoffMs(of: {
  readonly retries: number;
  readonly mostMs: number;
  readonly random: Random;
}): number {
  const wait = LEAST_MS * 2 ** of.retries * between(of.random, 1 - JITTER, 1 + JITTER);
  return Math.min(of.mostMs, Math.max(LEAST_MS, wait));
}
