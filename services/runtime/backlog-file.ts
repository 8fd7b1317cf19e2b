import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Ages below are milliseconds since the Unix epoch. */
export interface Backlog {
  /** Reception of the oldest report whose window has closed and that has no verdict yet; null: none is waiting. */
  readonly oldest: number | null;
  /** When this was written; old news is no news. */
  readonly at: number;
}

/** How long a backlog that nobody renews is believed: verify renews it every second while its queue is up. */
const BELIEVED_MS = 5000;
const REREAD_MS = 250;

export function backlogPath(dataDir: string): string {
  return join(dataDir, 'verify', 'backlog.json');
}

export async function writeBacklog(dataDir: string, backlog: Backlog): Promise<void> {
  const path = backlogPath(dataDir);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.new`, JSON.stringify(backlog));
  await rename(`${path}.new`, path);
}

/** Age in ms of the oldest unverified report, or 0: also where verify is down or says nothing, because reports go on. */
export function openBacklogReader(dataDir: string): (now: number) => Promise<number> {
  const path = backlogPath(dataDir);
  let readAt = -Infinity;
  let backlog: Backlog | null = null;
  return async (now) => {
    if (Math.abs(now - readAt) >= REREAD_MS) {
      readAt = now;
      backlog = await readFile(path, 'utf8').then(parseBacklog, () => null);
    }
    if (backlog?.oldest == null || Math.abs(now - backlog.at) > BELIEVED_MS) return 0;
    return Math.max(0, now - backlog.oldest);
  };
}

function parseBacklog(text: string): Backlog | null {
  const value: unknown = JSON.parse(text);
  if (value === null || typeof value !== 'object') return null;
  const { oldest, at }: Record<string, unknown> = { ...value };
  if (typeof at !== 'number' || (oldest !== null && typeof oldest !== 'number')) return null;
  return { oldest, at };
}
