import { rm } from 'node:fs/promises';
import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import type { Logger } from '#services/runtime/logger';
import { PgliteDialect, PgliteThread } from './pglite-dialect.ts';
import { createTables, type Tables } from './tables.ts';

/** PostgreSQL where a URL is given, else PGlite in `dir`; an embedded database that does not open is deleted and made anew. */
export async function openDatabase(input: {
  readonly url: string | null;
  readonly dir: string;
  readonly logger: Logger;
  /** Called where the embedded database ends by itself: only a new process can open it again. */
  readonly lost: (error: Error) => void;
}): Promise<Kysely<Tables>> {
  if (input.url === null) return openEmbedded(input);
  const database = openPostgres(input.url, input.logger);
  await createTables(database);
  return database;
}

function openPostgres(url: string, logger: Logger): Kysely<Tables> {
  // int8 holds times and log indexes only, all below 2^53, so that numbers are the same here and in PGlite.
  pg.types.setTypeParser(pg.types.builtins.INT8, Number);
  const pool = new pg.Pool({ connectionString: url, max: 4 });
  // Idle connections end with their server; the pool makes new ones, and statements in hand fail by themselves.
  pool.on('error', (error) => {
    logger.warn({ error }, 'a connection to PostgreSQL has ended');
  });
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
}

interface Embedded {
  readonly dir: string;
  readonly logger: Logger;
  readonly lost: (error: Error) => void;
}

async function openEmbedded({ dir, logger, lost }: Embedded): Promise<Kysely<Tables>> {
  try {
    return await openUsable(dir, lost);
  } catch (error) {
    logger.warn({ error, dir }, 'the read model does not open; it is a view, so it is deleted and rebuilt');
    await rm(dir, { recursive: true, force: true });
    return openUsable(dir, lost);
  }
}

async function openUsable(dir: string, lost: Embedded['lost']): Promise<Kysely<Tables>> {
  const thread = await PgliteThread.open(dir, lost);
  const database = new Kysely<Tables>({ dialect: new PgliteDialect(thread) });
  try {
    await createTables(database);
    // The youngest column: tables that an older version made do not have it.
    await database.selectFrom('report').select('says').limit(1).execute();
    return database;
  } catch (error) {
    await database.destroy();
    throw error;
  }
}
