import type { Kysely } from 'kysely';
import { sql } from 'kysely';

/** One row per report in a log: provisional until the epoch's folder is read, then what the oracles settled. */
export interface ReportRow {
  origin: string;
  log_index: number;
  report_id: string;
  kind: 'beacon' | 'witness';
  payload: string;
  key: string;
  received_at: number;
  epoch: string;
  reason: string | null;
  side: string | null;
  selected: boolean;
  note: string | null;
  /** JSON text of the numbers behind the verdict. */
  numbers: string;
  /** The verdict as a sentence; null where the policy that it was judged by is not at hand. */
  says: string | null;
  final: boolean;
}

export interface HotspotRow {
  key: string;
  address: string;
  owner: string;
  destination: string;
  mode: string;
  status: string;
  tier: string;
  cell: string | null;
  /** Nanodegrees; null where no cell is asserted. */
  latitude: number | null;
  longitude: number | null;
  gain: number;
  elevation: number;
  registered_at: number;
  claimed: string;
}

export interface EpochRow {
  epoch: string;
  tuple_hash: string;
  root: string;
  leaf_count: number;
  cumulative_total: string;
  verdicts: number;
  minted: string;
}

export interface PayoutRow {
  epoch: string;
  /** HotspotKey, or `payee:<address>`. */
  subject: string;
  beacon_share: string;
  witness_share: string;
  beacon_amount: string;
  witness_amount: string;
  other_amount: string;
  cumulative: string;
}

export interface Tables {
  report: ReportRow;
  hotspot: HotspotRow;
  epoch: EpochRow;
  payout: PayoutRow;
}

/** Creates what is missing; u64 stand in numeric(20,0) and travel as text, times in int8 as numbers. */
export async function createTables(database: Kysely<Tables>): Promise<void> {
  const statements = [
    sql`create table if not exists report (
      origin text not null, log_index int8 not null, report_id text not null, kind text not null,
      payload text not null, key text not null, received_at int8 not null, epoch numeric(20,0) not null,
      reason text, side text, selected bool not null, note text, numbers text not null,
      says text, final bool not null,
      primary key (origin, log_index))`,
    sql`create index if not exists report_payload on report (payload)`,
    sql`create index if not exists report_key on report (key, received_at)`,
    sql`create index if not exists report_received on report (kind, received_at)`,
    sql`create table if not exists hotspot (
      key text primary key, address text not null, owner text not null, destination text not null,
      mode text not null, status text not null, tier text not null, cell text, latitude int8, longitude int8,
      gain int4 not null, elevation int4 not null, registered_at int8 not null, claimed numeric(20,0) not null)`,
    sql`create table if not exists epoch (
      epoch numeric(20,0) primary key, tuple_hash text not null, root text not null, leaf_count int4 not null,
      cumulative_total numeric(20,0) not null, verdicts int4 not null, minted numeric(20,0) not null)`,
    sql`create table if not exists payout (
      epoch numeric(20,0) not null, subject text not null, beacon_share text not null,
      witness_share text not null, beacon_amount numeric(20,0) not null, witness_amount numeric(20,0) not null,
      other_amount numeric(20,0) not null, cumulative numeric(20,0) not null, primary key (epoch, subject))`,
    sql`create index if not exists payout_subject on payout (subject)`,
  ];
  for (const statement of statements) await statement.execute(database);
}
