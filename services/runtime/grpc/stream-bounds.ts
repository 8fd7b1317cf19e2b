import { clientOf } from '../budget.ts';

/** Streams that may be open at the same time. */
export interface StreamBounds {
  readonly all: number;
  /** Of one client: many hotspots of an operator may stand behind one address. */
  readonly perAddress: number;
}

/** A held stream costs a few tens of KiB (docs/figures.md). */
export const STREAM_BOUNDS: StreamBounds = { all: 20_000, perAddress: 5000 };

export interface OpenStreams {
  /** Takes a place, and gives what leaves it (once: later calls change nothing); null where there is none. */
  enter(address: string): (() => void) | null;
  readonly size: number;
  /** Addresses that are remembered: those with a stream. */
  readonly addresses: number;
}

export function openStreamBounds(bounds: StreamBounds): OpenStreams {
  const byClient = new Map<string, number>();
  let size = 0;
  return {
    enter: (address) => {
      const client = clientOf(address);
      const held = byClient.get(client) ?? 0;
      if (size >= bounds.all || held >= bounds.perAddress) return null;
      byClient.set(client, held + 1);
      size += 1;
      let left = false;
      return () => {
        if (left) return;
        left = true;
        size -= 1;
        const rest = (byClient.get(client) ?? 1) - 1;
        if (rest > 0) byClient.set(client, rest);
        else byClient.delete(client);
      };
    },
    get size() {
      return size;
    },
    get addresses() {
      return byClient.size;
    },
  };
}
