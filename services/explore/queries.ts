import type { Kysely } from 'kysely';
import type { EpochRow, HotspotRow, PayoutRow, ReportRow, Tables } from './tables.ts';

export type Report = Omit<ReportRow, 'numbers'> & { readonly numbers: Readonly<Record<string, unknown>> };

export interface Beacon {
  readonly beacon: Report;
  readonly witnesses: readonly Report[];
}

export interface HotspotPage {
  readonly hotspot: HotspotRow;
  readonly reasons: readonly {
    readonly kind: string;
    readonly reason: string | null;
    readonly count: number;
  }[];
  readonly reports: readonly Report[];
  readonly payouts: readonly PayoutRow[];
}

export interface HotspotSummary extends HotspotRow {
  readonly beacons: number;
  readonly witnesses: number;
  readonly unpaid: number;
}

function parsed(row: ReportRow): Report {
  return { ...row, numbers: JSON.parse(row.numbers) as Readonly<Record<string, unknown>> };
}

/** All hotspots with what they sent: beacons, witnesses, and how many of both were not valid. */
export async function listHotspots(database: Kysely<Tables>): Promise<readonly HotspotSummary[]> {
  const hotspots = await database.selectFrom('hotspot').selectAll().orderBy('address').execute();
  const counts = await database
    .selectFrom('report')
    .select((at) => ['key', 'kind', 'reason', at.fn.countAll<number | string>().as('count')])
    .groupBy(['key', 'kind', 'reason'])
    .execute();
  const total = new Map<string, { beacons: number; witnesses: number; unpaid: number }>();
  for (const row of counts) {
    const entry = total.get(row.key) ?? { beacons: 0, witnesses: 0, unpaid: 0 };
    const count = Number(row.count);
    if (row.kind === 'beacon') entry.beacons += count;
    else entry.witnesses += count;
    if (row.reason !== null) entry.unpaid += count;
    total.set(row.key, entry);
  }
  return hotspots.map((hotspot) => ({
    ...hotspot,
    ...(total.get(hotspot.key) ?? { beacons: 0, witnesses: 0, unpaid: 0 }),
  }));
}

/** One hotspot by key (hex) or address text: its verdicts by reason, newest reports and payouts. */
export async function showHotspot(database: Kysely<Tables>, name: string): Promise<HotspotPage | null> {
  const hotspot = await database
    .selectFrom('hotspot')
    .selectAll()
    .where((at) => at.or([at('key', '=', name), at('address', '=', name)]))
    .executeTakeFirst();
  if (hotspot === undefined) return null;
  const reasons = await database
    .selectFrom('report')
    .select((at) => ['kind', 'reason', at.fn.countAll<number | string>().as('count')])
    .where('key', '=', hotspot.key)
    .groupBy(['kind', 'reason'])
    .orderBy('kind')
    .orderBy('reason')
    .execute();
  const reports = await database
    .selectFrom('report')
    .selectAll()
    .where('key', '=', hotspot.key)
    .orderBy('received_at', 'desc')
    .limit(100)
    .execute();
  const payouts = await database
    .selectFrom('payout')
    .selectAll()
    .where('subject', '=', hotspot.key)
    .orderBy('epoch', 'desc')
    .limit(100)
    .execute();
  return {
    hotspot,
    reasons: reasons.map((row) => ({ ...row, count: Number(row.count) })),
    reports: reports.map(parsed),
    payouts,
  };
}

/** The newest beacons received before `before` (ms), each with every other report of its payload. */
export async function listBeacons(
  database: Kysely<Tables>,
  page: { readonly before: number; readonly limit: number },
): Promise<readonly Beacon[]> {
  const beacons = await database
    .selectFrom('report')
    .selectAll()
    .where('kind', '=', 'beacon')
    .where('received_at', '<', page.before)
    .orderBy('received_at', 'desc')
    .orderBy('log_index', 'desc')
    .limit(page.limit)
    .execute();
  if (beacons.length === 0) return [];
  const witnesses = await database
    .selectFrom('report')
    .selectAll()
    .where('kind', '=', 'witness')
    .where('payload', 'in', [...new Set(beacons.map((beacon) => beacon.payload))])
    .orderBy('received_at')
    .orderBy('log_index')
    .execute();
  return beacons.map((beacon) => ({
    beacon: parsed(beacon),
    witnesses: witnesses.filter((witness) => witness.payload === beacon.payload).map(parsed),
  }));
}

export async function listEpochs(database: Kysely<Tables>, limit: number): Promise<readonly EpochRow[]> {
  return database.selectFrom('epoch').selectAll().orderBy('epoch', 'desc').limit(limit).execute();
}

/** One settled epoch with every payout in it. */
export async function showEpoch(
  database: Kysely<Tables>,
  number: string,
): Promise<{ readonly epoch: EpochRow; readonly payouts: readonly PayoutRow[] } | null> {
  const epoch = await database.selectFrom('epoch').selectAll().where('epoch', '=', number).executeTakeFirst();
  if (epoch === undefined) return null;
  const payouts = await database
    .selectFrom('payout')
    .selectAll()
    .where('epoch', '=', number)
    .orderBy('subject')
    .execute();
  return { epoch, payouts };
}
