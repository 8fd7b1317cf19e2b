import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { ensureRedisServer } from '../../redis.ts';
import type { Say } from '../say.ts';
import { redisStage } from './stages.ts';
import type { Program } from './supervisor.ts';

const READY_MS = 15_000;

/** The demo's Redis: where REDIS_URL is set, that one; else a server of our own with its files in the data folder. */
export async function chooseRedis(options: {
  readonly dataDir: string;
  readonly port: number;
  readonly given: string | undefined;
  readonly path: string;
  readonly say: Say;
}): Promise<{ readonly url: string; readonly program: Program | null }> {
  const { dataDir, port, given, path, say } = options;
  if (given !== undefined && given !== '') return { url: given, program: null };
  const command = ensureRedisServer({
    path,
    say: (line) => {
      say('redis', line);
    },
  });
  const folder = join(dataDir, 'redis');
  await mkdir(folder, { recursive: true });
  return { url: `redis://127.0.0.1:${port}`, program: redisStage({ command, port, folder }) };
}

/** Ends a Redis of this folder that a demo that was killed has left behind; others are left alone. */
export async function endStrayRedis(dataDir: string, port: number): Promise<void> {
  const client = connect(`redis://127.0.0.1:${port}`);
  try {
    await client.connect();
    const [, folder] = await client.config('GET', 'dir');
    if (folder === join(dataDir, 'redis')) await client.shutdown().catch(() => undefined);
  } catch {
    // Nothing listens there, or something that is no Redis: the check of the ports will say so.
  } finally {
    client.disconnect();
  }
}

export async function untilRedisAnswers(url: string, signal: AbortSignal): Promise<void> {
  const deadline = Date.now() + READY_MS;
  for (;;) {
    signal.throwIfAborted();
    const client = connect(url);
    try {
      await client.connect();
      await client.ping();
      return;
    } catch (error) {
      if (Date.now() > deadline) throw new Error(`Redis does not answer at ${url}`, { cause: error });
    } finally {
      client.disconnect();
    }
    await sleep(100, undefined, { signal });
  }
}

function connect(url: string): Redis {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null, connectTimeout: 2_000 });
  client.on('error', () => undefined);
  return client;
}
