import { setTimeout as sleep } from 'node:timers/promises';
import { ProtocolError } from '#protocol/errors';
import type { LocatedRecord } from '#protocol/evidence/record';
import { millis, type Millis } from '#protocol/units';
import type { Logger } from '#services/runtime/logger';
import { Outage } from '#services/runtime/outage';
import type { LogSource } from './log-source.ts';

/** Reads one log ahead, and knows how far its time has come. */
export interface LogFeed {
  readonly origin: string;
  /** The next record in order of index; undefined where none is here. */
  readonly head: () => LocatedRecord | undefined;
  /** Drops the head. */
  readonly shift: () => void;
  /** Every record received at or before this time was read. */
  readonly passed: () => Millis;
  /** Whether nothing is here and its time has stood still for so long that nobody waits for it any more. */
  readonly standsStill: () => boolean;
  /** Reads once. A log that cannot be read is asked again; a journal that is damaged throws. */
  readonly fill: () => Promise<void>;
  /** Reads until the signal is aborted. */
  readonly run: (signal: AbortSignal) => Promise<void>;
}

const READ_RECORDS = 500;
const MAX_AHEAD = 1000;
const FULL_PAUSE_MS = 5;
/** A log without anything newer, not even an entropy, is not silent but down: its time stands still. */
const LIVE_MS = 240_000;
/** For so long the others wait for a log whose time stands still. */
export const HOLD_MS = 60_000;

export function openLogFeed(options: {
  readonly source: LogSource;
  /** Index of the first record. */
  readonly from: number;
  /** Log time that an earlier process has seen pass. */
  readonly since: Millis;
  readonly now: () => number;
  readonly logger: Logger;
}): LogFeed {
  const { source, now, logger } = options;
  const { origin } = source;
  let ahead: LocatedRecord[] = [];
  let next = options.from;
  let newest: number = options.since;
  let passed = 0;
  let movedAt = now();
  let failing = false;

  const fill = async (): Promise<number> => {
    const asked = now();
    const records = await source.read(next, READ_RECORDS);
    failing = false;
    next = (records.at(-1)?.index ?? next - 1) + 1;
    ahead = [...ahead, ...records];
    const last = records.at(-1)?.record.receivedAt;
    // Others of the same millisecond may follow; stamps never fall in a log that keeps its rules.
    if (last !== undefined) newest = Math.max(newest, last);
    const silent = records.length === 0 && asked - newest < LIVE_MS;
    passed = Math.max(passed, last === undefined ? 0 : last - 1, silent ? asked - source.delayMs : 0);
    if (records.length > 0 || silent) movedAt = now();
    return records.length;
  };
  const fillOrTryAgain = async (): Promise<number> => {
    try {
      return await fill();
    } catch (error) {
      // What others serve may be away or wrong for a while.
      if (!(error instanceof Outage || error instanceof ProtocolError)) throw error;
      if (!failing) logger.warn({ error, origin }, 'a log cannot be read; trying again');
      failing = true;
      return 0;
    }
  };
  return {
    origin,
    head: () => ahead[0],
    shift: () => {
      ahead.shift();
    },
    passed: () => millis(passed),
    standsStill: () => ahead.length === 0 && now() - movedAt > HOLD_MS,
    fill: async () => {
      await fillOrTryAgain();
    },
    run: async (signal) => {
      while (!signal.aborted) {
        const full = ahead.length >= MAX_AHEAD;
        const got = full ? 0 : await fillOrTryAgain();
        if (got === READ_RECORDS) continue;
        await sleep(full ? FULL_PAUSE_MS : source.pauseMs, undefined, { signal }).catch(() => undefined);
      }
    },
  };
}
