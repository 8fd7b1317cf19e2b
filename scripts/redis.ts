import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { findOnPath, installPackage } from './packages.ts';

export interface Program {
  readonly command: string;
  readonly args: readonly string[];
}

/** redis-server on PATH; where it is missing and we are root, Debian's package is installed, and said so. */
export function ensureRedisServer(options: {
  readonly path: string;
  readonly say: (line: string) => void;
}): string {
  const found = findOnPath('redis-server', options.path);
  if (found !== null) return found;
  if (!installPackage({ ...options, name: 'redis-server' }))
    throw new Error(
      'redis-server is not on the PATH and could not be installed (that takes root and apt-get). ' +
        'Install Redis 6.2 or newer, or set REDIS_URL to a server with maxmemory-policy noeviction.',
    );
  const installed = findOnPath('redis-server', options.path);
  if (installed === null) throw new Error('apt-get installed redis-server, but it is not on the PATH.');
  return installed;
}

/** A server for queues: on this machine only, AOF in its folder, never evicting a job. */
export function redisProgram(options: {
  readonly command: string;
  readonly port: number;
  readonly folder: string;
}): Program {
  return {
    command: options.command,
    args: [
      ...['--port', String(options.port), '--bind', '127.0.0.1', '--dir', options.folder],
      ...['--appendonly', 'yes', '--appendfsync', 'everysec', '--save', ''],
      ...['--maxmemory-policy', 'noeviction', '--daemonize', 'no'],
    ],
  };
}

/** Below the ports that systems give to outgoing connections, which could take one while a program restarts. */
const FIRST_PORT = 12_000;
const LAST_PORT = 32_000;

/** `count` adjacent TCP ports of 127.0.0.1 that nothing listens on at this moment. */
export async function freePorts(count: number): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const first = randomInt(FIRST_PORT, LAST_PORT - count);
    const ports = await Promise.all(Array.from({ length: count }, (_, index) => holdPort(first + index)));
    const held = ports.filter((release) => release !== null);
    await Promise.all(held.map((release) => release()));
    if (held.length === count) return first;
  }
  throw new Error(`no ${count} adjacent free ports were found on 127.0.0.1`);
}

/** Holds a port; null where that cannot be had. Returns what lets it go. */
function holdPort(port: number): Promise<(() => Promise<void>) | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(null);
    });
    server.listen(port, '127.0.0.1', () => {
      resolve(
        () =>
          new Promise((released) => {
            server.close(() => {
              released();
            });
          }),
      );
    });
  });
}
