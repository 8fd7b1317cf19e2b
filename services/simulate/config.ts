import { join, resolve } from 'node:path';
import { LOG_LEVELS, type ChainConfig, type StageConfig } from '#services/runtime/config';
import {
  choiceField,
  optionalField,
  portField,
  textField,
  urlField,
  type Env,
} from '#services/runtime/config-fields';

export interface SimulateConfig extends StageConfig, ChainConfig {
  readonly ingestUrl: string;
  /** 32 bytes in hex, from which all keys of the simulation follow. */
  readonly secretFile: string;
  readonly payerFile: string;
  readonly makerFile: string;
  /** Where hotspots speak gRPC: some send reports so, and devices' packets go there; null: all of them post batches. */
  readonly gatewayUrl: string | null;
  /** Of the radio model. */
  readonly seed: string;
}

export function parseSimulateConfig(env: Env): SimulateConfig {
  const dataDir = resolve(textField(env, 'DATA_DIR', '.coverant'));
  const web = (name: string, fallback: string): string =>
    urlField(env, name, { fallback, schemes: ['http:', 'https:'] });
  return {
    dataDir,
    logLevel: choiceField(env, 'LOG_LEVEL', { fallback: 'info', choices: LOG_LEVELS }),
    host: textField(env, 'HOST', '127.0.0.1'),
    port: portField(env, 'PORT', 0),
    rpcUrl: web('RPC_URL', 'http://127.0.0.1:8899'),
    ingestUrl: web('INGEST_URL', 'http://127.0.0.1:8080'),
    gatewayUrl: optionalField(env, 'GATEWAY_URL') === null ? null : web('GATEWAY_URL', ''),
    secretFile: textField(env, 'SIMULATE_SECRET_FILE', join(dataDir, 'keys', 'simulate-secret')),
    payerFile: textField(env, 'PAYER_FILE', join(dataDir, 'keys', 'payer.json')),
    makerFile: textField(env, 'MAKER_FILE', join(dataDir, 'keys', 'maker.json')),
    seed: textField(env, 'SIMULATE_SEED', '1'),
  };
}
