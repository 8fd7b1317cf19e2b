import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findOnPath } from './packages.ts';
import { startValidator, type Validator } from './validator/start-validator.ts';
import { untilClockIsRight, watchClock } from './validator/validator-clock.ts';

/*
 * The test of the whole line on a genuine solana-test-validator instead of Surfpool. Exit code 0: passed, 1: failed,
 * 2: not run, because there is no validator or this machine is too slow for one.
 */
const NOT_RUN = 2;
const CLOCK_WAIT_MS = 120_000;

const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => {
    stopping.abort();
  });

const { signal } = stopping;
const named = process.env['VALIDATOR'] ?? '';
const command = named === '' ? findOnPath('solana-test-validator', process.env['PATH'] ?? '') : named;
process.exitCode =
  command === null
    ? notRun('there is no solana-test-validator on the PATH; set VALIDATOR')
    : await run(command);

async function run(validatorCommand: string): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'coverant-validator-'));
  let validator: Validator | null = null;
  try {
    validator = await startValidator({ command: validatorCommand, folder, signal });
    const { rpcUrl } = validator;
    const late = await untilClockIsRight({ rpcUrl, patienceMs: CLOCK_WAIT_MS, signal });
    if (late !== null) return notRun(`this machine is too slow for a validator: ${late}`);
    console.error(`solana-test-validator at ${rpcUrl}; its clock is right`);
    const watch = watchClock(rpcUrl);
    const code = await Promise.race([runLineTest(rpcUrl), validator.failed]);
    const worst = await watch.stop();
    if (code === 0) return 0;
    if (worst.isOff) return notRun(`this machine was too slow for a validator: ${worst.says}`);
    return 1;
  } catch (error) {
    return notRun(error instanceof Error ? error.message : String(error));
  } finally {
    // A test whose validator has died is ended too.
    stopping.abort();
    await validator?.stop();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function runLineTest(rpcUrl: string): Promise<number> {
  const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
  const child = spawn(process.execPath, [vitest, 'run', 'test/line.test.ts', ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, TEST_RPC_URL: rpcUrl },
  });
  signal.addEventListener('abort', () => child.kill('SIGTERM'));
  return new Promise((resolve) => {
    child.on('exit', (code) => {
      resolve(code ?? 1);
    });
  });
}

function notRun(why: string): number {
  console.error(`not run: ${why}`);
  return NOT_RUN;
}
