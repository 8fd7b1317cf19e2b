import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Keypair } from '@solana/web3.js';
import { readKeypair } from '#services/runtime/chain-keypair';

/** Everybody of the demo's network who signs transactions; each in a file of DATA_DIR/keys, made at first use. */
export interface DemoKeys {
  readonly creator: Keypair;
  readonly payer: Keypair;
  readonly maker: Keypair;
  readonly guardian: Keypair;
  readonly operations: Keypair;
  readonly oracles: readonly Keypair[];
  /** From which all keys of the simulated hotspots follow. */
  readonly simulateSecret: Uint8Array;
}

const ORACLES = 3;

export async function loadOrCreateKeys(dataDir: string): Promise<DemoKeys> {
  const folder = join(dataDir, 'keys');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const key = (name: string): Promise<Keypair> => loadOrCreate(join(folder, `${name}.json`));
  return {
    creator: await key('creator'),
    payer: await key('payer'),
    maker: await key('maker'),
    guardian: await key('guardian'),
    operations: await key('operations'),
    oracles: await Promise.all(Array.from({ length: ORACLES }, (_, number) => key(`oracle-${number}`))),
    simulateSecret: await loadOrCreateSecret(join(folder, 'simulate-secret')),
  };
}

async function loadOrCreate(file: string): Promise<Keypair> {
  await createOnce(file, () => JSON.stringify([...Keypair.generate().secretKey]));
  return readKeypair(file);
}

async function loadOrCreateSecret(file: string): Promise<Uint8Array> {
  await createOnce(file, () => `${randomBytes(32).toString('hex')}\n`);
  return Buffer.from((await readFile(file, 'utf8')).trim(), 'hex');
}

async function createOnce(file: string, content: () => string): Promise<void> {
  await writeFile(file, content(), { flag: 'wx', mode: 0o600 }).catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  });
}
