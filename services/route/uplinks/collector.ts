/** How well a copy of a frame was heard. */
interface Copy {
  readonly hotspot: string;
  readonly snr: number;
  readonly rssi: number;
}

/** Gathers the copies of a frame that several hotspots heard, and hands on the best of them. */
export interface Collector<Heard extends Copy> {
  add(heard: {
    /** The same for all copies of a frame on a route, and for nothing else. */
    readonly id: number;
    readonly route: number;
    readonly maxCopies: number;
    readonly copy: Heard;
  }): void;
  /** Hands on all that waits. */
  close(): void;
}

interface Frame<Heard> {
  readonly route: number;
  readonly due: number;
  /** The best so far, best first, one for each hotspot. */
  readonly copies: Heard[];
}

/**
 * A frame is handed on `windowMs` after its first copy, or when more than `maxFrames` wait: then the oldest at once.
 * The window is the same for all, so that they are due in the order in which they came.
 */
export function openCollector<Heard extends Copy>(options: {
  readonly windowMs: number;
  readonly maxFrames: number;
  readonly now: () => number;
  readonly release: (frame: {
    readonly id: number;
    readonly route: number;
    readonly copies: readonly Heard[];
  }) => void;
}): Collector<Heard> {
  const { windowMs, maxFrames, now, release } = options;
  const frames = new Map<number, Frame<Heard>>();
  let timer: NodeJS.Timeout | null = null;

  const handOn = (id: number, { route, copies }: Frame<Heard>): void => {
    frames.delete(id);
    release({ id, route, copies });
  };
  const tick = (): void => {
    timer = null;
    const time = now();
    for (const [id, frame] of frames) {
      if (frame.due > time) {
        timer = setTimeout(tick, Math.max(1, frame.due - time));
        return;
      }
      handOn(id, frame);
    }
  };
  return {
    add: ({ id, route, maxCopies, copy }) => {
      const frame = frames.get(id) ?? { route, due: now() + windowMs, copies: [] };
      keepBest(frame.copies, copy, maxCopies);
      if (frames.has(id)) return;
      frames.set(id, frame);
      timer ??= setTimeout(tick, windowMs);
      if (frames.size <= maxFrames) return;
      const [oldest] = frames;
      if (oldest !== undefined) handOn(...oldest);
    },
    close: () => {
      if (timer !== null) clearTimeout(timer);
      for (const [id, frame] of frames) handOn(id, frame);
    },
  };
}

/** By SNR, then by RSSI, then whoever came first. */
function keepBest<Heard extends Copy>(copies: Heard[], copy: Heard, most: number): void {
  const known = copies.findIndex(({ hotspot }) => hotspot === copy.hotspot);
  const before = copies[known];
  if (before !== undefined && !isBetter(copy, before)) return;
  if (before !== undefined) copies.splice(known, 1);
  const place = copies.findIndex((other) => isBetter(copy, other));
  copies.splice(place < 0 ? copies.length : place, 0, copy);
  copies.length = Math.min(copies.length, most);
}

function isBetter(copy: Copy, than: Copy): boolean {
  return copy.snr > than.snr || (copy.snr === than.snr && copy.rssi > than.rssi);
}
