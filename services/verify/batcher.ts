import type { EpochNumber } from '#protocol/units';
import type { PocGroup } from '#protocol/verify/poc';

const MAX_GROUPS = 100;
const MAX_WAIT_MS = 50;
/** Reports of a job, at most 512 bytes each: a group may hold many. */
const MAX_REPORTS = 4000;

/** Gathers groups of one epoch for one job: up to 100 of them, or 4000 reports, or 50 ms. */
export interface Batcher {
  add(group: PocGroup, epoch: EpochNumber, now: number): void;
  /** Emits what has waited long enough. */
  tick(now: number): void;
  flush(): void;
}

export function openBatcher(emit: (groups: readonly PocGroup[], epoch: EpochNumber) => void): Batcher {
  let groups: PocGroup[] = [];
  let epoch: EpochNumber | null = null;
  let since = 0;
  let reports = 0;
  const flush = (): void => {
    if (groups.length === 0 || epoch === null) return;
    const full = groups;
    groups = [];
    reports = 0;
    emit(full, epoch);
  };
  return {
    add: (group, of, now) => {
      if (of !== epoch) flush();
      if (groups.length === 0) since = now;
      epoch = of;
      groups.push(group);
      reports += group.reports.length;
      if (groups.length >= MAX_GROUPS || reports >= MAX_REPORTS) flush();
    },
    tick: (now) => {
      if (now - since >= MAX_WAIT_MS) flush();
    },
    flush,
  };
}
