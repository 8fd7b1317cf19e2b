import { mkdir, open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cosignedFrame, cosignedFrames } from '#protocol/evidence/cosigned-file';
import { FORK_NAME, type ForkFile } from '#services/runtime/evidence/fork-file';
import { cosignedPath, LATEST_COSIGNED } from '#services/runtime/evidence/cosigned-path';
import { replaceFile } from '#services/runtime/replace-file';

/** What a witness keeps of one log, and serves: its latest note, all notes by the hour, and forks. */
export interface CosignedFiles {
  /** The latest cosigned note; null before the first. */
  latest(): Promise<Uint8Array | null>;
  /** Whether a fork of the log was kept. */
  hasFork(): Promise<boolean>;
  /** Durable when it resolves, the latest note first: whatever was given out binds the witness after a crash. */
  add(note: Uint8Array, hour: number): Promise<void>;
  keepFork(fork: ForkFile): Promise<void>;
}

/** `folder` is the log's below the witness's public files. */
export async function openCosignedFiles(folder: string, witnessId: string): Promise<CosignedFiles> {
  const place = (file: string | number): string => join(folder, cosignedPath(witnessId, file));
  await mkdir(join(place(LATEST_COSIGNED), '..'), { recursive: true });
  /** Hours whose torn tail was cut in this run. */
  const whole = new Set<number>();

  async function append(file: string, frame: Uint8Array, isWhole: boolean): Promise<void> {
    // 'a+' makes the file where it is missing; what is written goes to its end, wherever it was read.
    const handle = await open(file, 'a+');
    try {
      if (!isWhole) await handle.truncate(cosignedFrames(await handle.readFile()).whole);
      await handle.writeFile(frame);
      await handle.datasync();
    } finally {
      await handle.close();
    }
  }

  return {
    latest: async () => {
      try {
        return new Uint8Array(await readFile(place(LATEST_COSIGNED)));
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
        throw error;
      }
    },
    hasFork: async () => (await readdir(folder)).some((name) => FORK_NAME.test(name)),
    add: async (note, hour) => {
      await replaceFile(place(LATEST_COSIGNED), note);
      const isWhole = whole.delete(hour);
      await append(place(hour), cosignedFrame(note), isWhole);
      whole.add(hour);
    },
    keepFork: ({ name, text }) => replaceFile(join(folder, name), text),
  };
}
