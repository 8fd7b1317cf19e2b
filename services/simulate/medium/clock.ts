/** What tells the time and wakes; a hotspot knows no other one. */
export interface Clock {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Calls once after so many milliseconds; the result cancels. */
  readonly after: (ms: number, call: () => void) => () => void;
  /** Cancels all that waits. */
  readonly close: () => void;
}

export interface VirtualClock extends Clock {
  /** Lets time pass up to a moment, waking in order; what promises do of it is done before the next one wakes. */
  readonly runUntil: (time: number) => Promise<void>;
}

/** Longest wait of a timer. */
const MAX_WAIT_MS = 2 ** 31 - 1;

export function realClock(): Clock {
  const timers = new Set<NodeJS.Timeout>();
  return {
    now: Date.now,
    after: (ms, call) => {
      const timer = setTimeout(
        () => {
          timers.delete(timer);
          call();
        },
        Math.min(Math.max(0, ms), MAX_WAIT_MS),
      );
      timers.add(timer);
      return () => {
        timers.delete(timer);
        clearTimeout(timer);
      };
    },
    close: () => {
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
    },
  };
}

/** A clock that stands still but while it is run. */
export function virtualClock(start: number): VirtualClock {
  let now = start;
  let made = 0;
  const waiting: { readonly at: number; readonly order: number; readonly call: () => void }[] = [];
  const earliest = (): (typeof waiting)[number] | undefined =>
    waiting.reduce<(typeof waiting)[number] | undefined>(
      (first, each) =>
        first === undefined || each.at < first.at || (each.at === first.at && each.order < first.order)
          ? each
          : first,
      undefined,
    );
  const remove = (item: (typeof waiting)[number]): void => {
    const at = waiting.indexOf(item);
    if (at >= 0) waiting.splice(at, 1);
  };
  return {
    now: () => now,
    after: (ms, call) => {
      made += 1;
      const item = { at: now + Math.max(0, ms), order: made, call };
      waiting.push(item);
      return () => {
        remove(item);
      };
    },
    close: () => {
      waiting.length = 0;
    },
    runUntil: async (time) => {
      for (let next = earliest(); next !== undefined && next.at <= time; next = earliest()) {
        remove(next);
        now = next.at;
        next.call();
        await new Promise((resolve) => setImmediate(resolve));
      }
      now = time;
    },
  };
}
