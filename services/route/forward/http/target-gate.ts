/** How many posts of one target may be under way: a slow or dead one leaves the others their slots. */
export interface TargetGate {
  /** 0: go on, and `leave` afterwards; else ms to wait before asking again. */
  enter(now: number): number;
  leave(end: { readonly ok: boolean; readonly now: number }): void;
}

const MAX_IN_FLIGHT = 8;
const BUSY_MS = 100;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;

/** After a failure the target is left alone for a while, twice as long each time, and then tried with one post. */
export function openTargetGate(random: () => number): TargetGate {
  let inFlight = 0;
  let failures = 0;
  let pausedUntil = 0;
  return {
    enter: (now) => {
      if (now < pausedUntil)
        return Math.ceil(pausedUntil - now + random() * BUSY_MS * 2 ** Math.min(failures, 5));
      if (inFlight >= (failures === 0 ? MAX_IN_FLIGHT : 1)) return Math.ceil(BUSY_MS * (1 + random()));
      inFlight += 1;
      return 0;
    },
    leave: ({ ok, now }) => {
      inFlight -= 1;
      failures = ok ? 0 : failures + 1;
      pausedUntil = ok ? 0 : now + Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1));
    },
  };
}
