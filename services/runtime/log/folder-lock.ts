import { link, mkdir, open, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { LogError, retryably } from './log-error.ts';

/** Proof that this process alone writes a folder. */
export interface FolderLock {
  release(): Promise<void>;
}

interface Holder {
  readonly pid: number;
  readonly host: string;
  /** Start of the process in ticks since boot, so that a reused pid is not taken for it; '' where unknown. */
  readonly started: string;
}

const BEAT_MS = 2000;
/** A holder on another machine or in another container can be judged by its heartbeat only. */
const SILENT_MS = 15_000;

/** Throws log_locked while another process holds it. `lost` is called if somebody takes the lock away meanwhile. */
export async function lockFolder(path: string, lost: (error: LogError) => void): Promise<FolderLock> {
  const mine = JSON.stringify({ pid: process.pid, host: hostname(), started: await startOf(process.pid) });
  await retryably(path, () => claim(path, mine));
  const beat = setInterval(() => {
    void keep(path, mine).catch((error: unknown) => {
      clearInterval(beat);
      lost(new LogError('log_locked', { path }, { cause: error }));
    });
  }, BEAT_MS);
  beat.unref();
  return {
    release: async () => {
      clearInterval(beat);
      if ((await readText(path)) === mine) await rm(path, { force: true });
    },
  };
}

async function claim(path: string, mine: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}`;
  const handle = await open(draft, 'w');
  await handle.writeFile(mine).finally(() => handle.close());
  try {
    for (let attempt = 0; attempt < 10; attempt++) {
      // link fails where the lock exists, and never shows a half-written one.
      const claimed = await link(draft, path).then(() => true, existsAsFalse);
      if (claimed) return;
      await removeStale(path);
    }
    throw new LogError('log_locked', { path });
  } finally {
    await rm(draft, { force: true });
  }
}

async function removeStale(path: string): Promise<void> {
  const text = await readText(path);
  if (text === undefined) return;
  const holder = parseHolder(text);
  const age = await stat(path).then(
    ({ mtimeMs }) => Date.now() - mtimeMs,
    () => 0,
  );
  if (holder === undefined ? age < SILENT_MS : await isAlive(holder, age))
    throw new LogError('log_locked', { path, pid: holder?.pid ?? 0, host: holder?.host ?? '' });
  const stale = `${path}.stale.${process.pid}`;
  await rename(path, stale).catch(() => undefined);
  const moved = await readText(stale);
  // Another process was faster and this is its fresh lock: give it back.
  if (moved !== undefined && moved !== text) {
    await link(stale, path).catch(() => undefined);
    await rm(stale, { force: true });
    throw new LogError('log_locked', { path });
  }
  await rm(stale, { force: true });
}

async function isAlive(holder: Holder, age: number): Promise<boolean> {
  if (holder.host !== hostname()) return age < SILENT_MS;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false;
  }
  return (await startOf(holder.pid)) === holder.started;
}

async function keep(path: string, mine: string): Promise<void> {
  if ((await readText(path)) !== mine) throw new Error('the lock file holds another process');
  const now = new Date();
  await utimes(path, now, now);
}

async function startOf(pid: number): Promise<string> {
  const text = (await readText(`/proc/${pid}/stat`)) ?? '';
  // The second field is the command in parentheses and may hold spaces; the state is field 3, the start field 22.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  // A killed process stays a zombie until it is waited for, where nobody does (as in a container) for ever: it writes nothing.
  return ['Z', 'X'].includes(fields[0] ?? '') ? '' : (fields[19] ?? '');
}

function parseHolder(text: string): Holder | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return undefined;
    if (!('pid' in value) || !('host' in value) || !('started' in value)) return undefined;
    const { pid, host, started } = value;
    if (typeof pid !== 'number' || typeof host !== 'string' || typeof started !== 'string') return undefined;
    return { pid, host, started };
  } catch {
    return undefined;
  }
}

async function readText(path: string): Promise<string | undefined> {
  return await readFile(path, 'utf8').catch(() => undefined);
}

function existsAsFalse(error: unknown): false {
  if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
  throw error;
}
