import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { DISK, type LogFile, type LogFiles } from '#services/runtime/log/log-files';
import { LossyFile, type Survival } from './lossy-file.ts';

/** One call of the log on its disk. */
export interface DiskCall {
  readonly name: 'open' | 'makeFolder' | 'rename' | 'remove' | 'write' | 'datasync' | 'sync' | 'truncate';
  /** Below the disk's root. */
  readonly path: string;
  readonly isFolder: boolean;
}

/** What becomes of a call: it fails, a write takes only a part, or a sync answers without having done anything. */
export type Fault = 'EIO' | 'ENOSPC' | 'short' | 'forgotten';

/** What a power loss left: every file by its path, every folder as null. */
export type Survivors = ReadonlyMap<string, Uint8Array | null>;

/** A folder's names: what each stood for since the folder was last synced, oldest first; undefined for nothing. */
class LossyFolder {
  readonly names = new Map<string, (LossyFile | LossyFolder | undefined)[]>();

  get(name: string): LossyFile | LossyFolder | undefined {
    return this.names.get(name)?.at(-1);
  }

  set(name: string, node: LossyFile | LossyFolder | undefined): void {
    this.names.set(name, [...(this.names.get(name) ?? [undefined]), node]);
  }

  sync(): void {
    for (const [name, nodes] of this.names) this.names.set(name, nodes.slice(-1));
  }
}

/**
 * Real files in a folder, and beside them what of these is on a disk that keeps nothing which was not synced: bytes not
 * without an fsync of their file, names (creations, renames, removals) not without one of their folder.
 */
export class LossyDisk {
  readonly files: LogFiles;
  /** Every call so far. */
  readonly calls: DiskCall[] = [];
  fault: (call: DiskCall, at: number) => Fault | undefined = () => undefined;
  /** Told after every call, as the power may fail there. */
  onCall: () => void = () => undefined;
  readonly #root: string;
  readonly #folder = new LossyFolder();
  readonly #random: () => number;

