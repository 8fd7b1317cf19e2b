import type { Journal } from './journal.ts';
import { LogError } from './log-error.ts';

/** Entries that belong together: one append, one answer. */
export interface PendingBatch<Answer> {
  readonly entries: readonly Uint8Array[];
  /** Makes the answer for entries that begin at `first`; runs while they are written, is given out when they are durable. */
  readonly answer: (first: number) => Answer;
}

interface Waiting<Answer> extends PendingBatch<Answer> {
  readonly bytes: number;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

const COMMIT_BYTES = 8 << 20;

/** Group commit: whatever waits when the disk is free is written and synced together, in order of arrival. */
export class CommitQueue<Answer> {
  readonly #journal: Journal;
  readonly #limitBytes: number;
  readonly #fatal: (error: LogError) => void;
  #waiting: Waiting<Answer>[] = [];
  #waitingBytes = 0;
  #running: Promise<void> | undefined;
  #stopped: LogError | undefined;

  constructor(
    journal: Journal,
    options: { readonly limitBytes: number; readonly fatal: (error: LogError) => void },
  ) {
    this.#journal = journal;
    this.#limitBytes = options.limitBytes;
    this.#fatal = options.fatal;
  }

  /** Rejects with log_busy or log_closed at once: a refused batch gets no place in line. */
  async add(batch: PendingBatch<Answer>): Promise<Answer> {
    const bytes = batch.entries.reduce((sum, entry) => sum + entry.length, 0);
    if (this.#stopped !== undefined) throw this.#stopped;
    if (this.#waitingBytes > 0 && this.#waitingBytes + bytes > this.#limitBytes)
      throw new LogError('log_busy', { waitingBytes: this.#waitingBytes, limit: this.#limitBytes });
    return await new Promise<Answer>((resolve, reject) => {
      this.#waiting.push({ ...batch, bytes, resolve, reject });
      this.#waitingBytes += bytes;
      this.#running ??= this.#run();
    });
  }

  /** Refuses what comes from now on, and resolves when all that waits is answered. */
  async close(reason: LogError): Promise<void> {
    this.#stopped ??= reason;
    await this.#running;
  }

  async #run(): Promise<void> {
    // One turn of the event loop gathers what arrives together.
    await new Promise(setImmediate);
    while (this.#waiting.length > 0) {
      const group = this.#take();
      try {
        await this.#commit(group);
      } catch (error) {
        for (const { reject } of group) reject(error);
        if (error instanceof LogError && error.retryable) continue;
        this.#fail(error);
      }
    }
    // In the same turn as the last look at the queue, so that no batch is left without a run.
    this.#running = undefined;
  }

  async #commit(group: readonly Waiting<Answer>[]): Promise<void> {
    let first = this.#journal.next;
    const written = this.#journal.append(group.flatMap(({ entries }) => entries));
    const answering = Promise.resolve().then(() =>
      group.map(({ entries, answer, resolve }) => {
        const made = answer(first);
        first += entries.length;
        return () => {
          resolve(made);
        };
      }),
    );
    const [resolvers] = await Promise.all([answering, written]);
    for (const resolve of resolvers) resolve();
  }

  /** What fits one write: at least one batch. */
  #take(): Waiting<Answer>[] {
    let bytes = 0;
    let count = 0;
    for (const batch of this.#waiting) {
      if (count > 0 && bytes + batch.bytes > COMMIT_BYTES) break;
      bytes += batch.bytes;
      count += 1;
    }
    this.#waitingBytes -= bytes;
    return this.#waiting.splice(0, count);
  }

  #fail(error: unknown): void {
    const failure = error instanceof LogError ? error : new LogError('log_failed', {}, { cause: error });
    this.#stopped = failure;
    for (const { reject } of this.#waiting) reject(failure);
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#fatal(failure);
  }
}
