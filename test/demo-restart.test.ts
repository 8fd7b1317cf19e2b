import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PORT_COUNT } from '../scripts/demo/start/ports.ts';
import { freePorts } from '../scripts/redis.ts';
import { leftProcesses } from './support/line/left-processes.ts';

const MAIN = fileURLToPath(new URL('../scripts/demo/main.ts', import.meta.url));
const START_MS = 150_000;
/** Stages end within 5 s; until they are gone, on a busy machine. */
const GONE_MS = 20_000;

let dataDir: string;
let args: readonly string[];
let demo: Demo | undefined;

interface Demo {
  readonly child: ChildProcess;
  readonly output: () => string;
}

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'coverant-demo-'));
  args = ['--data', dataDir, '--port-base', String(await freePorts(PORT_COUNT))];
});
afterAll(async () => {
  if (demo?.child.exitCode === null && demo.child.signalCode === null) {
    demo.child.kill('SIGTERM');
    await once(demo.child, 'exit');
  }
  await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
}, 30_000);

// Which processes are left is read from /proc.
describe.skipIf(process.platform !== 'linux')('the demo', () => {
  it('takes every stage with it when it is killed; only its Redis is left', async () => {
    const killed = startDemo();
    // The last of the stages to be started.
    await until(killed, 'starts claim', () => stat(join(dataDir, 'logs', 'claim.log')));
    killed.child.kill('SIGKILL');
    await once(killed.child, 'exit');
    const deadline = Date.now() + GONE_MS;
    let left = await leftProcesses(dataDir);
    while (left.length > 1 && Date.now() < deadline) {
      await sleep(200);
      left = await leftProcesses(dataDir);
    }
    expect(left).toEqual([expect.stringContaining('redis-server')]);
  }, 180_000);

  it('goes on where it was when it is started again, and Ctrl-C ends every process within 5 s', async () => {
    const again = startDemo();
    await until(again, 'says that it goes on', () => has(again, 'goes on where it was'));
    await until(again, 'says that all is registered', () => has(again, 'all hotspots are registered'));
    const started = Date.now();
    again.child.kill('SIGINT');
    await once(again.child, 'exit');
    expect(Date.now() - started).toBeLessThan(5_000);
    expect(again.child.exitCode).toBe(0);
    expect(again.output()).toContain('every process is ended');
    expect(await leftProcesses(dataDir)).toEqual([]);
  }, 180_000);
});

function startDemo(): Demo {
  // Its own chain, Redis and read model, whatever the tester's environment names.
  const own = { RPC_URL: '', REDIS_URL: '', DATABASE_URL: '' };
  const child = spawn(process.execPath, ['--import', 'tsx', MAIN, ...args], {
    env: { ...process.env, ...own },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const chunks: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => chunks.push(chunk));
  demo = { child, output: () => chunks.join('') };
  return demo;
}

function has(of: Demo, part: string): Promise<void> {
  if (of.output().includes(part)) return Promise.resolve();
  return Promise.reject(new Error(`it has not said "${part}"`));
}

/** Asks until there is no error; fails with what the demo said at the deadline, or where the demo has ended. */
async function until(of: Demo, what: string, ask: () => Promise<unknown>): Promise<void> {
  const deadline = Date.now() + START_MS;
  for (;;) {
    const error = await ask().then(
      () => null,
      (failure: unknown) => failure,
    );
    if (error === null) return;
    if (Date.now() > deadline || of.child.exitCode !== null)
      throw new Error(`waited until the demo ${what}; it said:\n${of.output()}`, { cause: error });
    await sleep(100);
  }
}
