import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';

/** Processes of this machine, other than this one, that were told of a folder or work in it; empty without /proc. */
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
  // Redis writes its title over both its arguments and its environment.
  const place = await readlink(join('/proc', pid, 'cwd')).catch(() => '');
  const command = await read('cmdline');
  if (![command, await read('environ'), place].some((text) => text.includes(folder))) return null;
  return `${pid} ${command.replaceAll('\0', ' ').trim()}`;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
