import { Redis } from 'ioredis';
import type { Logger } from './logger.ts';
import type { Closeable } from './shutdown.ts';

/** Options for everything that speaks to Redis: an outage is waited for, never a reason to give up. */
export interface RedisSettings {
  readonly url: string;
  readonly maxRetriesPerRequest: null;
  readonly retryStrategy: (attempt: number) => number;
}

export function redisSettings(url: string): RedisSettings {
  return { url, maxRetriesPerRequest: null, retryStrategy: (attempt) => Math.min(50 * attempt, 1000) };
}

export interface RedisLink extends Closeable {
  readonly client: Redis;
  /** False from the moment that the connection is lost until it is back. */
  readonly ready: () => boolean;
}

/** One plain connection; losses are logged once, not once per attempt. */
export function openRedis(options: { readonly url: string; readonly logger: Logger }): RedisLink {
  const { maxRetriesPerRequest, retryStrategy } = redisSettings(options.url);
  const client = new Redis(options.url, { maxRetriesPerRequest, retryStrategy });
  let lost = false;
  client.on('error', (error: Error) => {
    if (!lost) options.logger.warn({ error }, 'Redis is not reachable; waiting for it');
    lost = true;
  });
  client.on('ready', () => {
    if (lost) options.logger.info('Redis is back');
    lost = false;
  });
  return {
    client,
    ready: () => client.status === 'ready',
    close: () => {
      client.disconnect();
    },
  };
}
