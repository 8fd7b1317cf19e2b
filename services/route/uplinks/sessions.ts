import type { Receipt } from '#protocol/evidence/receipt';
import type { EvidenceBody } from '#protocol/evidence/record';

/** The sessions that this process has logged: which of them a packet may still name (routing.md, "What counts"). */
export interface LoggedSessions {
  /** Resolves with the index when it is on disk. */
  append(nonce: Uint8Array, init: Uint8Array): Promise<number>;
  /** When it was received, ms; null where it is not known any more. */
  receivedAt(index: number): number | null;
}

/** Sessions of as many hotspots for half an hour; the oldest are over first. */
const KEPT = 262_144;

export function openLoggedSessions(
  append: (bodies: readonly EvidenceBody[]) => Promise<readonly Receipt[]>,
): LoggedSessions {
  const sessions = new Map<number, number>();
  return {
    append: async (nonce, init) => {
      const [receipt] = await append([{ kind: 'session_init', nonce, init }]);
      if (receipt === undefined) throw new Error('the log answered no receipt');
      sessions.set(receipt.index, receipt.receivedAt);
      const [oldest] = sessions.keys();
      if (sessions.size > KEPT && oldest !== undefined) sessions.delete(oldest);
      return receipt.index;
    },
    receivedAt: (index) => sessions.get(index) ?? null,
  };
}
