import type { Address } from '#protocol/units';
import type { Logger } from '../../../runtime/logger.ts';
import { openRedis } from '../../../runtime/redis.ts';
import type { Closeable } from '../../../runtime/shutdown.ts';

/** A post that was given up. */
export interface DeadLetter {
  readonly route: string;
  /** What would have been posted. */
  readonly body: string;
  readonly problem: string;
  /** ms since the Unix epoch. */
  readonly at: number;
}

/** What could not be posted, for its owner to see; the newest of each owner, for a month. Scratch, like all in Redis. */
export interface DeadLetters extends Closeable {
  add(owner: Address, letter: DeadLetter): Promise<void>;
  /** Newest first. */
  list(owner: Address): Promise<readonly DeadLetter[]>;
}

const KEPT = 256;
const KEPT_S = 30 * 86_400;

export function openDeadLetters(options: {
  readonly redisUrl: string;
  readonly logger: Logger;
}): DeadLetters {
  const link = openRedis({ url: options.redisUrl, logger: options.logger });
  const redis = link.client;
  const keyOf = (owner: Address): string => `coverant:dead-letters:${owner}`;
  return {
    add: async (owner, letter) => {
      await redis
        .multi()
        .lpush(keyOf(owner), JSON.stringify(letter))
        .ltrim(keyOf(owner), 0, KEPT - 1)
        .expire(keyOf(owner), KEPT_S)
        .exec();
    },
    list: async (owner) => {
      // A command would wait for as long as Redis is away.
      if (!link.ready()) throw new Error('Redis is not reachable');
      return (await redis.lrange(keyOf(owner), 0, -1)).flatMap(letterOf);
    },
    close: () => link.close(),
  };
}

function letterOf(text: string): readonly DeadLetter[] {
  const { route, body, problem, at } = Object.fromEntries(Object.entries(JSON.parse(text) as object));
  if (typeof route !== 'string' || typeof body !== 'string' || typeof problem !== 'string') return [];
  return [{ route, body, problem, at: Number(at) }];
}
