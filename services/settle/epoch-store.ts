import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FILES, type FolderFiles } from '#protocol/settle/folder';
import { epochNumber, type EpochNumber } from '#protocol/units';
import { indexText, type EpochEntry } from '#services/runtime/public-epochs';
import { syncFolder, writeDurably } from '#services/runtime/replace-file';

/** The oracle's own epoch folders: public files, written whole or not at all. */
export interface EpochStore {
  read(epoch: EpochNumber): Promise<FolderFiles | null>;
  /** Durable when it resolves; replaces a folder that was computed on another parent. */
  write(entry: EpochEntry, files: FolderFiles): Promise<void>;
}

const INDEX = 'index.json';

/** `folder` holds one folder per epoch and index.json; `entryOf` reads an index entry back from a folder's tuple. */
export async function openEpochStore(
  folder: string,
  entryOf: (files: FolderFiles) => EpochEntry,
): Promise<EpochStore> {
  await mkdir(folder, { recursive: true });
  const entries = new Map<EpochNumber, EpochEntry>();
  for (const name of await readdir(folder)) if (name.startsWith('.')) await clearAway(name);
  for (const name of await readdir(folder)) if (/^\d+$/.test(name)) await remember(epochNumber(BigInt(name)));
  await writeIndex();

  /** A leading dot: what a crash left of a folder that was being written, or replaced and has no successor yet. */
  async function clearAway(name: string): Promise<void> {
    const epoch = /^\.(\d+)\.old$/.exec(name)?.[1];
    if (epoch !== undefined && (await readFolder(join(folder, epoch))) === null)
      await rename(join(folder, name), join(folder, epoch));
    else await rm(join(folder, name), { recursive: true, force: true });
  }

  async function remember(epoch: EpochNumber): Promise<void> {
    try {
      const tuple = await readFile(join(folder, epoch.toString(), FILES.tuple));
      entries.set(epoch, entryOf(new Map([[FILES.tuple, new Uint8Array(tuple)]])));
    } catch {
      // Damaged on disk: not listed, computed again when it is needed.
    }
  }

  async function writeIndex(): Promise<void> {
    const sorted = [...entries.values()].sort((a, b) => (a.epoch < b.epoch ? -1 : 1));
    await writeFile(join(folder, `.${INDEX}`), indexText(sorted));
    await rename(join(folder, `.${INDEX}`), join(folder, INDEX));
  }

  return {
    read: (epoch) => readFolder(join(folder, epoch.toString())),
    async write(entry, files) {
      const name = entry.epoch.toString();
      const fresh = join(folder, `.${name}.new`);
      const old = join(folder, `.${name}.old`);
      await rm(fresh, { recursive: true, force: true });
      await mkdir(fresh);
      for (const [file, bytes] of files) await writeDurably(join(fresh, file), bytes);
      await syncFolder(fresh);
      await rm(old, { recursive: true, force: true });
      await rename(join(folder, name), old).catch(ignoreMissing);
      await rename(fresh, join(folder, name));
      await syncFolder(folder);
      await rm(old, { recursive: true, force: true });
      entries.set(entry.epoch, entry);
      await writeIndex();
    },
  };
}

async function readFolder(path: string): Promise<FolderFiles | null> {
  const names = await readdir(path).catch((error: unknown) => {
    ignoreMissing(error);
    return null;
  });
  if (names === null) return null;
  const files = new Map<string, Uint8Array>();
  for (const name of names.sort()) files.set(name, new Uint8Array(await readFile(join(path, name))));
  return files;
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
}
