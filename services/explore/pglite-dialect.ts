import { Worker } from 'node:worker_threads';
import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from 'kysely';
import type { PgliteAnswer, PgliteRequest } from './pglite-worker.ts';

/** The embedded database in a thread of its own, so that a long statement never delays an answer over HTTP. */
export class PgliteThread implements DatabaseConnection {
  readonly #worker: Worker;
  readonly #waiting = new Map<
    number,
    { resolve: (answer: PgliteAnswer) => void; reject: (error: Error) => void }
  >();
  #next = 1;
  /** Why nothing can be asked any more. */
  #ended: Error | null = null;
  #closing = false;

  private constructor(worker: Worker, lost: (error: Error) => void) {
    this.#worker = worker;
    worker.on('message', (answer: PgliteAnswer | string) => {
      if (typeof answer === 'string') return;
      this.#waiting.get(answer.id)?.resolve(answer);
      this.#waiting.delete(answer.id);
    });
    const fail = (error: Error): void => {
      if (this.#ended === null && !this.#closing) lost(error);
      this.#ended ??= error;
      for (const { reject } of this.#waiting.values()) reject(error);
      this.#waiting.clear();
    };
    worker.on('error', fail);
    worker.on('exit', () => {
      fail(new Error('the database thread has ended'));
    });
  }

  /** Rejects where the folder holds no database that opens; `lost` is called where it ends without being closed. */
  static async open(dir: string, lost: (error: Error) => void): Promise<PgliteThread> {
    const worker = new Worker(new URL('./pglite-thread.mjs', import.meta.url), {
      execArgv: [],
      workerData: { dir },
    });
    await new Promise<void>((resolve, reject) => {
      worker.once('message', (answer: unknown) => {
        if (answer === 'open') resolve();
        else reject(new Error(`the database in ${dir} does not open: ${JSON.stringify(answer)}`));
      });
      worker.once('error', reject);
      worker.once('exit', () => {
        reject(new Error(`the database in ${dir} does not open: its thread ended`));
      });
    });
    return new PgliteThread(worker, lost);
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    if (this.#ended !== null) throw this.#ended;
    const id = this.#next++;
    const answer = await new Promise<PgliteAnswer>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      const request: PgliteRequest = { id, sql: query.sql, parameters: query.parameters };
      this.#worker.postMessage(request);
    });
    if ('error' in answer) throw new Error(answer.error);
    return { rows: answer.rows as R[], numAffectedRows: BigInt(answer.affected) };
  }

  async *streamQuery<R>(query: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
    yield await this.executeQuery<R>(query);
  }

  /** Waits until the database has written what it holds. */
  async close(): Promise<void> {
    if (this.#ended !== null) return;
    this.#closing = true;
    const ended = new Promise<void>((resolve) => {
      this.#worker.once('exit', () => {
        resolve();
      });
    });
    this.#worker.postMessage('close');
    await ended;
  }
}

/** Kysely over one PgliteThread: one connection, so transactions take turns. */
export class PgliteDialect implements Dialect {
  readonly #thread: PgliteThread;

  constructor(thread: PgliteThread) {
    this.#thread = thread;
  }

  createAdapter(): PostgresAdapter {
    return new PostgresAdapter();
  }

  createQueryCompiler(): PostgresQueryCompiler {
    return new PostgresQueryCompiler();
  }

  createIntrospector(database: ConstructorParameters<typeof PostgresIntrospector>[0]): PostgresIntrospector {
    return new PostgresIntrospector(database);
  }

  createDriver(): Driver {
    const thread = this.#thread;
    let turn: Promise<void> = Promise.resolve();
    let release: () => void = () => undefined;
    const raw = (text: string): CompiledQuery => ({
      sql: text,
      parameters: [],
      query: { kind: 'RawNode', sqlFragments: [text], parameters: [] },
      queryId: { queryId: text },
    });
    return {
      init: () => Promise.resolve(),
      async acquireConnection() {
        const before = turn;
        let finish: () => void = () => undefined;
        const held = new Promise<void>((resolve) => {
          finish = resolve;
        });
        turn = before.then(() => held);
        await before;
        release = finish;
        return thread;
      },
      releaseConnection() {
        release();
        return Promise.resolve();
      },
      async beginTransaction() {
        await thread.executeQuery(raw('begin'));
      },
      async commitTransaction() {
        await thread.executeQuery(raw('commit'));
      },
      async rollbackTransaction() {
        await thread.executeQuery(raw('rollback'));
      },
      destroy: () => thread.close(),
    };
  }
}
