import type { Hash } from '../units.ts';
import type { CheckedReport } from './checked-poc.ts';
import type { LoggedReport } from './poc.ts';

/** A report of a group with its id. */
export interface SignedReport extends LoggedReport {
  readonly id: Hash;
}

/** The part of a report that every verdict names. */
export function describeReport({ report, position, id }: SignedReport): CheckedReport {
  return { kind: report.kind, position, reportId: id, key: report.key };
}
