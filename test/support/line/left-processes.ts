import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Processes of this machine, other than this one, that were told of a folder by argument or environment. */
export async function leftProcesses(folder: string): Promise<readonly string[]> {
  const names = await readdir('/proc').catch(() => []);
  const found = await Promise.all(
    names
      .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
      .map((pid) => told(pid, folder)),
  );
  return found.filter((line) => line !== null);
}

async function told(pid: string, folder: string): Promise<string | null> {
  const read = (file: string): Promise<string> => readFile(join('/proc', pid, file), 'utf8').catch(() => '');
  const [command, environment] = [await read('cmdline'), await read('environ')];
  if (!`${command}\0${environment}`.includes(folder)) return null;
  return `${pid} ${command.replaceAll('\0', ' ')}`;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
