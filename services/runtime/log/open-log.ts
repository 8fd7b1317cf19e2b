import { join } from 'node:path';
import type { NoteSigner } from '#protocol/evidence/note';
import type { Receipt } from '#protocol/evidence/receipt';
import { encodeRecord, entryReceivedAt, type EvidenceBody } from '#protocol/evidence/record';
import { millis, type EpochNumber, type Millis } from '#protocol/units';
import { openJournalReader, type JournalReader } from '#services/runtime/evidence/journal-reader';
import { CommitQueue } from './commit-queue.ts';
import { lockFolder, type FolderLock } from './folder-lock.ts';
import { openJournal, type Journal } from './journal.ts';
import { LogError, retryably } from './log-error.ts';
import { DISK, makeDurableFolder, type LogFiles } from './log-files.ts';
import { makeReceipts } from './make-receipts.ts';
import { Publisher, type Published } from './publisher.ts';
import { readHead, RecoveredTail } from './recovered-tail.ts';

/** The one writer of an evidence log. */
export interface EvidenceLog {
  readonly origin: string;
  /** Entries that are on disk. */
  readonly size: number;
  /** The first entry that is kept here: those before it were dropped, and stand in mirrors. */
  readonly first: number;
  /** The newest public checkpoint; null before the first. */
  readonly published: Published | null;
  readonly lastClosedEpoch: EpochNumber | null;
  /**
   * Stamps the bodies once, and resolves when they are on disk, in this order and without others between them. Rejects
   * with a LogError otherwise: then none of them was receipted.
   */
  append(bodies: readonly EvidenceBody[]): Promise<readonly Receipt[]>;
  /** Entries from an index on that the newest checkpoint covers, and so everybody may read. */
  publishedEntries(from: number, max: number): Promise<readonly Uint8Array[]>;
  /** A receipt of its own for an entry that the newest checkpoint covers; null for any other. */
  receiptAgain(index: number): Promise<Receipt | null>;
  /** Ends an epoch's evidence; only the one after lastClosedEpoch (or any first one) can be closed. */
  closeEpoch(epoch: EpochNumber): Promise<void>;
  /** Publishes all that is older than the delay; happens by itself about every second. */
  integrate(): Promise<void>;
  /** Finishes what is under way; what was not published is when the log opens again. */
  close(): Promise<void>;
}

export interface LogOptions {
  /** Holds lock, journal/ and public/. */
  readonly dir: string;
  /** `<name>/<network address>/<ingest>`, the name of the signer's key as well. */
  readonly origin: string;
  readonly signer: NoteSigner;
  readonly clock: () => Millis;
  /** Called once after a failed fsync, or if another process took the lock: the process must end. */
  readonly fatal: (error: LogError) => void;
  /** What went wrong with publishing; it is tried again. */
  readonly failed?: (error: unknown) => void;
  /** How long nothing is readable after its received_at. */
  readonly delayMs?: number;
  readonly integrateEveryMs?: number;
  readonly segmentBytes?: number;
  /** Entries that may wait for the disk; above it appends are refused with log_busy. */
  readonly queueBytes?: number;
  readonly files?: LogFiles;
}

const DEFAULTS = {
  delayMs: 15_000,
  integrateEveryMs: 1000,
  segmentBytes: 64 << 20,
  queueBytes: 32 << 20,
  files: DISK,
};

/** Takes the lock, recovers the journal, checks it against the published checkpoint, and goes on from there. */
export async function openLog(options: LogOptions): Promise<EvidenceLog> {
  if (options.signer.key.name !== options.origin)
    throw new RangeError(`the key of ${options.signer.key.name} cannot sign for ${options.origin}`);
  const failure: { stop?: (error: LogError) => void } = {};
  const fatal = (error: LogError): void => {
    failure.stop?.(error);
    options.fatal(error);
  };
  const lock = await lockFolder(join(options.dir, 'lock'), fatal);
  try {
    const log = await OpenLog.open({ ...DEFAULTS, ...options, fatal, lock });
    failure.stop = (error) => {
      log.stop(error);
    };
    return log;
  } catch (error) {
    await lock.release();
    throw error;
  }
}

type Settings = LogOptions & typeof DEFAULTS & { readonly lock: FolderLock };

class OpenLog implements EvidenceLog {
  readonly first: number;
  readonly #settings: Settings;
  readonly #journal: Journal;
  readonly #reader: JournalReader;
  readonly #queue: CommitQueue<readonly Receipt[]>;
  readonly #publisher: Publisher;
  readonly #timer: NodeJS.Timeout;
  #lastReceivedAt: number;
  #lastClosedEpoch: EpochNumber | null;
  #stopped: LogError | undefined;

