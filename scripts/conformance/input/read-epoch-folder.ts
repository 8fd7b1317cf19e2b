import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { FILES, type FolderFiles } from '#protocol/settle/folder';
import { Refusal } from '../refusal.ts';

const INPUTS: readonly string[] = [
  FILES.epoch,
  FILES.parent,
  FILES.policy,
  FILES.deny,
  FILES.registry,
  FILES.stateBefore,
];

/** The files of an epoch folder that are inputs of the computation; unreadable_folder names what cannot be read. */
export function readEpochFolder(folder: string): FolderFiles {
  const names = attempt(folder, () => readdirSync(folder));
  const inputs = names.filter((name) => INPUTS.includes(name) || /^evidence-[0-9]+\.bin$/.test(name));
  return new Map(
    inputs.map((name) => {
      const path = join(folder, name);
      // Reading a pipe or a device would never end.
      if (!attempt(path, () => statSync(path)).isFile())
        throw new Refusal('unreadable_folder', `${name} is no file`);
      return [name, new Uint8Array(attempt(path, () => readFileSync(path)))];
    }),
  );
}

function attempt<Value>(path: string, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    throw new Refusal('unreadable_folder', error instanceof Error ? error.message : path);
  }
}
