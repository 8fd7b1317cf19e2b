import { join } from 'node:path';
import { signCheckpoint } from '#protocol/evidence/checkpoint';
import type { NoteSigner } from '#protocol/evidence/note';
import { entryReceivedAt } from '#protocol/evidence/record';
import { TILE_WIDTH, tilePath } from '#protocol/evidence/tile';
import type { Millis } from '#protocol/units';
import type { JournalReader } from '#services/runtime/evidence/journal-reader';
import { DurableFolder } from './durable-folder.ts';
import type { LogFiles } from './log-files.ts';
import { publicFile, type TilePlaceAndBytes, type TreeEdge } from './tree-edge.ts';

/** The last published tree head. */
export interface Published {
  readonly size: number;
  readonly root: Uint8Array;
}

/** Entries that one checkpoint adds at most, so that catching up keeps memory bounded. */
const ROUND = 16_384;
/** How long partial files stay after the full one is out, for readers of older checkpoints. */
const KEEP_PARTIAL_MS = 600_000;

/** Puts entries into public tiles once they are old enough; the checkpoint follows when every file under it is durable. */
export class Publisher {
  readonly #options: PublisherOptions;
  readonly #folder: DurableFolder;
  #edge: TreeEdge;
  /** null before the first checkpoint. */
  #published: Published | null;
  #superseded: { readonly path: string; readonly at: number }[] = [];
  #running: Promise<void> | undefined;

  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#folder = new DurableFolder(options.files, {
      root: join(options.dir, 'public'),
      drafts: join(options.dir, 'drafts'),
    });
    this.#edge = options.edge;
    this.#published = options.hasCheckpoint ? { size: options.edge.size, root: options.edge.root() } : null;
  }

  get published(): Published | null {
    return this.#published;
  }

  async open(): Promise<void> {
    await this.#folder.open();
  }

  /** Publishes all that is old enough by now; calls at the same time share one run. */
  async integrate(): Promise<void> {
    this.#running ??= this.#integrate().finally(() => (this.#running = undefined));
    await this.#running;
  }

  async #integrate(): Promise<void> {
    const { clock, delayMs, reader } = this.#options;
    for (;;) {
      const due = clock() - delayMs;
      const old = await oldEntries(reader, { from: this.#edge.size, due });
      if (old.length === 0 && this.#published !== null) break;
      const edge = this.#edge.clone();
      const full = await appendAll(edge, old);
      await this.#folder.write([...full, ...edge.partials()].map(publicFile));
      await this.#publish(edge);
      this.#noteSuperseded(full);
    }
    await this.#dropSuperseded();
  }

  async #publish(edge: TreeEdge): Promise<void> {
    const head = { size: edge.size, root: edge.root() };
    const { origin, signer } = this.#options;
    await this.#folder.write([{ path: 'checkpoint', bytes: signCheckpoint({ origin, ...head }, [signer]) }]);
    this.#edge = edge;
    this.#published = head;
  }

  #noteSuperseded(full: readonly TilePlaceAndBytes[]): void {
    const at = this.#options.clock();
    for (const place of full)
      this.#superseded.push({ path: `${tilePath({ ...place, width: TILE_WIDTH })}.p`, at });
  }

  async #dropSuperseded(): Promise<void> {
    const until = this.#options.clock() - KEEP_PARTIAL_MS;
    const expired = this.#superseded.filter(({ at }) => at <= until);
    if (expired.length === 0) return;
    this.#superseded = this.#superseded.filter(({ at }) => at > until);
    for (const { path } of expired) await this.#options.files.remove(join(this.#options.dir, 'public', path));
  }
}

/** Stamps never fall, so what is old enough is a prefix: mostly the first entry tells that there is none. */
async function oldEntries(
  reader: JournalReader,
  { from, due }: { readonly from: number; readonly due: number },
): Promise<readonly Uint8Array[]> {
  const [first] = await reader.readEntries(from, 1);
  if (first === undefined || entryReceivedAt(first) > due) return [];
  const entries = await reader.readEntries(from, ROUND);
  let [old, young] = [0, entries.length];
  while (old < young) {
    const middle = Math.floor((old + young) / 2);
    const entry = entries[middle];
    if (entry === undefined || entryReceivedAt(entry) > due) young = middle;
    else old = middle + 1;
  }
  return entries.slice(0, old);
}

/** In portions, between which receipts are given: hashing all of a round at once would keep them waiting. */
async function appendAll(edge: TreeEdge, entries: readonly Uint8Array[]): Promise<TilePlaceAndBytes[]> {
  const full: TilePlaceAndBytes[] = [];
  for (let at = 0; at < entries.length; at += TILE_WIDTH) {
    for (const entry of entries.slice(at, at + TILE_WIDTH)) full.push(...edge.append(entry));
    await new Promise(setImmediate);
  }
  return full;
}

export interface PublisherOptions {
  /** The log's folder; public files go to public/ below it. */
  readonly dir: string;
  readonly files: LogFiles;
  readonly origin: string;
  readonly signer: NoteSigner;
  readonly clock: () => Millis;
  readonly delayMs: number;
  readonly reader: JournalReader;
  /** The right edge at the size of the checkpoint on disk. */
  readonly edge: TreeEdge;
  readonly hasCheckpoint: boolean;
}
