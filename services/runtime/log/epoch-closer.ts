import { setTimeout as sleep } from 'node:timers/promises';
import { epochNumber, type EpochNumber, type Millis } from '#protocol/units';

/** When a network's epochs end, and how long a log waits then. */
export interface EpochSchedule {
  /** Seconds since the Unix epoch. */
  readonly firstEpochStart: number;
  /** Seconds. */
  readonly epochLength: number;
  readonly graceMs: number;
}

const LOOK_MS = 1000;

/** The first epoch that a log has not closed, where its end and the grace after it are over; null where none is due. */
export function dueEpoch(
  schedule: EpochSchedule,
  { last, now }: { readonly last: EpochNumber | null; readonly now: Millis },
): EpochNumber | null {
  const epoch = last === null ? 0n : last + 1n;
  return closeTime(schedule, epoch) <= now ? epochNumber(epoch) : null;
}

/**
 * Closes each epoch at its end plus grace, those first that were missed while the log was down. Errors go to `failed`
 * and the epoch is tried again, until the signal is aborted.
 */
export async function runEpochCloser(input: {
  readonly log: {
    readonly lastClosedEpoch: EpochNumber | null;
    readonly closeEpoch: (epoch: EpochNumber) => Promise<unknown>;
  };
  /** As it holds for an epoch: its policy says how long a log waits. */
  readonly schedule: (epoch: EpochNumber) => Promise<EpochSchedule>;
  readonly clock: () => Millis;
  readonly failed: (error: unknown) => void;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { log, schedule, clock, failed, signal } = input;
  while (!signal.aborted) {
    const last = log.lastClosedEpoch;
    const next = epochNumber(last === null ? 0n : last + 1n);
    // Looks at least every second, because clocks are set.
    let wait = LOOK_MS;
    try {
      const holds = await schedule(next);
      const due = dueEpoch(holds, { last, now: clock() });
      if (due !== null) {
        await log.closeEpoch(due);
        continue;
      }
      wait = Math.min(LOOK_MS, Math.max(1, closeTime(holds, next) - clock()));
    } catch (error) {
      failed(error);
    }
    await sleep(wait, undefined, { signal }).catch(() => undefined);
  }
}

function closeTime({ firstEpochStart, epochLength, graceMs }: EpochSchedule, epoch: bigint): number {
  return (firstEpochStart + (Number(epoch) + 1) * epochLength) * 1000 + graceMs;
}
