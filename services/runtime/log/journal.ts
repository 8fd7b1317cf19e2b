import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { DURABLE_MARK_NAME, encodeDurableMark } from '#services/runtime/evidence/durable-mark';
import {
  encodeFrames,
  SEGMENT_HEADER_BYTES,
  segmentHeader,
  segmentName,
} from '#services/runtime/evidence/journal-frame';
import { LogError, retryably, synced } from './log-error.ts';
import {
  hasCode,
  makeDurableFolder,
  syncFolder,
  writeAll,
  type LogFile,
  type LogFiles,
} from './log-files.ts';
import { recoverJournal, type JournalEnd } from './recover-journal.ts';

/** The private, append-only truth of a log. One append at a time. */
export interface Journal {
  /** Index of the next entry. */
  readonly next: number;
  /**
   * Resolves when all entries are on disk. A LogError log_unavailable leaves the journal as it was; after log_failed
   * this process must not use it any more.
   */
  append(entries: readonly Uint8Array[]): Promise<void>;
  /** Writes the mark for readers again where the last append could not. */
  refreshMark(): Promise<void>;
  close(): Promise<void>;
}

export interface JournalOptions {
  readonly dir: string;
  readonly origin: string;
  /** A segment that has so many bytes is followed by a new one. */
  readonly segmentBytes: number;
  readonly files: LogFiles;
  /** Called for each entry on disk, in order. */
  readonly visit: (entry: Uint8Array, index: number) => void;
  /** As for `recoverJournal`. */
  readonly begin?: (first: number) => Promise<void>;
}

export async function openJournal(options: JournalOptions): Promise<Journal> {
  const { dir, files } = options;
  // Private: what stands here may be read by others only after its window has closed.
  await retryably(dir, () => makeDurableFolder(files, dir, 0o700));
  const end = await recoverJournal(options);
  const writer = new SegmentWriter({ ...options, end });
  await retryably(dir, () => writer.start());
  return writer;
}

class SegmentWriter implements Journal {
  readonly #dir: string;
  readonly #origin: string;
  readonly #segmentBytes: number;
  readonly #files: LogFiles;
  #next: number;
  #segment: { readonly first: number; readonly path: string; readonly file: LogFile } | undefined;
  #first: number | undefined;
  /** All before it in the segment is durable and whole. */
  #offset: number;
  /** Whether bytes of a failed write may stand behind #offset. */
  #torn = false;
  #mark: LogFile | undefined;
  /** What the mark on disk says. */
  #marked: number | undefined;

  constructor(input: {
    readonly dir: string;
    readonly origin: string;
    readonly segmentBytes: number;
    readonly files: LogFiles;
    readonly end: JournalEnd;
  }) {
    this.#dir = input.dir;
    this.#origin = input.origin;
    this.#segmentBytes = input.segmentBytes;
    this.#files = input.files;
    this.#next = input.end.next;
    this.#first = input.end.segment?.first;
    this.#offset = input.end.segment?.bytes ?? SEGMENT_HEADER_BYTES;
  }

  get next(): number {
    return this.#next;
  }

  async start(): Promise<void> {
    if (this.#first !== undefined) {
      const path = join(this.#dir, segmentName(this.#first));
      this.#segment = { first: this.#first, path, file: await this.#files.open(path, 'r+') };
    }
    const path = join(this.#dir, DURABLE_MARK_NAME);
    const exists = await lstat(path).then(
      () => true,
      () => false,
    );
    this.#mark = await this.#files.open(path, exists ? 'r+' : 'w+');
    await this.#writeMark();
    await synced(path, () => this.#mark?.sync() ?? Promise.resolve());
    await syncFolder(this.#files, this.#dir);
  }

  async append(entries: readonly Uint8Array[]): Promise<void> {
    const { path, file } = await retryably(this.#dir, () => this.#writable());
    const bytes = encodeFrames(entries, this.#offset);
    try {
      await retryably(path, () => writeAll(file, bytes, this.#offset));
    } catch (error) {
      this.#torn = true;
      // Gives a full disk its space back at once; where that fails, the next append tries again.
      await this.#cut(file).catch(() => undefined);
      throw error;
    }
    await synced(path, () => file.datasync());
    this.#offset += bytes.length;
    this.#next += entries.length;
    // The entries are durable whatever becomes of the mark: a failure only keeps readers back for a while.
    await this.#writeMark().catch(() => undefined);
  }

  async refreshMark(): Promise<void> {
    if (this.#marked !== this.#next) await retryably(this.#dir, () => this.#writeMark());
  }

  async close(): Promise<void> {
    await this.#segment?.file.close();
    await this.#mark?.close();
  }

  async #writable(): Promise<{ readonly path: string; readonly file: LogFile }> {
    if (this.#segment !== undefined && this.#torn) await this.#cut(this.#segment.file);
    if (this.#segment !== undefined && this.#offset < this.#segmentBytes) return this.#segment;
    const path = join(this.#dir, segmentName(this.#next));
    const draft = `${path}.new`;
    if (await isThere(path))
      throw new LogError('log_unavailable', { path, cause: 'a foreign file is in the way' });
    const file = await this.#files.open(draft, 'w+');
    try {
      await writeAll(file, segmentHeader(this.#next, this.#origin), 0);
      await synced(draft, () => file.sync());
      // Under its name a segment always has its whole header.
      await this.#files.rename(draft, path);
      await syncFolder(this.#files, this.#dir);
    } catch (error) {
      await file.close();
      // It holds no entry yet; if it stayed, the next attempt would take it for a foreign file.
      await this.#files.remove(path);
      throw error;
    }
    await this.#segment?.file.close();
    this.#offset = SEGMENT_HEADER_BYTES;
    this.#segment = { first: this.#next, path, file };
    return this.#segment;
  }

  async #cut(file: LogFile): Promise<void> {
    await file.truncate(this.#offset);
    this.#torn = false;
  }

  async #writeMark(): Promise<void> {
    const next = this.#next;
    const mark = encodeDurableMark({ next, segment: this.#segment?.first ?? 0, offset: this.#offset });
    if (this.#mark !== undefined) await writeAll(this.#mark, mark, 0);
    this.#marked = next;
  }
}

async function isThere(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    (error: unknown) => {
      if (hasCode(error, 'ENOENT')) return false;
      throw error;
    },
  );
}
