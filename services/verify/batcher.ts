import type { EpochNumber } from '#protocol/units';
import type { PocGroup } from '#protocol/verify/poc';

export const MAX_GROUPS = 100;
export const MAX_WAIT_MS = 50;

/** Gathers groups of one epoch for one job: up to 100 of them, or 50 ms. */
export interface Batcher {
  add(group: PocGroup, epoch: EpochNumber, now: number): void;
  /** Emits what has waited long enough. */
  tick(now: number): void;
  flush(): void;
  readonly size: () => number;
}

export function openBatcher(emit: (groups: readonly PocGroup[], epoch: EpochNumber) => void): Batcher {
  let groups: PocGroup[] = [];
  let epoch: EpochNumber | null = null;
  let since = 0;
  const flush = (): void => {
    if (groups.length === 0 || epoch === null) return;
    const full = groups;
    groups = [];
    emit(full, epoch);
  };
  return {
    add: (group, of, now) => {
      if (of !== epoch) flush();
      if (groups.length === 0) since = now;
      epoch = of;
      groups.push(group);
      if (groups.length >= MAX_GROUPS) flush();
    },
    tick: (now) => {
      if (now - since >= MAX_WAIT_MS) flush();
    },
    flush,
    size: () => groups.length,
  };
}
