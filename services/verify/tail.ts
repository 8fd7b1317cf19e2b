import type { KnownRecord } from '#protocol/evidence/cut';
import type { LocatedRecord } from '#protocol/evidence/record';
import { loggedReport } from '#protocol/settle/logged-reports';
import type { Windows } from '#protocol/policy';
import { SESSION_LIFETIME_MS, Sessions } from '#protocol/settle/signer';
import { millis, type Millis } from '#protocol/units';
import { Grouper } from '#protocol/verify/grouper';
import type { EntropyFact, PocGroup, RecentPoc, VerifySignature } from '#protocol/verify/poc';
import { toHex } from '#protocol/wire/hex';

/** Turns one log's records into groups, in the order of judgement; no I/O, and no clock but the log's. */
export interface Tail {
  /** The next record; what it closes and brings goes to the sinks. */
  readonly take: (located: Pick<LocatedRecord, 'index' | 'record'>) => void;
  /** Time passed in which nothing came: every record received at or before `time` was taken. */
  readonly passed: (time: Millis) => void;
  /** All groups that closed by `time` were put out; reading from `from` builds what is still open. */
  readonly place: () => { readonly time: Millis; readonly from: number };
}

export interface TailSinks {
  readonly onGroup: (group: PocGroup, closed: Millis) => void;
  readonly onEntropy: (entropy: EntropyFact) => void;
  /** A record that cannot be judged: a report that does not parse, or a kind that is not known. */
  readonly onSkipped: (index: number) => void;
}

/** Closing is looked for once in so much log time: a group waits 10 s anyway. */
const STEP_MS = 100;

export function openTail(
  options: TailSinks & {
    readonly origin: string;
    /** Index of the first record that will be taken. */
    readonly from: number;
    /** Groups that closed by then were put out before; null: none were. */
    readonly until: Millis | null;
    readonly recent: Iterable<RecentPoc>;
    readonly verify: VerifySignature;
    readonly windows: Windows;
  },
): Tail {
  const { origin, verify, onGroup, onEntropy, onSkipped } = options;
  const grouper = new Grouper({ verify, windows: options.windows, recent: options.recent });
  const live = openLiveSessions(verify);
  let next = options.from;
  let time = millis(0);
  let replayed = options.until;

  const advance = (to: Millis): void => {
    if (to <= time) return;
    if (replayed !== null) {
      if (to <= replayed) return;
      grouper.advanceTo(replayed);
      replayed = null;
    }
    time = to;
    for (const group of grouper.advanceTo(to)) onGroup(group, to);
  };
  return {
    take: ({ index, record: { receivedAt, body } }) => {
      // Others of the same millisecond may follow.
      if (receivedAt - 1 - time >= STEP_MS) advance(millis(receivedAt - 1));
      next = index + 1;
      if (body.kind === 'entropy') onEntropy({ ...body, data: toHex(body.data), receivedAt });
      else if (body.kind === 'session_init') live.add({ index, receivedAt, body });
      else if (body.kind === 'unknown') onSkipped(index);
      else if (body.kind === 'beacon' || body.kind === 'witness') {
        const position = { receivedAt, origin, index };
        const item = loggedReport({ body, position, sessions: live.sessions() });
        if (item === null) onSkipped(index);
        else grouper.push(item);
      }
    },
    passed: advance,
    place: () => ({
      time: replayed ?? time,
      from: Math.min(grouper.lowestOpen().get(origin) ?? next, live.lowest() ?? next),
    }),
  };
}

/** Session_inits that a report to come may still name. */
function openLiveSessions(verify: VerifySignature): {
  readonly add: (record: KnownRecord) => void;
  readonly sessions: () => Sessions;
  readonly lowest: () => number | null;
} {
  const records = new Map<number, KnownRecord>();
  let sessions = new Sessions({ sessions: records, verify });
  return {
    add: (record) => {
      for (const [index, { receivedAt }] of records) {
        if (record.receivedAt - receivedAt <= SESSION_LIFETIME_MS) break;
        records.delete(index);
        // Drops what it remembers of those that are gone.
        sessions = new Sessions({ sessions: records, verify });
      }
      records.set(record.index, record);
    },
    sessions: () => sessions,
    lowest: () => records.keys().next().value ?? null,
  };
}
