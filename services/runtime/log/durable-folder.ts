import { dirname, join, relative, sep } from 'node:path';
import { LogError, synced } from './log-error.ts';
import { makeDurableFolder, syncFolder, writeAll, type LogFiles } from './log-files.ts';
import type { PublicFile } from './tree-edge.ts';

/** Files written at once are enough to keep a disk busy. */
const PARALLEL = 8;

/** A folder whose files appear whole, and are on disk when `write` resolves; drafts lie in a folder beside it. */
export class DurableFolder {
  readonly #files: LogFiles;
  readonly #root: string;
  readonly #drafts: string;
  /** Folders that are known to be there and durable. */
  readonly #known = new Set<string>();

  constructor(files: LogFiles, { root, drafts }: { readonly root: string; readonly drafts: string }) {
    this.#files = files;
    this.#root = root;
    this.#drafts = drafts;
  }

  async open(): Promise<void> {
    await this.#files.remove(this.#drafts);
    await this.#files.makeFolder(this.#drafts);
    await makeDurableFolder(this.#files, this.#root);
  }

  async write(files: readonly PublicFile[]): Promise<void> {
    const folders = new Set(files.map(({ path }) => dirname(join(this.#root, path))));
    for (const folder of folders) await this.#create(folder);
    for (let at = 0; at < files.length; at += PARALLEL) await this.#placeAll(files.slice(at, at + PARALLEL));
    for (const folder of folders) await syncFolder(this.#files, folder);
  }

  /** Ends only when none is under way any more: the next attempt writes the same drafts. */
  async #placeAll(files: readonly PublicFile[]): Promise<void> {
    const placed = await Promise.allSettled(files.map((file, slot) => this.#place(file, slot)));
    const failed = placed.flatMap((each) =>
      each.status === 'rejected' && each.reason instanceof Error ? [each.reason] : [],
    );
    // A failed fsync ends the process, whatever else failed beside it.
    const worst = failed.find((error) => error instanceof LogError && !error.retryable) ?? failed[0];
    if (worst !== undefined) throw worst;
  }

  async #place({ path, bytes }: PublicFile, slot: number): Promise<void> {
    const draft = join(this.#drafts, String(slot));
    const handle = await this.#files.open(draft, 'w');
    try {
      await writeAll(handle, bytes, 0);
      await synced(draft, () => handle.datasync());
    } finally {
      await handle.close();
    }
    await this.#files.rename(draft, join(this.#root, path));
  }

  async #create(folder: string): Promise<void> {
    let path = this.#root;
    for (const step of relative(this.#root, folder).split(sep)) {
      path = join(path, step);
      if (step === '' || this.#known.has(path)) continue;
      await makeDurableFolder(this.#files, path);
      this.#known.add(path);
    }
  }
}
