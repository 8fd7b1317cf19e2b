import type { ReportVerdict, Side } from '../verify/poc.ts';
import type { Reason } from '../verify/reasons.ts';

/** Why so many reports were not paid. */
export interface Cause {
  readonly cause: Reason | NonNullable<ReportVerdict['note']>;
  readonly count: number;
}

/** Why reports were not paid, as far as it lies on this side, the most frequent first. */
export function causesOf(verdicts: readonly ReportVerdict[], side: Side): readonly Cause[] {
  return sumCauses(
    verdicts.flatMap(({ reason, note, side: found }): Cause[] => {
      const cause = reason === null ? note : found === side ? reason : null;
      return cause === null ? [] : [{ cause, count: 1 }];
    }),
  );
}

/** One entry per cause, the most frequent first. */
export function sumCauses(causes: readonly Cause[]): readonly Cause[] {
  const counts = new Map<Cause['cause'], number>();
  for (const { cause, count } of causes) counts.set(cause, (counts.get(cause) ?? 0) + count);
  return [...counts]
    .map(([cause, count]) => ({ cause, count }))
    .sort((a, b) => b.count - a.count || (a.cause < b.cause ? -1 : 1));
}
