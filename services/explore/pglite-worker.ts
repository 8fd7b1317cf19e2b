import { parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';

/** What the main thread posts: one statement, answered under the same id. */
export interface PgliteRequest {
  readonly id: number;
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

export type PgliteAnswer =
  | { readonly id: number; readonly rows: readonly unknown[]; readonly affected: number }
  | { readonly id: number; readonly error: string };

const port = parentPort;
if (port === null) throw new Error('pglite-worker runs in a worker thread only');

const INT8 = 20;
try {
  const { dir } = workerData as { dir: string };
  const database = await PGlite.create(dir, { parsers: { [INT8]: Number } });
  port.on('message', (request: PgliteRequest | 'close') => {
    if (request === 'close') {
      void database.close().then(() => {
        port.postMessage('closed');
        port.close();
      });
      return;
    }
    database.query(request.sql, [...request.parameters]).then(
      (result) => {
        port.postMessage({ id: request.id, rows: result.rows, affected: result.affectedRows ?? 0 });
      },
      (error: unknown) => {
        port.postMessage({ id: request.id, error: error instanceof Error ? error.message : String(error) });
      },
    );
  });
  port.postMessage('open');
} catch (error) {
  // A database that does not open is a view that gets rebuilt: the opener decides, so tell it and end.
  port.postMessage({ id: 0, error: error instanceof Error ? error.message : String(error) });
  port.close();
}
