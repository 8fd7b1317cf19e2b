import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Clients that are refused come back every five seconds for ever. Only delay slows them: the stream that is refused is
 * kept open, unread, for longer each time, and is ended then. Nobody else's stream is touched, also not one of the same
 * address or key that has nothing wrong with it.
 */
export interface Holds {
  /** Waits as long as this name's next refusal has to, or until the signal is aborted. */
  hold(name: string, signal: AbortSignal): Promise<void>;
  /** Takes back what was held against a name. */
  forgive(name: string): void;
  /** Names that are remembered. */
  readonly size: number;
}

export interface HoldLimits {
  /** The first hold; each further one of the same name is twice as long. */
  readonly firstMs: number;
  readonly maxMs: number;
  /** After so long without a refusal a name begins anew. */
  readonly forgetMs: number;
  /** Names that are remembered, the most recently refused ones. */
  readonly names: number;
  /** Streams that are held at the same time; above it they end at once. */
  readonly held: number;
}

export const HOLD_LIMITS: HoldLimits = {
  firstMs: 1000,
  maxMs: 60_000,
  forgetMs: 600_000,
  names: 100_000,
  held: 20_000,
};

export function openHolds(limits: HoldLimits, now: () => number): Holds {
  /** In order of the last refusal. */
  const names = new Map<string, { readonly ms: number; readonly at: number }>();
  let held = 0;

  const next = (name: string): number => {
    const time = now();
    const known = names.get(name);
    const fresh = known === undefined || time - known.at > limits.forgetMs;
    const ms = fresh ? limits.firstMs : Math.min(limits.maxMs, 2 * known.ms);
    names.delete(name);
    names.set(name, { ms, at: time });
    if (names.size > limits.names) {
      const [oldest] = names.keys();
      if (oldest !== undefined) names.delete(oldest);
    }
    return ms;
  };
  return {
    hold: async (name, signal) => {
      const ms = next(name);
      if (held >= limits.held || signal.aborted) return;
      held += 1;
      await sleep(ms, undefined, { signal, ref: false }).catch(() => undefined);
      held -= 1;
    },
    forgive: (name) => {
      names.delete(name);
    },
    get size() {
      return names.size;
    },
  };
}
