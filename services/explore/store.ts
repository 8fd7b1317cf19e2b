import { type Kysely, sql } from 'kysely';
import type { EpochRow, HotspotRow, PayoutRow, ReportRow, Tables } from './tables.ts';

/** Rows of one statement; PostgreSQL allows 65,535 parameters and a report has 14. */
const ROWS = 1000;

/** Provisional verdicts never replace settled ones; the same verdict twice is one row. */
export async function storeReports(database: Kysely<Tables>, rows: readonly ReportRow[]): Promise<void> {
  for (let first = 0; first < rows.length; first += ROWS)
    await database
      .insertInto('report')
      .values(rows.slice(first, first + ROWS))
      .onConflict((conflict) =>
        conflict
          .columns(['origin', 'log_index'])
          .doUpdateSet(({ ref }) => ({
            report_id: ref('excluded.report_id'),
            kind: ref('excluded.kind'),
            payload: ref('excluded.payload'),
            key: ref('excluded.key'),
            received_at: ref('excluded.received_at'),
            epoch: ref('excluded.epoch'),
            reason: ref('excluded.reason'),
            side: ref('excluded.side'),
            selected: ref('excluded.selected'),
            note: ref('excluded.note'),
            numbers: ref('excluded.numbers'),
            final: ref('excluded.final'),
          }))
          .where(sql<boolean>`excluded.final or not report.final`),
      )
      .execute();
}

/** Replaces what the chain said before. */
export async function storeHotspots(database: Kysely<Tables>, rows: readonly HotspotRow[]): Promise<void> {
  for (let first = 0; first < rows.length; first += ROWS)
    await database
      .insertInto('hotspot')
      .values(rows.slice(first, first + ROWS))
      .onConflict((conflict) =>
        conflict.column('key').doUpdateSet(({ ref }) => ({
          owner: ref('excluded.owner'),
          destination: ref('excluded.destination'),
          mode: ref('excluded.mode'),
          status: ref('excluded.status'),
          tier: ref('excluded.tier'),
          cell: ref('excluded.cell'),
          latitude: ref('excluded.latitude'),
          longitude: ref('excluded.longitude'),
          gain: ref('excluded.gain'),
          elevation: ref('excluded.elevation'),
          claimed: ref('excluded.claimed'),
        })),
      )
      .execute();
}

/** One settled epoch, whole or not at all: its verdicts, payouts and the epoch's row, which says that it is complete. */
export async function storeEpoch(
  database: Kysely<Tables>,
  settled: { readonly epoch: EpochRow; readonly reports: readonly ReportRow[]; readonly payouts: readonly PayoutRow[] },
): Promise<void> {
  await database.transaction().execute(async (transaction) => {
    await storeReports(transaction, settled.reports);
    await transaction.deleteFrom('payout').where('epoch', '=', settled.epoch.epoch).execute();
    for (let first = 0; first < settled.payouts.length; first += ROWS)
      await transaction
        .insertInto('payout')
        .values(settled.payouts.slice(first, first + ROWS))
        .execute();
    await transaction
      .insertInto('epoch')
      .values(settled.epoch)
      .onConflict((conflict) => conflict.column('epoch').doUpdateSet(settled.epoch))
      .execute();
  });
}

/** Numbers of the epochs that are complete here, as text. */
export async function storedEpochs(database: Kysely<Tables>): Promise<ReadonlySet<string>> {
  const rows = await database.selectFrom('epoch').select('epoch').execute();
  return new Set(rows.map((row) => row.epoch));
}
