import type { LocatedRecord } from '#protocol/evidence/record';
import { millis, type Millis } from '#protocol/units';
import { comparePositions } from '#protocol/verify/position';
import type { LogFeed } from './log-feed.ts';

export type MergedRecord = Pick<LocatedRecord, 'index' | 'record'> & { readonly origin: string };

/** Several logs in one order: (received_at, origin, index). */
export interface Merge {
  /** Takes the next record; null while an earlier one may still come, or none is here. */
  readonly next: () => MergedRecord | null;
  /** Every record received at or before this time was taken, of all logs that are waited for. */
  readonly time: () => Millis;
  /** Logs that stand still and are not waited for. */
  readonly leftOut: () => readonly string[];
}

type Feed = Pick<LogFeed, 'origin' | 'head' | 'shift' | 'passed' | 'standsStill'>;

export function mergeLogs(feeds: readonly Feed[]): Merge {
  const knownOf = (feed: Feed): number => {
    const head = feed.head();
    if (head !== undefined) return head.record.receivedAt - 1;
    return feed.standsStill() ? Infinity : feed.passed();
  };
  return {
    next: () => {
      let first: { readonly feed: Feed; readonly head: LocatedRecord } | null = null;
      for (const feed of feeds) {
        const head = feed.head();
        if (head === undefined) continue;
        if (first === null || comparePositions(placeOf(feed, head), placeOf(first.feed, first.head)) < 0)
          first = { feed, head };
      }
      if (first === null) return null;
      const { index, record } = first.head;
      const { receivedAt } = record;
      if (feeds.some((feed) => feed.head() === undefined && knownOf(feed) < receivedAt)) return null;
      first.feed.shift();
      return { origin: first.feed.origin, index, record };
    },
    time: () => {
      const least = Math.min(...feeds.map(knownOf));
      return millis(Number.isFinite(least) ? least : 0);
    },
    leftOut: () => feeds.filter((feed) => feed.standsStill()).map(({ origin }) => origin),
  };
}

function placeOf({ origin }: Feed, { index, record }: LocatedRecord): Parameters<typeof comparePositions>[0] {
  return { receivedAt: record.receivedAt, origin, index };
}
