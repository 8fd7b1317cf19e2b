import { resolve } from 'node:path';
import { integerField, textField, type Env } from '#services/runtime/config-fields';

export interface LocalnetConfig {
  /** HTTP JSON-RPC; the websocket is on the next port, where web3.js looks for it. */
  readonly port: number;
  readonly folder: string;
  /** PATH, for solana-test-validator where Surfpool has no package for the platform. */
  readonly path: string;
}

/** LOCALNET_PORT, DATA_DIR and PATH. */
export function parseLocalnetConfig(env: Env): LocalnetConfig {
  return {
    port: integerField(env, 'LOCALNET_PORT', { fallback: 8899, min: 1, max: 65_534 }),
    folder: resolve(textField(env, 'DATA_DIR', '.coverant'), 'localnet'),
    path: textField(env, 'PATH', ''),
  };
}
