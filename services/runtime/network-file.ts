import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import type { Address } from '#protocol/units';
import { pause } from './chain-retry.ts';
import type { Logger } from './logger.ts';
import { Outage } from './outage.ts';
import { replaceFile } from './replace-file.ts';

/** Which network this data folder belongs to: written once by whoever created it, read by every stage. */
export interface NetworkFile {
  readonly network: Address;
  readonly creator: Address;
  readonly name: string;
  readonly mint: Address;
  readonly program: Address;
  /** Of the cluster: an RPC of another one must not be believed. */
  readonly genesisHash: string;
  readonly rpcUrl?: string;
}

const address = Type.String({ pattern: '^[1-9A-HJ-NP-Za-km-z]{32,44}$' });
const stored = Compile(
  Type.Object({
    network: address,
    creator: address,
    name: Type.String({ minLength: 1 }),
    mint: address,
    program: address,
    genesisHash: address,
    rpcUrl: Type.Optional(Type.String({ minLength: 1 })),
  }),
);

export function networkPath(dataDir: string): string {
  return join(dataDir, 'network.json');
}

export async function writeNetworkFile(dataDir: string, file: NetworkFile): Promise<void> {
  await replaceFile(networkPath(dataDir), networkText(file));
}

/** The file's text. */
export function networkText(file: NetworkFile): string {
  return `${JSON.stringify(file, null, 2)}\n`;
}

/** Throws Outage `file_missing` where no network was created for this folder yet. */
export async function readNetworkFile(dataDir: string): Promise<NetworkFile> {
  const path = networkPath(dataDir);
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new Outage('file_missing', { path }, { cause: error });
  });
  const value: unknown = JSON.parse(text);
  if (!stored.Check(value)) {
    const [error] = stored.Errors(value);
    throw new Error(`network.json: ${error?.instancePath ?? ''} ${error?.message ?? 'does not fit'}`);
  }
  return {
    network: value.network as Address,
    creator: value.creator as Address,
    name: value.name,
    mint: value.mint as Address,
    program: value.program as Address,
    genesisHash: value.genesisHash,
    ...(value.rpcUrl === undefined ? {} : { rpcUrl: value.rpcUrl }),
  };
}

/** As readNetworkFile, but waits for the file while the network is being created. */
export async function waitForNetworkFile(
  dataDir: string,
  options: { readonly signal: AbortSignal; readonly logger: Logger },
): Promise<NetworkFile> {
  for (let said = false; ; said = true) {
    try {
      return await readNetworkFile(dataDir);
    } catch (error) {
      if (!(error instanceof Outage)) throw error;
      if (!said) options.logger.info({ path: networkPath(dataDir) }, 'waiting for the network to be created');
    }
    await pause(500, options.signal);
    options.signal.throwIfAborted();
  }
}
