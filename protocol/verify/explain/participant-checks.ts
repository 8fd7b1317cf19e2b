import type { CheckEntry } from './check-entry.ts';

type Place = Pick<CheckEntry, 'stage' | 'source' | 'sides'>;
type Check = Omit<CheckEntry, 'number'>;

/** Checks that a beacon's hotspot and a witness's are asked alike (verify/rules/participant.ts). */
export function participantChecks(
  of: Place,
): Readonly<
  Record<'known' | 'asserted' | 'notDenied' | 'notQuarantined' | 'withinEntropy' | 'capable', Check>
> {
  return {
    known: {
      ...of,
      check: 'known',
      rule: 'known',
      reason: 'gateway_not_found',
      asks: 'registered_s * 1000 <= received_ms',
      numbers: {
        received_ms: ['time_ms', 'reception of the report'],
        registered_s: ['time_s', 'when the key was registered on chain'],
      },
      says: 'the report came at {received_ms}, before the key was registered at {registered_s}',
      whenNull: { registered_s: 'the key was not registered on chain when the report came at {received_ms}' },
    },
    asserted: {
      ...of,
      check: 'asserted',
      rule: 'asserted',
      reason: 'not_asserted',
      asks: 'there is a cell, and the region table knows it',
      numbers: { cell: ['text', 'the cell in force (H3, decimal)'] },
      says: 'the asserted cell {cell} lies in no region of the table',
      whenNull: { cell: 'no location was in force: none is asserted, or it holds from a later epoch' },
    },
    notDenied: {
      ...of,
      check: 'deny list',
      rule: 'notDenied',
      reason: 'denied',
      asks: 'no entry names the key from this epoch or an earlier one',
      numbers: {
        key: ['hex', 'the key'],
        from_epoch: ['count', "the entry's first epoch"],
        listed_for: ['text', "the entry's reason"],
      },
      says: 'the deny list names the key from epoch {from_epoch} on, for: {listed_for}',
    },
    notQuarantined: {
      ...of,
      check: 'quarantine',
      rule: 'notQuarantined',
      reason: 'quarantined',
      asks: 'the status in force is active',
      numbers: { epoch: ['count', 'the epoch'] },
      says: 'the hotspot is quarantined on chain in epoch {epoch}',
    },
    withinEntropy: {
      ...of,
      check: "entropy's age",
      rule: 'withinEntropy',
      reason: 'entropy_expired',
      asks: '0 <= age_s <= limit_s',
      numbers: {
        entropy_s: ['time_s', "the entropy's own time"],
        age_s: ['s', "whole seconds from then to the report's reception"],
        limit_s: ['s', '`windows.entropy_s`'],
      },
      says: "it came {age_s} after its beacon's entropy began, which holds for {limit_s} from then",
    },
    capable: {
      ...of,
      check: 'capability',
      rule: 'capable',
      reason: 'invalid_capability',
      asks: 'mode = full',
      numbers: { mode: ['text', 'the mode in force'] },
      says: 'the hotspot is asserted as {mode}, and only full ones take part',
    },
  };
}
