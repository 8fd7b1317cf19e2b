import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { findOnPath } from '../../scripts/packages.ts';
import { freePorts, redisProgram } from '../../scripts/redis.ts';

/** A Redis for one test file: a server of its own, or an empty database of the one that REDIS_URL names. */
export interface TestRedis {
  readonly url: string;
  /** Kills the server; null where the server is not ours to stop. */
  readonly stop: (() => Promise<void>) | null;
  /** Starts it again on the same port, with nothing of what it held. */
  readonly start: (() => Promise<void>) | null;
  close(): Promise<void>;
}

export async function startTestRedis(): Promise<TestRedis> {
  const command = findOnPath('redis-server', process.env['PATH'] ?? '');
  if (command !== null) return ownServer(command);
  const url = process.env['REDIS_URL'];
  if (url !== undefined && url !== '') return emptyDatabase(url);
  throw new Error(
    'These tests need Redis 6.2 or newer and found neither redis-server on the PATH nor REDIS_URL. ' +
      'Install it (on Debian: apt-get install redis-server), or set REDIS_URL to a server with a free database.',
  );
}

async function ownServer(command: string): Promise<TestRedis> {
  const port = await freePorts(1);
  const url = `redis://127.0.0.1:${port}`;
  let folder = '';
  let child: ChildProcess | null = null;
  const start = async (): Promise<void> => {
    folder = await mkdtemp(join(tmpdir(), 'coverant-redis-'));
    const program = redisProgram({ command, port, folder });
    child = spawn(program.command, program.args, { stdio: 'ignore' });
    await untilAnswering(url);
  };
  const stop = async (): Promise<void> => {
    if (child === null) return;
    const ended = exitOf(child);
    child.kill('SIGKILL');
    await ended;
    child = null;
    await rm(folder, { recursive: true, force: true });
  };
  await start();
  return { url, stop, start, close: stop };
}

/** Takes the first database without a key, and empties it again at the end. */
async function emptyDatabase(server: string): Promise<TestRedis> {
  for (let number = 1; number < 16; number += 1) {
    const url = new URL(`/${number}`, server).href;
    const client = new Redis(url, { maxRetriesPerRequest: 1 });
    if ((await client.dbsize()) > 0) {
      client.disconnect();
      continue;
    }
    await client.set('coverant:test', 'taken');
    return {
      url,
      stop: null,
      start: null,
      close: async () => {
        await client.flushdb();
        client.disconnect();
      },
    };
  }
  throw new Error(`All of the databases 1 to 15 of REDIS_URL hold keys; empty one or install redis-server.`);
}

async function untilAnswering(url: string): Promise<void> {
  const client = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: () => 20 });
  client.on('error', () => undefined);
  try {
    await client.ping();
  } finally {
    client.disconnect();
  }
}

function exitOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    else
      child.once('exit', () => {
        resolve();
      });
  });
}