  constructor(root: string, random: () => number) {
    this.#root = root;
    this.#random = random;
    this.files = {
      open: (path, flags) => this.#open(path, flags),
      makeFolder: (path, mode) =>
        this.#change({ name: 'makeFolder', path }, async () => {
          const { folder, name } = this.#place(path);
          if (folder.get(name) === undefined) folder.set(name, new LossyFolder());
          await DISK.makeFolder(path, mode);
        }),
      rename: (from, to) =>
        this.#change({ name: 'rename', path: to }, async () => {
          const [old, next] = [this.#place(from), this.#place(to)];
          next.folder.set(next.name, old.folder.get(old.name));
          old.folder.set(old.name, undefined);
          await DISK.rename(from, to);
        }),
      remove: (path) =>
        this.#change({ name: 'remove', path }, async () => {
          const { folder, name } = this.#place(path);
          if (folder.get(name) !== undefined) folder.set(name, undefined);
          await DISK.remove(path);
        }),
    };
  }

  /** The bytes of a file as readers see them now. */
  seen(path: string): Uint8Array | undefined {
    const { folder, name } = this.#place(join(this.#root, path));
    const node = folder.get(name);
    return node instanceof LossyFile ? node.seen : undefined;
  }

  /** What is left if the power fails now; another one each time that it is asked. */
  survivors(survival: Survival): Survivors {
    const left = new Map<string, Uint8Array | null>();
    const visit = (folder: LossyFolder, path: string): void => {
      for (const [name, nodes] of folder.names) {
        const node = survival === 'synced' ? nodes[0] : nodes[Math.floor(this.#random() * nodes.length)];
        if (node === undefined) continue;
        left.set(join(path, name), node instanceof LossyFile ? node.survivor(survival, this.#random) : null);
        if (node instanceof LossyFolder) visit(node, join(path, name));
      }
    };
    visit(this.#folder, '');
    return left;
  }

  /** Takes over what an earlier power loss left, as durable. */
  load(survivors: Survivors): void {
    for (const [path, bytes] of survivors) {
      const { folder, name } = this.#place(join(this.#root, path));
      folder.set(name, bytes === null ? new LossyFolder() : new LossyFile(bytes));
      folder.sync();
    }
  }

  async #open(path: string, flags: string): Promise<LogFile> {
    const call = { name: 'open', path, flags } as const;
    return await this.#change(call, async () => {
      const { folder, name } = this.#place(path);
      const file = await DISK.open(path, flags);
      let node = name === '' ? this.#folder : folder.get(name);
      if (node === undefined) folder.set(name, (node = new LossyFile(new Uint8Array(0))));
      else if (node instanceof LossyFile && flags.startsWith('w')) node.truncate(0);
      return node instanceof LossyFolder
        ? this.#openFolder(path, node, file)
        : this.#openFile(path, node, file);
    });
  }

  #openFolder(path: string, node: LossyFolder, file: LogFile): LogFile {
    const sync = async (): Promise<void> => {
      const done = await this.#syncing({ name: 'sync', path, isFolder: true });
      if (done) node.sync();
    };
    return { ...refusing, sync, datasync: sync, close: () => file.close() };
  }

  #openFile(path: string, node: LossyFile, file: LogFile): LogFile {
    const syncAs = (name: 'sync' | 'datasync') => async (): Promise<void> => {
      try {
        if (await this.#syncing({ name, path, isFolder: false })) node.sync();
      } catch (error) {
        node.failSync();
        throw error;
      }
    };
    const write = async (bytes: Uint8Array, from: number, length: number, position: number) =>
      await this.#change({ name: 'write', path }, async (fault) => {
        const fits = fault === 'short' ? Math.max(1, Math.floor(this.#random() * length)) : length;
        node.write(bytes.subarray(from, from + fits), position);
        return await file.write(bytes, from, fits, position);
      });
    return {
      write: write as LogFile['write'],
      sync: syncAs('sync'),
      datasync: syncAs('datasync'),
      truncate: (length = 0) =>
        this.#change({ name: 'truncate', path }, async () => {
          node.truncate(length);
          await file.truncate(length);
        }),
      close: () => file.close(),
    };
  }

  /** Nothing is synced for real: whether a sync was done is a matter of the model. */
  async #syncing(call: DiskCall): Promise<boolean> {
    return await this.#change(call, (fault) => Promise.resolve(fault !== 'forgotten'));
  }

  async #change<Value>(
    of: { readonly name: DiskCall['name']; readonly path: string; readonly isFolder?: boolean },
    work: (fault: Fault | undefined) => Promise<Value>,
  ): Promise<Value> {
    const call = { isFolder: false, ...of, path: relative(this.#root, of.path) };
    const fault = this.fault(call, this.calls.length);
    this.calls.push(call);
    try {
      if (fault === 'EIO' || fault === 'ENOSPC') throw Object.assign(new Error(fault), { code: fault });
      return await work(fault);
    } finally {
      this.onCall();
    }
  }

  #place(path: string): { readonly folder: LossyFolder; readonly name: string } {
    const steps = relative(this.#root, path).split(sep);
    const name = steps.pop() ?? '';
    let folder = this.#folder;
    for (const step of steps) {
      const next = folder.get(step);
      if (!(next instanceof LossyFolder)) return { folder: new LossyFolder(), name };
      folder = next;
    }
    return { folder, name };
  }
}

/** Lays out what is left of a disk as real files. */
export async function layOut(survivors: Survivors, root: string): Promise<void> {
  for (const [path, bytes] of survivors) {
    if (bytes === null) await mkdir(join(root, path), { recursive: true });
    else {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), bytes);
    }
  }
}

const refuse = (): Promise<never> => Promise.reject(new Error('not for a folder'));
const refusing = { write: refuse, truncate: refuse };
