import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { untilHealthy } from '#services/localnet/test-validator';
import { freePorts } from '../redis.ts';

export interface Validator {
  readonly rpcUrl: string;
  /** Rejects when it ends by itself; never resolves. */
  readonly failed: Promise<never>;
  readonly stop: () => Promise<void>;
}

const STOP_MS = 10_000;
/** RPC, websocket, faucet, gossip; the rest is for what it opens by itself, which asks for 25 at least. */
const PORTS = 40;
/** Shreds: the least that it takes. */
const LEDGER = 10_000;

/** A validator with a ledger of its own in the folder, on ports of its own, with as few threads as it can do with. */
export async function startValidator(options: {
  readonly command: string;
  readonly folder: string;
  readonly signal: AbortSignal;
}): Promise<Validator> {
  const { command, folder, signal } = options;
  const port = await freePorts(PORTS);
  const args = [
    ...['--ledger', join(folder, 'ledger'), '--bind-address', '127.0.0.1', '--quiet'],
    ...['--rpc-port', port, '--faucet-port', port + 2, '--gossip-port', port + 3],
    ...['--dynamic-port-range', `${port + 4}-${port + PORTS - 1}`, '--limit-ledger-size', LEDGER],
    ...['--rpc-pubsub-worker-threads', 1, '--rpc-pubsub-notification-threads', 1],
  ].map(String);
  const env = { ...process.env, RAYON_NUM_THREADS: '1', RUST_LOG: 'error' };
  const child = spawn(command, args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
  let isStopping = false;
  const ended = new Promise<string>((resolve) => {
    child.on('error', (error) => {
      resolve(error.message);
    });
    child.on('exit', (code, name) => {
      resolve(`exit ${String(code ?? name)}`);
    });
  });
  const failed = new Promise<never>((_, reject) => {
    void ended.then((reason) => {
      if (!isStopping) reject(new Error(`${command} ended: ${reason}`));
    });
  });
  failed.catch(() => undefined);
  const rpcUrl = `http://127.0.0.1:${port}`;
  const stop = async (): Promise<void> => {
    isStopping = true;
    child.kill('SIGINT');
    const patience = sleep(STOP_MS, 'late', { ref: false });
    if ((await Promise.race([ended, patience])) === 'late') child.kill('SIGKILL');
    await ended;
  };
  try {
    await Promise.race([failed, untilHealthy(rpcUrl, signal)]);
  } catch (error) {
    await stop();
    throw error;
  }
  return { rpcUrl, failed, stop };
}
