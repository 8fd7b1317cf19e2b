import type { EpochRow, HotspotRow, PayoutRow, ReportRow } from '#services/explore/tables';

const MAX_U64 = String(2n ** 64n - 1n);

export const report: ReportRow = {
  origin: 'log/a',
  log_index: 7,
  report_id: 'aa'.repeat(32),
  kind: 'beacon',
  payload: 'bb'.repeat(51),
  key: `01${'cc'.repeat(32)}`,
  received_at: 1_795_393_267_011,
  epoch: '3',
  reason: null,
  side: null,
  selected: false,
  note: null,
  numbers: '{"distance_m":512}',
  says: 'Paid: heard over 512 m.',
  final: false,
};
export const witness: ReportRow = {
  ...report,
  kind: 'witness',
  log_index: 8,
  key: `00${'dd'.repeat(32)}`,
  reason: 'bad_rssi',
  side: 'witness',
};
export const hotspot: HotspotRow = {
  key: report.key,
  address: '13nXTaUcat1fsVETYYCPnHefpPdhhUPmJqTH8RULxxxxxxxxxxx',
  owner: 'owner',
  destination: 'owner',
  mode: 'full',
  status: 'active',
  tier: 'endorsed',
  cell: MAX_U64,
  latitude: 52_520_000_000,
  longitude: -13_400_000_000,
  gain: 12,
  elevation: 30,
  registered_at: 1_795_393_000,
  claimed: MAX_U64,
};
export const payout: PayoutRow = {
  epoch: '3',
  subject: report.key,
  beacon_share: '0.25',
  witness_share: '1',
  beacon_amount: '10',
  witness_amount: MAX_U64,
  other_amount: '0',
  cumulative: MAX_U64,
};
export const epoch: EpochRow = {
  epoch: '3',
  tuple_hash: 'ee',
  root: 'ff',
  leaf_count: 1,
  cumulative_total: MAX_U64,
  verdicts: 2,
  minted: '10',
};
