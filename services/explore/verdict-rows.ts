import type { Policy } from '#protocol/policy';
import { explain } from '#protocol/verify/explain/explain';
import type { PocVerdict, ReportVerdict } from '#protocol/verify/poc';
import type { ReportRow } from './tables.ts';

/** The rows of one PoC's verdicts; `final` where the epoch's folder says so, not the fold. */
export function verdictRows(
  verdict: PocVerdict,
  place: { readonly epoch: string; readonly final: boolean; readonly policy: Policy | null },
): readonly ReportRow[] {
  const row = (report: ReportVerdict): ReportRow => ({
    origin: report.position.origin,
    log_index: report.position.index,
    report_id: report.reportId,
    kind: report.kind,
    payload: verdict.payload,
    key: report.key,
    received_at: report.position.receivedAt,
    epoch: place.epoch,
    reason: report.reason,
    side: report.side,
    selected: report.selected,
    note: report.note,
    numbers: JSON.stringify(report.numbers),
    says: place.policy === null ? null : explain(report, place.policy),
    final: place.final,
  });
  const reports = [...verdict.witnesses, ...verdict.others];
  return verdict.beacon === null ? reports.map(row) : [row(verdict.beacon), ...reports.map(row)];
}
