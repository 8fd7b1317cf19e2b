import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSupervisor, type Program, type Supervisor } from '../../scripts/demo/start/supervisor.ts';

const LEASH = new URL('../../scripts/demo/start/leash.mjs', import.meta.url).href;
let dataDir: string;
let supervisor: Supervisor;
let said: string[];

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'coverant-supervisor-'));
  said = [];
  supervisor = openSupervisor({ dataDir, say: (stage, text) => said.push(`${stage}: ${text}`) });
});

afterEach(async () => {
  await supervisor.stop();
  await rm(dataDir, { recursive: true });
});

function program(name: string, code: string, last = false): Program {
  return { name, command: process.execPath, args: ['-e', code], env: {}, last, leashed: false };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function pidOf(name: string, other: number | null = null): Promise<number> {
  await expect.poll(() => [null, other].includes(supervisor.pidOf(name))).toBe(false);
  const pid = supervisor.pidOf(name);
  if (pid === null) throw new Error(`${name} does not run`);
  return pid;
}

function logOf(name: string): Promise<string> {
  return readFile(join(dataDir, 'logs', `${name}.log`), 'utf8').catch(() => '');
}

const FOREVER = 'setInterval(() => undefined, 1000)';

describe('the supervisor', () => {
  it('starts a process again that was killed, and says so', async () => {
    supervisor.start(program('worker', FOREVER));
    const first = await pidOf('worker');
    process.kill(first, 'SIGKILL');
    const second = await pidOf('worker', first);
    expect(isAlive(second)).toBe(true);
    expect(said).toEqual(['worker: ended (SIGKILL); starting it again']);
    expect(supervisor.restarts()).toBe(1);
  });

  it('keeps what a process prints in its log', async () => {
    supervisor.start(program('talker', `console.log('hello'); console.error('trouble'); ${FOREVER}`));
    await expect.poll(() => logOf('talker'), { timeout: 10_000 }).toMatch(/hello[^]*trouble/);
  });

  it('gives up on a process that dies again and again', async () => {
    supervisor.start(program('broken', 'process.exit(3)'));
    await expect(supervisor.failed).rejects.toThrow(/broken died 5 times within 30 s \(exit code 3\)/);
  });

  it('ends everything within 5 s, those that ignore signals too, and the last ones last', async () => {
    const ignore = "process.on('SIGTERM', () => undefined); console.log('ready');";
    supervisor.start(program('stubborn', `${ignore} ${FOREVER}`));
    supervisor.start(program('base', FOREVER, true));
    const pids = [await pidOf('stubborn'), await pidOf('base')];
    await expect.poll(() => logOf('stubborn'), { timeout: 10_000 }).toContain('ready');
    const started = Date.now();
    await supervisor.stop();
    expect(pids.filter(isAlive)).toEqual([]);
    expect(Date.now() - started).toBeLessThan(5_000);
    expect(said).toEqual([]);
  });
});

describe('the leash', () => {
  it('ends a stage when the process that started it is killed', async () => {
    // The child says who it is once the leash and its own code are loaded.
    const code = `console.log(process.pid); ${FOREVER}`;
    const args = JSON.stringify(['--import', LEASH, '-e', code]);
    const options = "{ stdio: ['ignore', 'inherit', 'inherit', 'ipc'], detached: true }";
    const start = `require('node:child_process').spawn(process.execPath, ${args}, ${options}); ${FOREVER}`;
    const parent = spawn(process.execPath, ['-e', start], { stdio: ['ignore', 'pipe', 'inherit'] });
    const line = await new Promise<string>((resolve) => {
      parent.stdout.once('data', (data: Buffer) => {
        resolve(data.toString());
      });
    });
    const child = Number(line.trim());
    expect(isAlive(child)).toBe(true);
    parent.kill('SIGKILL');
    await expect.poll(() => isAlive(child), { timeout: 5_000 }).toBe(false);
  });
});
