import { keyText } from '#protocol/wire/key';
import type { SentBeacon, WitnessReportOf } from '#protocol/hotspot/reports';
import { showFigure } from '#protocol/verify/explain/figures';
import { shortKey } from './screen.ts';

/** Reports of one outcome, with the sentence of the last of them; null where the beacon's own says it already. */
export interface ReportGroup {
  readonly outcome: string;
  readonly count: number;
  readonly says: string | null;
}

/** Beacons by what became of them, the most frequent first. */
export function beaconGroups(sent: readonly SentBeacon[]): readonly ReportGroup[] {
  return groupsOf(
    sent,
    ({ verdict, attached, selected }) => {
      if (verdict.reason !== null) return verdict.reason;
      if (attached === 0) return 'valid, unheard';
      return selected === 0 ? 'valid, unpaid' : 'paid';
    },
    ({ says, verdict, attached, valid, selected }) =>
      verdict.reason === null && attached > 0
        ? `reported by ${attached}, of which ${valid} valid and ${selected} paid; ${sentWith(verdict)}`
        : says,
  );
}

/** Witness reports by outcome, the most frequent first; the other hotspot is named. */
export function witnessGroups(
  reports: readonly WitnessReportOf[],
  preposition: 'of' | 'by',
): readonly ReportGroup[] {
  return groupsOf(
    reports,
    ({ verdict }) => verdict.reason ?? verdict.note ?? 'paid',
    ({ says, other, verdict }) => {
      if (preposition === 'by' && verdict.side === 'beaconer') return null;
      return other === null
        ? says
        : `${says.replace(/\.$/, '')} (${preposition} ${shortKey(keyText(other))}).`;
    },
  );
}

function groupsOf<Report>(
  reports: readonly Report[],
  outcomeOf: (report: Report) => string,
  tell: (report: Report) => string | null,
): readonly ReportGroup[] {
  const groups = new Map<string, ReportGroup>();
  for (const report of reports) {
    const outcome = outcomeOf(report);
    const count = (groups.get(outcome)?.count ?? 0) + 1;
    groups.set(outcome, { outcome, count, says: tell(report) });
  }
  return [...groups.values()].sort((a, b) => b.count - a.count);
}

function sentWith({ numbers }: SentBeacon['verdict']): string {
  const [frequency, power] = [numbers['frequency_hz'] ?? null, numbers['tx_power_dbm'] ?? null];
  return `sent on ${showFigure(frequency, 'hz')} with ${showFigure(power, 'dbm')}`;
}
