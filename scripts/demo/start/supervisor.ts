import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Say } from '../say.ts';

/** A process of the demo. */
export interface Program {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Others need it while they stop: it goes last. */
  readonly last: boolean;
  /** Listens to the demo's leash: stops by itself when the demo dies. */
  readonly leashed: boolean;
}

export interface Supervisor {
  readonly start: (program: Program) => void;
  /** Rejects when a program dies again and again; never resolves. */
  readonly failed: Promise<never>;
  /** Ends every process within 5 s. */
  readonly stop: () => Promise<void>;
  readonly pidOf: (name: string) => number | null;
  readonly restarts: () => number;
}

interface Running {
  readonly program: Program;
  readonly child: ChildProcess;
  readonly ended: Promise<void>;
}

const RESTART_MS = 500;
const HOPELESS_DEATHS = 5;
const HOPELESS_WINDOW_MS = 30_000;
const STOP_MS = 2_800;
const STOP_LAST_MS = 1_800;

/** Starts processes, writes their output to logs, and starts again what dies. */
export function openSupervisor(options: { readonly dataDir: string; readonly say: Say }): Supervisor {
  const { dataDir, say } = options;
  const running = new Map<string, Running>();
  const deaths = new Map<string, readonly number[]>();
  let stopping = false;
  let restarts = 0;
  let fail: (error: Error) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => undefined);
  const logs = join(dataDir, 'logs');
  mkdirSync(logs, { recursive: true });

  const start = (program: Program): void => {
    const { name } = program;
    const log = createWriteStream(join(logs, `${name}.log`), { flags: 'a' });
    // A group of its own: Ctrl-C in the terminal reaches the demo alone, which then ends everything in order.
    const child = spawn(program.command, program.args, {
      env: { ...process.env, ...program.env },
      stdio: program.leashed ? ['ignore', 'pipe', 'pipe', 'ipc'] : ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    child.stdout?.pipe(log, { end: false });
    child.stderr?.pipe(log, { end: false });
    const ended = new Promise<string>((resolve) => {
      child.once('error', (error) => {
        resolve(error.message);
      });
      child.once('exit', (code, signal) => {
        resolve(signal ?? `exit code ${String(code)}`);
      });
    });
    const closed = ended.then((reason) => {
      log.end();
      running.delete(name);
      if (!stopping) void restart(program, reason);
    });
    running.set(name, { program, child, ended: closed });
  };

  const restart = async (program: Program, reason: string): Promise<void> => {
    const { name } = program;
    const now = Date.now();
    const recent = [...(deaths.get(name) ?? []).filter((at) => now - at < HOPELESS_WINDOW_MS), now];
    deaths.set(name, recent);
    if (recent.length >= HOPELESS_DEATHS) {
      fail(
        new Error(`${name} died ${recent.length} times within 30 s (${reason}); see ${join(logs, name)}.log`),
      );
      return;
    }
    say(name, `ended (${reason}); starting it again`);
    await sleep(RESTART_MS * recent.length);
    if (stopping) return;
    restarts += 1;
    start(program);
  };

  const end = async (chosen: readonly Running[], patience: number): Promise<void> => {
    for (const { child } of chosen) child.kill('SIGTERM');
    const all = Promise.all(chosen.map(({ ended }) => ended));
    await Promise.race([all, sleep(patience, undefined, { ref: false })]);
    for (const { child } of chosen)
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await all;
  };

  return {
    start,
    failed,
    restarts: () => restarts,
    pidOf: (name) => running.get(name)?.child.pid ?? null,
    stop: async () => {
      stopping = true;
      const all = [...running.values()];
      await end(
        all.filter(({ program }) => !program.last),
        STOP_MS,
      );
      await end(
        all.filter(({ program }) => program.last),
        STOP_LAST_MS,
      );
    },
  };
}
