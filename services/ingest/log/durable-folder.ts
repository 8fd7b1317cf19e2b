import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { syncFolder } from './journal.ts';
import { synced } from './log-error.ts';
import type { PublicFile } from './tree-edge.ts';

/** Files written at once are enough to keep a disk busy. */
const PARALLEL = 8;

/** A folder whose files appear whole, and are on disk when `write` resolves; drafts lie in a folder beside it. */
export class DurableFolder {
  readonly #root: string;
  readonly #drafts: string;
  /** Folders that are known to be there and durable. */
  readonly #known = new Set<string>();

  constructor(root: string, drafts: string) {
    this.#root = root;
    this.#drafts = drafts;
  }

  async open(): Promise<void> {
    await rm(this.#drafts, { recursive: true, force: true });
    await mkdir(this.#drafts, { recursive: true });
    await mkdir(this.#root, { recursive: true });
    await syncFolder(dirname(this.#root));
  }

  async write(files: readonly PublicFile[]): Promise<void> {
    const folders = new Set(files.map(({ path }) => dirname(join(this.#root, path))));
    for (const folder of folders) await this.#create(folder);
    for (let at = 0; at < files.length; at += PARALLEL)
      await Promise.all(files.slice(at, at + PARALLEL).map((file, slot) => this.#place(file, slot)));
    for (const folder of folders) await syncFolder(folder);
  }

  async #place({ path, bytes }: PublicFile, slot: number): Promise<void> {
    const draft = join(this.#drafts, String(slot));
    const handle = await open(draft, 'w');
    try {
      await handle.writeFile(bytes);
      await synced(draft, () => handle.datasync());
    } finally {
      await handle.close();
    }
    await rename(draft, join(this.#root, path));
  }

  async #create(folder: string): Promise<void> {
    let path = this.#root;
    for (const step of relative(this.#root, folder).split(sep)) {
      const parent = path;
      path = join(path, step);
      if (step === '' || this.#known.has(path)) continue;
      await mkdir(path, { recursive: true });
      await syncFolder(parent);
      this.#known.add(path);
    }
  }
}
