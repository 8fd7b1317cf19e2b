import type { ProvisionalVerdict } from '#services/runtime/jobs';
import type { CheckQueue } from '#services/verify/check-queue';
import { byPlace, placedVerdicts, type PlacedVerdict } from './verdicts.ts';

/** What the read model got, from one process after the other. */
export class Received {
  readonly verdicts = new Map<string, PlacedVerdict>();
  /** Places of which two verdicts came that differ. */
  readonly changed: string[] = [];
  /** Places of the reports that met no beacon. */
  readonly unmet = new Set<string>();

  receive(provisional: ProvisionalVerdict): void {
    for (const [place, placed] of byPlace(placedVerdicts(provisional))) {
      const before = this.verdicts.get(place);
      if (before !== undefined && JSON.stringify(before) !== JSON.stringify(placed)) this.changed.push(place);
      this.verdicts.set(place, placed);
    }
  }

  /** Every group passes through a job, which says how it ended. */
  watched(queue: CheckQueue): CheckQueue {
    return {
      ...queue,
      add: (id, data) => {
        for (const { kind, reports } of data.groups)
          if (kind === 'stale')
            for (const { origin, index } of reports) this.unmet.add(`${data.origins[origin] ?? ''} ${index}`);
        return queue.add(id, data);
      },
    };
  }
}
