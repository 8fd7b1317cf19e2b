import { createHash } from 'node:crypto';

/**
 * What was bought in the epoch that runs: a frame counts `max_copies` times in it, and the same signed bytes once. Bounded:
 * what was forgotten and is bought again does not count by the rules, to nobody's cost.
 */
export interface EpochMemory {
  /** Copies of a frame that were bought for a route. */
  copies(frame: number): number;
  seen(packet: number): boolean;
  add(bought: { readonly frame: number; readonly packet: number }): void;
  /** A new epoch. */
  clear(): void;
}

const LIMIT = 1_000_000;

export function openEpochMemory(limit: number = LIMIT): EpochMemory {
  const frames = new Map<number, number>();
  const packets = new Set<number>();
  return {
    copies: (frame) => frames.get(frame) ?? 0,
    seen: (packet) => packets.has(packet),
    add: ({ frame, packet }) => {
      frames.set(frame, (frames.get(frame) ?? 0) + 1);
      packets.add(packet);
      dropOldest(frames, limit);
      dropOldest(packets, limit);
    },
    clear: () => {
      frames.clear();
      packets.clear();
    },
  };
}

function dropOldest(held: Map<number, number> | Set<number>, limit: number): void {
  if (held.size <= limit) return;
  const [oldest] = held.keys();
  if (oldest !== undefined) held.delete(oldest);
}

/** 48 bits of a digest, which a number holds. */
export function shortId(bytes: Uint8Array, route = 0): number {
  return createHash('sha256').update(String(route)).update('/').update(bytes).digest().readUIntBE(0, 6);
}