  static async open(settings: Settings): Promise<OpenLog> {
    const { dir, files } = settings;
    // The folder was made by the lock, or by an operator: its own name is part of what receipts stand on.
    await retryably(dir, () => makeDurableFolder(files, dir));
    const head = await readHead(join(settings.dir, 'public', 'checkpoint'), settings.signer);
    const recovered = new RecoveredTail(head);
    const journal = await openJournal({
      ...settings,
      dir: journalDir(settings.dir),
      visit: (entry, index) => {
        recovered.visit(entry, index);
      },
      begin: (first) => recovered.begin(first, join(dir, 'public')),
    });
    try {
      recovered.requireHead(journal.next);
      const reader = openJournalReader(journalDir(settings.dir));
      const publisher = new Publisher({
        ...settings,
        reader,
        edge: recovered.edge,
        hasCheckpoint: head !== null,
      });
      await retryably(settings.dir, () => publisher.open());
      return new OpenLog(settings, { journal, reader, publisher, recovered });
    } catch (error) {
      await journal.close();
      throw error;
    }
  }

  private constructor(
    settings: Settings,
    parts: {
      readonly journal: Journal;
      readonly reader: JournalReader;
      readonly publisher: Publisher;
      readonly recovered: RecoveredTail;
    },
  ) {
    this.#settings = settings;
    this.#journal = parts.journal;
    this.#reader = parts.reader;
    this.#publisher = parts.publisher;
    this.#queue = new CommitQueue(parts.journal, { limitBytes: settings.queueBytes, fatal: settings.fatal });
    this.first = parts.recovered.first;
    this.#lastReceivedAt = parts.recovered.lastReceivedAt;
    this.#lastClosedEpoch = parts.recovered.lastClosedEpoch;
    this.#timer = setInterval(() => void this.integrate().catch(ignore), settings.integrateEveryMs);
    this.#timer.unref();
  }

  get origin(): string {
    return this.#settings.origin;
  }

  get size(): number {
    return this.#journal.next;
  }

  get published(): Published | null {
    return this.#publisher.published;
  }

  get lastClosedEpoch(): EpochNumber | null {
    return this.#lastClosedEpoch;
  }

  async append(bodies: readonly EvidenceBody[]): Promise<readonly Receipt[]> {
    if (bodies.length === 0) return [];
    this.#lastReceivedAt = Math.max(this.#lastReceivedAt, this.#settings.clock());
    const receivedAt = millis(this.#lastReceivedAt);
    const entries = bodies.map((body) => encodeRecord({ receivedAt, body }));
    return await this.#queue.add({
      entries,
      answer: (first) => makeReceipts(entries, { ...this.#settings, first, receivedAt }),
    });
  }

  async publishedEntries(from: number, max: number): Promise<readonly Uint8Array[]> {
    const size = this.published?.size ?? 0;
    return from >= size || from < this.first
      ? []
      : await this.#reader.readEntries(from, Math.min(max, size - from));
  }

  async receiptAgain(index: number): Promise<Receipt | null> {
    const [entry] = await this.publishedEntries(index, 1);
    if (entry === undefined) return null;
    const receivedAt = entryReceivedAt(entry);
    return makeReceipts([entry], { ...this.#settings, first: index, receivedAt })[0] ?? null;
  }

  async closeEpoch(epoch: EpochNumber): Promise<void> {
    const last = this.#lastClosedEpoch;
    if (last !== null && epoch !== last + 1n)
      throw new RangeError(`epoch ${epoch} cannot be closed after epoch ${last}`);
    await this.append([{ kind: 'epoch_close', epoch }]);
    this.#lastClosedEpoch = epoch;
  }

  async integrate(): Promise<void> {
    // After a failed fsync nothing here knows what is on disk, and another process may own the folder already.
    if (this.#stopped !== undefined) throw this.#stopped;
    try {
      await this.#journal.refreshMark();
      await this.#publisher.integrate();
    } catch (error) {
      if (error instanceof LogError && error.code === 'log_failed') this.#settings.fatal(error);
      else this.#settings.failed?.(error);
      throw error;
    }
  }

  stop(error: LogError): void {
    this.#stopped ??= error;
    clearInterval(this.#timer);
    void this.#queue.close(error);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#queue.close(new LogError('log_closed'));
    await this.integrate().catch(ignore);
    await this.#journal.close();
    await this.#settings.lock.release();
  }
}

function journalDir(dir: string): string {
  return join(dir, 'journal');
}

function ignore(): void {
  // Told to `failed` or `fatal` already.
}
