import type { KnownRecord } from '#protocol/evidence/cut';
import { SESSION_LIFETIME_MS, Sessions } from '#protocol/settle/signer';
import type { Millis } from '#protocol/units';
import type { VerifySignature } from '#protocol/verify/poc';

/** Session_inits of one log that a report to come may still name. */
export interface LiveSessions {
  readonly add: (record: KnownRecord) => void;
  readonly known: () => Sessions;
  /** The lowest index of those that are young enough at `time`; null: there is none. */
  readonly lowest: (time: Millis) => number | null;
}

export function openLiveSessions(verify: VerifySignature): LiveSessions {
  const records = new Map<number, KnownRecord>();
  let sessions = new Sessions({ sessions: records, verify });
  const forget = (time: Millis): void => {
    for (const [index, { receivedAt }] of records) {
      if (time - receivedAt <= SESSION_LIFETIME_MS) return;
      records.delete(index);
      // Drops what it remembers of those that are gone.
      sessions = new Sessions({ sessions: records, verify });
    }
  };
  return {
    add: (record) => {
      forget(record.receivedAt);
      records.set(record.index, record);
    },
    known: () => sessions,
    lowest: (time) => {
      forget(time);
      return records.keys().next().value ?? null;
    },
  };
}
