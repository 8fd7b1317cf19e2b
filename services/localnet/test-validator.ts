import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { callRpc } from './rpc.ts';
import type { Chain, ChainOptions } from './chain.ts';

const START_MS = 60_000;

export function findTestValidator(path: string): string | null {
  const files = path.split(delimiter).map((folder) => join(folder, 'solana-test-validator'));
  return files.find(isExecutable) ?? null;
}

/** Starts the genuine validator on ports of its own; its ledger in the folder is its snapshot. */
export async function startTestValidator(command: string, options: ChainOptions): Promise<Chain> {
  const port = 20_000 + (process.pid % 10_000) * 4;
  const ledger = join(options.folder, 'ledger');
  await mkdir(ledger, { recursive: true });
  const ports = ['--rpc-port', port, '--faucet-port', port + 2, '--gossip-port', port + 3];
  const child = spawn(
    command,
    ['--ledger', ledger, '--bind-address', '127.0.0.1', '--quiet', ...ports.map(String)],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const ended = new Promise<string>((resolve) => {
    child.on('error', (error) => {
      resolve(error.message);
    });
    child.on('exit', (code, signal) => {
      resolve(`exit ${String(code ?? signal)}`);
    });
  });
  const failed = ended.then((reason): never => {
    throw new Error(`solana-test-validator ended: ${reason}`);
  });
  failed.catch(() => undefined);
  const rpcUrl = `http://127.0.0.1:${port}`;
  await Promise.race([failed, untilHealthy(rpcUrl)]);
  return {
    name: 'solana-test-validator',
    rpcUrl,
    genesisHash: null,
    websocket: { host: '127.0.0.1', port: port + 1 },
    failed,
    close: async () => {
      child.kill('SIGINT');
      await ended;
    },
  };
}

/** Resolves when a validator that was just started answers. */
export async function untilHealthy(rpcUrl: string, signal?: AbortSignal): Promise<void> {
  const deadline = Date.now() + START_MS;
  for (;;) {
    signal?.throwIfAborted();
    try {
      await callRpc(rpcUrl, { method: 'getHealth', params: [] });
      return;
    } catch (error) {
      if (Date.now() > deadline) throw new Error('solana-test-validator did not start', { cause: error });
      await sleep(250);
    }
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
