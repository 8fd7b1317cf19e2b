import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@solana/web3.js';
import { findOnPath } from './packages.ts';
import { freePorts } from './redis.ts';

/*
 * The test of the whole line on a genuine solana-test-validator: the one that VALIDATOR names, or the one on the PATH. It
 * gets a ledger and ports of its own and is ended with the test.
 */
const READY_MS = 120_000;
/** RPC and websocket, faucet, gossip, then the range for everything else, of which it wants at least 25. */
const PORTS = 40;
const RANGE_FROM = 4;

const validator = process.env['VALIDATOR'] ?? findOnPath('solana-test-validator', process.env['PATH'] ?? '');
if (validator === null) {
  console.error(
    'solana-test-validator is not on the PATH, and VALIDATOR names none. Install it from Agave releases, or set VALIDATOR to its path.',
  );
  process.exit(2);
}
const ledger = await mkdtemp(join(tmpdir(), 'coverant-validator-'));
const first = await freePorts(PORTS);
const rpcUrl = `http://127.0.0.1:${first}`;
const chain = spawn(
  validator,
  [
    ...['--ledger', ledger, '--bind-address', '127.0.0.1', '--rpc-port', String(first)],
    ...['--faucet-port', String(first + 2), '--gossip-port', String(first + 3)],
    ...['--dynamic-port-range', `${first + RANGE_FROM}-${first + PORTS - 1}`, '--quiet'],
  ],
  { stdio: ['ignore', 'ignore', 'inherit'] },
);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => {
    chain.kill('SIGKILL');
    process.exit(1);
  });

process.exitCode = await run().finally(end);

async function run(): Promise<number> {
  await untilHealthy(chain);
  console.error(`${String(validator)} answers at ${rpcUrl}`);
  const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
  // Results of the whole suite are not to be replaced by those of one file.
  const args = [vitest, 'run', '--reporter=default', 'test/line.test.ts'];
  const tests = spawn(process.execPath, args, {
    stdio: 'inherit',
    env: { ...process.env, TEST_RPC_URL: rpcUrl },
  });
  const [code] = (await once(tests, 'exit')) as [number | null];
  return code ?? 1;
}

async function untilHealthy(process: ChildProcess): Promise<void> {
  const connection = new Connection(rpcUrl, 'confirmed');
  for (const deadline = Date.now() + READY_MS; ;) {
    if (process.exitCode !== null) throw new Error(`the validator ended with ${process.exitCode}`);
    try {
      if ((await connection.getSlot()) > 0) return;
    } catch (error) {
      if (Date.now() > deadline) throw new Error(`no chain answers at ${rpcUrl}`, { cause: error });
    }
    await sleep(500);
  }
}

async function end(): Promise<void> {
  if (chain.exitCode === null && chain.kill('SIGKILL')) await once(chain, 'exit');
  await rm(ledger, { recursive: true, force: true, maxRetries: 5 });
}
