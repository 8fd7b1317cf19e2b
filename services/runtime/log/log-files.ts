import { lstat, mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { synced } from './log-error.ts';

/** What the log does with an open file or folder. */
export type LogFile = Pick<FileHandle, 'write' | 'datasync' | 'sync' | 'truncate' | 'close'>;

/** Every call with which the log changes what is on disk; tests pass a disk that fails and loses power as disks do. */
export interface LogFiles {
  open(path: string, flags: string): Promise<LogFile>;
  /** One folder; nothing where it is there already. */
  makeFolder(path: string, mode?: number): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** A file, or a folder with all that is in it; nothing where there is none. */
  remove(path: string): Promise<void>;
}

export const DISK: LogFiles = {
  open,
  makeFolder: async (path, mode) => {
    await mkdir(path, { mode }).catch(async (error: unknown) => {
      if (!hasCode(error, 'EEXIST') || !(await lstat(path)).isDirectory()) throw error;
    });
  },
  rename,
  remove: (path) => rm(path, { recursive: true, force: true }),
};

/** Makes a folder whose name in the one above it is on disk, also where a process that was killed left it there unsynced. */
export async function makeDurableFolder(files: LogFiles, path: string, mode?: number): Promise<void> {
  await files.makeFolder(path, mode);
  await syncFolder(files, dirname(path));
}

/** Makes creations and renames in a folder durable. */
export async function syncFolder(files: LogFiles, path: string): Promise<void> {
  const handle = await files.open(path, 'r');
  await synced(path, () => handle.sync()).finally(() => handle.close());
}

/** Writes all of the bytes, however many the disk takes at once. */
export async function writeAll(
  file: Pick<LogFile, 'write'>,
  bytes: Uint8Array,
  offset: number,
): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, offset + done);
    if (bytesWritten === 0) throw new Error(`the disk took none of ${bytes.length - done} bytes`);
    done += bytesWritten;
  }
}

export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
