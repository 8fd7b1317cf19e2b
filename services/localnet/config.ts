import { resolve } from 'node:path';

export interface LocalnetConfig {
  /** HTTP JSON-RPC; the websocket is on the next port, where web3.js looks for it. */
  readonly port: number;
  readonly folder: string;
  /** PATH, for solana-test-validator where Surfpool has no package for the platform. */
  readonly path: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

export function localnetConfig(env: Environment): LocalnetConfig {
  const port = Number(env['LOCALNET_PORT'] ?? '8899');
  if (!Number.isInteger(port) || port < 1 || port > 65_534)
    throw new RangeError(`LOCALNET_PORT must be a port from 1 to 65534, got ${String(env['LOCALNET_PORT'])}`);
  return { port, folder: resolve(env['DATA_DIR'] ?? '.coverant', 'localnet'), path: env['PATH'] ?? '' };
}
