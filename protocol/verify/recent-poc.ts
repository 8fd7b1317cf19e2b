import type { Hash } from '../units.ts';
import { reportId } from '../wire/report.ts';
import { judgedAt } from './grouper.ts';
import type { PocGroup, RecentPoc, VerifySignature } from './poc.ts';

/** What identity remembers of a PoC that is not judged, because it lies in no epoch or in one that settled nothing. */
export function recentPocOf(group: PocGroup, verify: VerifySignature): RecentPoc {
  const beacon = group.beacon === null ? undefined : group.reports[group.beacon];
  if (beacon === undefined) throw new RangeError(`group ${group.payload} has no beacon`);
  const seen = new Set<Hash>();
  for (const { report, signer } of group.reports) {
    const { signedBytes: message, signature } = report;
    if (signer !== null && verify({ key: signer, message, signature })) seen.add(reportId(report));
  }
  const id = reportId(beacon.report);
  seen.delete(id);
  return { payload: group.payload, reportId: id, receivedAt: judgedAt(group).receivedAt, seen };
}
