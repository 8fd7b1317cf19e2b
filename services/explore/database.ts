import { rm } from 'node:fs/promises';
import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { PgliteDialect, PgliteThread } from './pglite-dialect.ts';
import { createTables, type Tables } from './tables.ts';

const INT8 = 20;

/** PostgreSQL where a URL is given, else PGlite in `dir`; an embedded database that does not open is deleted and made anew. */
export async function openDatabase(input: {
  readonly url: string | null;
  readonly dir: string;
  readonly warn: (message: string, context: Readonly<Record<string, unknown>>) => void;
}): Promise<Kysely<Tables>> {
  if (input.url === null) return openEmbedded(input.dir, input.warn);
  const database = openPostgres(input.url);
  await createTables(database);
  return database;
}

function openPostgres(url: string): Kysely<Tables> {
  // int8 holds times and log indexes only, all below 2^53, so that numbers are the same here and in PGlite.
  const types: pg.CustomTypesConfig = {
    getTypeParser: (oid, format) => (oid === INT8 ? Number : pg.types.getTypeParser(oid, format)),
  };
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString: url, max: 4, types }) }) });
}

async function openEmbedded(
  dir: string,
  warn: (message: string, context: Readonly<Record<string, unknown>>) => void,
): Promise<Kysely<Tables>> {
  try {
    return await openUsable(dir);
  } catch (error) {
    warn('the read model does not open; it is a view, so it is deleted and rebuilt', { dir, error: String(error) });
    await rm(dir, { recursive: true, force: true });
    return openUsable(dir);
  }
}

async function openUsable(dir: string): Promise<Kysely<Tables>> {
  const thread = await PgliteThread.open(dir);
  const database = new Kysely<Tables>({ dialect: new PgliteDialect(thread) });
  try {
    await createTables(database);
    await database.selectFrom('report').select('log_index').limit(1).execute();
    return database;
  } catch (error) {
    await database.destroy();
    throw error;
  }
}
