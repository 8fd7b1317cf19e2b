import { execFile, spawn } from 'node:child_process';
import { chown, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { findOnPath } from '../../scripts/packages.ts';
import { freePorts } from '../../scripts/redis.ts';

const run = promisify(execFile);
const NOBODY = 65_534;

export interface TestPostgres {
  readonly url: string;
  close(): Promise<void>;
}

/** The folder of PostgreSQL's server programs, or null where it is not installed; they are often not on the PATH. */
export async function findPostgres(): Promise<string | null> {
  const onPath = findOnPath('initdb', process.env['PATH'] ?? '');
  if (onPath !== null) return join(onPath, '..');
  const versions = await readdir('/usr/lib/postgresql').catch(() => []);
  const newest = versions.sort((a, b) => Number(b) - Number(a))[0];
  return newest === undefined ? null : join('/usr/lib/postgresql', newest, 'bin');
}

/** A cluster of our own on a free port, whatever other servers run; as nobody where we are root, which PostgreSQL refuses. */
export async function startPostgres(programs: string): Promise<TestPostgres> {
  const folder = await mkdtemp(join(tmpdir(), 'coverant-postgres-'));
  const root = process.getuid?.() === 0;
  const user = root ? { uid: NOBODY, gid: NOBODY } : {};
  if (root) await chown(folder, NOBODY, NOBODY);
  const data = join(folder, 'data');
  await run(join(programs, 'initdb'), ['-D', data, '-U', 'coverant', '-A', 'trust', '--no-sync'], {
    ...user,
    cwd: folder,
  });
  const port = await freePorts(1);
  const flags = [
    '-D',
    data,
    '-p',
    String(port),
    '-k',
    folder,
    '-c',
    'listen_addresses=127.0.0.1',
    '-c',
    'fsync=off',
  ];
  const server = spawn(join(programs, 'postgres'), flags, { ...user, cwd: folder, stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => {
    server.once('exit', () => {
      resolve();
    });
  });
  const url = `postgres://coverant@127.0.0.1:${port}/postgres`;
  const close = async (): Promise<void> => {
    server.kill('SIGINT');
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  for (let attempt = 0; attempt < 300; attempt += 1) {
    const client = new pg.Client({ connectionString: url });
    try {
      await client.connect();
      await client.end();
      return { url, close };
    } catch {
      await sleep(100);
    }
  }
  await close();
  throw new Error(`PostgreSQL from ${programs} did not answer within 30 s`);
}
