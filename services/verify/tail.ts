import type { EvidenceBody } from '#protocol/evidence/record';
import type { Windows } from '#protocol/policy';
import { loggedEntropy, loggedReport } from '#protocol/settle/logged-reports';
import { millis, type Millis } from '#protocol/units';
import { Grouper } from '#protocol/verify/grouper';
import type {
  EntropyFact,
  LoggedReport,
  PocGroup,
  Position,
  RecentPoc,
  VerifySignature,
} from '#protocol/verify/poc';
import { comparePositions } from '#protocol/verify/position';
import { toHex } from '#protocol/wire/hex';
import type { MergedRecord } from './logs/merge.ts';
import { openLiveSessions, type LiveSessions } from './logs/live-sessions.ts';

/** Where a log was read to. */
export interface LogPlace {
  /** Reading from here builds again what is still open. */
  readonly from: number;
  /** The first record that was not taken yet. */
  readonly next: number;
}

export interface TailPlace {
  /** Log time: all groups that closed by then were put out. */
  readonly time: Millis;
  /** By origin. */
  readonly logs: ReadonlyMap<string, LogPlace>;
}

/** Turns the merged logs' records into groups, in the order of judgement; no I/O, and no clock but the logs'. */
export interface Tail {
  /** The next record; what it closes and brings goes to the sinks. */
  readonly take: (merged: MergedRecord) => void;
  /** Every record received at or before `time` was taken, as far as anybody waits for it. */
  readonly passed: (time: Millis) => void;
  readonly place: () => TailPlace;
}

export interface TailSinks {
  readonly onGroup: (group: PocGroup, closed: Millis) => void;
  readonly onEntropy: (entropy: EntropyFact) => void;
  /** A record that cannot be judged: a report that does not parse, or a kind that is not known. */
  readonly onSkipped: () => void;
  /** A report that came after its time had passed; it is put out by itself. */
  readonly onLate: () => void;
}

/** Closing is looked for once in so much log time: a group waits 10 s anyway. */
const STEP_MS = 100;

interface Log {
  readonly origin: string;
  readonly sessions: LiveSessions;
  /** Records before it were taken by an earlier process. */
  readonly known: number;
  /** The next record to come. */
  next: number;
}

export function openTail(
  options: TailSinks & {
    /** The records that will be taken begin here, log by log. */
    readonly logs: ReadonlyMap<string, LogPlace>;
    /** Groups that closed by then were put out before; null: none were. */
    readonly until: Millis | null;
    readonly recent: Iterable<RecentPoc>;
    readonly verify: VerifySignature;
    readonly windows: Windows;
  },
): Tail {
  const { verify, windows } = options;
  const grouper = new Grouper({ verify, windows, recent: options.recent });
  const logs = new Map(
    [...options.logs].map(([origin, { from, next }]): [string, Log] => [
      origin,
      { origin, sessions: openLiveSessions(verify), known: next, next: from },
    ]),
  );
  let time = millis(0);
  let replayed = options.until;
  let last: Position | null = null;

  const advance = (to: Millis): void => {
    if (to <= time) return;
    time = to;
    if (replayed !== null) {
      grouper.advanceTo(millis(Math.min(to, replayed)));
      if (to <= replayed) return;
      replayed = null;
    }
    for (const group of grouper.advanceTo(to)) options.onGroup(group, to);
  };
  const takeReport = (item: LoggedReport, again: boolean): void => {
    const { position } = item;
    const passed = again ? time : Math.max(time, replayed ?? 0);
    if (position.receivedAt <= passed || (last !== null && comparePositions(last, position) >= 0)) {
      if (again) return;
      options.onLate();
      options.onGroup(lateGroup(item, verify), time);
      return;
    }
    // What is older than all that may still be open was read again for the sessions alone.
    const open = (replayed ?? 0) - windows.attach_after_ms - windows.identity_ms;
    if (again && position.receivedAt < open) return;
    last = position;
    grouper.push(item);
  };
  const takeBody = (body: EvidenceBody, { position, log }: { position: Position; log: Log }): boolean => {
    const { receivedAt, index } = position;
    switch (body.kind) {
      // What devices send and their owners buy has no verdict of coverage: it is judged with its epoch.
      case 'packet':
      case 'route':
      case 'epoch_close':
        return true;
      case 'session_init':
        log.sessions.add({ index, receivedAt, body });
        return true;
      case 'entropy': {
        const entropy = loggedEntropy(body, position);
        if (entropy !== null) options.onEntropy(entropy);
        return entropy !== null;
      }
      case 'beacon':
      case 'witness': {
        const item = loggedReport({ body, position, sessions: log.sessions.known() });
        if (item !== null) takeReport(item, index < log.known);
        return item !== null;
      }
    }
  };
  return {
    take: ({ origin, index, record: { receivedAt, body } }) => {
      const log = logs.get(origin);
      if (log === undefined) throw new RangeError(`${origin} is none of the logs`);
      // Others of the same millisecond may follow.
      if (receivedAt - 1 - time >= STEP_MS) advance(millis(receivedAt - 1));
      log.next = index + 1;
      const position = { receivedAt, origin, index };
      if (body.kind === 'unknown' || !takeBody(body, { position, log })) options.onSkipped();
    },
    passed: advance,
    place: () => {
      const open = grouper.lowestOpen();
      const reached = replayed ?? time;
      const placeOf = ({ origin, sessions, known, next }: Log): LogPlace => ({
        from: Math.min(open.get(origin) ?? next, sessions.lowest(reached) ?? next),
        next: Math.max(known, next),
      });
      return { time: reached, logs: new Map([...logs].map(([origin, log]) => [origin, placeOf(log)])) };
    },
  };
}

/** A late beacon is judged without the witnesses that did not wait for it; any other late report came too late. */
function lateGroup(item: LoggedReport, verify: VerifySignature): PocGroup {
  const { report, signer } = item;
  const { signedBytes: message, signature } = report;
  const opens = report.kind === 'beacon' && signer !== null && verify({ key: signer, message, signature });
  const payload = toHex(report.data);
  return opens
    ? { kind: 'poc', payload, beacon: 0, reports: [item] }
    : { kind: 'loose', payload, beacon: null, reports: [item] };
}
