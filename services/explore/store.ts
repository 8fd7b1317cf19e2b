import { type Kysely, sql } from 'kysely';
import type { EpochRow, HotspotRow, PayoutRow, ReportRow, Tables } from './tables.ts';

/** Rows of one statement; PostgreSQL allows 65,535 parameters and a report has 15. */
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
          .doUpdateSet((at) => ({
            report_id: at.ref('excluded.report_id'),
            kind: at.ref('excluded.kind'),
            payload: at.ref('excluded.payload'),
            key: at.ref('excluded.key'),
            received_at: at.ref('excluded.received_at'),
            epoch: at.ref('excluded.epoch'),
            reason: at.ref('excluded.reason'),
            side: at.ref('excluded.side'),
            selected: at.ref('excluded.selected'),
            note: at.ref('excluded.note'),
            numbers: at.ref('excluded.numbers'),
            says: at.ref('excluded.says'),
            final: at.ref('excluded.final'),
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
        conflict.column('key').doUpdateSet((at) => ({
          owner: at.ref('excluded.owner'),
          destination: at.ref('excluded.destination'),
          mode: at.ref('excluded.mode'),
          status: at.ref('excluded.status'),
          tier: at.ref('excluded.tier'),
          cell: at.ref('excluded.cell'),
          latitude: at.ref('excluded.latitude'),
          longitude: at.ref('excluded.longitude'),
          gain: at.ref('excluded.gain'),
          elevation: at.ref('excluded.elevation'),
          claimed: at.ref('excluded.claimed'),
        })),
      )
      .execute();
}

/** One settled epoch, whole or not at all: its verdicts, payouts and the epoch's row, which says that it is complete. */
export async function storeEpoch(
  database: Kysely<Tables>,
  settled: {
    readonly epoch: EpochRow;
    readonly reports: readonly ReportRow[];
    readonly payouts: readonly PayoutRow[];
  },
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

/** Tuple hashes of the epochs that are complete here, by number. */
export async function storedEpochs(database: Kysely<Tables>): Promise<Map<string, string>> {
  const rows = await database.selectFrom('epoch').select(['epoch', 'tuple_hash']).execute();
  return new Map(rows.map((row) => [row.epoch, row.tuple_hash]));
}
