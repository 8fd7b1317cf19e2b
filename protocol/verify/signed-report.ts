import type { Hash } from '../units.ts';
import type { CheckedReport } from './checked-poc.ts';
import type { HotspotFacts, LoggedReport } from './poc.ts';

/** A report of a group with its id and, undefined where there are none, the facts of the key that it names. */
export interface SignedReport extends LoggedReport {
  readonly id: Hash;
  readonly facts: HotspotFacts | undefined;
}

/** The part of a report that every verdict names. */
export function describeReport({ report, position, id }: SignedReport): CheckedReport {
  return { kind: report.kind, position, reportId: id, key: report.key };
}
