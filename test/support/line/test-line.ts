import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Network } from '#client';
import type { DemoSettings } from '../../../scripts/demo/start/policy.ts';
import { startLine, type Line } from '../../../scripts/demo/start/start-line.ts';
import { openSupervisor, type Supervisor } from '../../../scripts/demo/start/supervisor.ts';
import { watchRegistration } from '../../../scripts/demo/watch.ts';
import { PORT_COUNT } from '../../../scripts/demo/start/ports.ts';
import { freePorts } from '../../../scripts/redis.ts';

/** A chain that runs already; by default the line starts its own. */
const RPC_URL = process.env['TEST_RPC_URL'];

/** Every process of the line. */
export const PROCESSES = [
  ...(RPC_URL === undefined ? (['localnet'] as const) : []),
  ...['redis', 'ingest', 'follow', 'group', 'check-0', 'check-1'],
  ...['witness-0', 'witness-1', 'witness-2'],
  ...['oracle-0', 'oracle-1', 'oracle-2', 'claim', 'explore', 'simulate'],
] as const;
const POLL_MS = 300;
const TAIL_LINES = 12;

export type ProcessName = (typeof PROCESSES)[number];

export interface TestLine extends Line {
  readonly dataDir: string;
  readonly supervisor: Supervisor;
  /** As it is when every hotspot is registered. */
  readonly state: Network;
  /** What the supervisor and the start had to say. */
  readonly said: () => readonly string[];
  /** Pid of a process of the line; throws where it does not run. */
  readonly pid: (name: ProcessName) => number;
  /**
   * Asks again until there is an answer instead of an error. At the deadline it fails with what was waited for, the last
   * error and the ends of the logs named; at once where a process of the line has died again and again.
   */
  readonly until: <Answer>(wanted: Wanted<Answer>) => Promise<Answer>;
  readonly stop: () => Promise<void>;
}

export interface Wanted<Answer> {
  readonly what: string;
  readonly ask: () => Promise<Answer>;
  readonly patienceMs: number;
  readonly logs: readonly string[];
}

export interface TestLineOptions {
  /** A folder of a line that was stopped; by default a new one. */
  readonly dataDir?: string;
  readonly settings: DemoSettings;
  /** Main of the check workers; by default that of verify. */
  readonly checkMain?: string;
  /** Gets what stops everything before anything is started, to be called whatever happens. */
  readonly opened: (stop: () => Promise<void>) => void;
}

/** The demo's line with test settings, at first on free ports, waited for until all hotspots are registered. */
export async function startTestLine(options: TestLineOptions): Promise<TestLine> {
  // The read model is to be the embedded one, which a test can lose.
  delete process.env['DATABASE_URL'];
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'coverant-line-')));
  const said: string[] = [];
  const started = Date.now();
  const say = (stage: string, text: string): void => {
    said.push(`${((Date.now() - started) / 1000).toFixed(1).padStart(6)} s  ${stage.padEnd(9)} ${text}`);
  };
  const reporter = { say, mark: () => undefined, steps: () => [], elapsed: () => 0 };
  const supervisor = openSupervisor({ dataDir, say });
  const stopping = new AbortController();
  const stop = async (): Promise<void> => {
    stopping.abort();
    await supervisor.stop();
  };
  options.opened(stop);
  const { signal } = stopping;
  // The ports of a folder are kept with it.
  const portBase = options.dataDir === undefined ? await freePorts(PORT_COUNT) : null;
  const env = { PATH: process.env['PATH'], RPC_URL };
  const input = { ...options, dataDir, portBase, env, supervisor, reporter, signal };
  const failing = (error: unknown): Promise<never> =>
    failed(error, { dataDir, said, logs: ['localnet', 'simulate', 'ingest'] });
  const line = await Promise.race([startLine(input), supervisor.failed]).catch(failing);
  // Not as the demo, which fails where they are late: on a busy machine a later epoch is as good as the first.
  const patient = { ...line, created: false, reporter, signal };
  const state = await Promise.race([watchRegistration(patient), supervisor.failed]).catch(failing);

  const until = async <Answer>({ what, ask, patienceMs, logs }: Wanted<Answer>): Promise<Answer> => {
    const deadline = Date.now() + patienceMs;
    for (;;) {
      try {
        return await Promise.race([ask(), supervisor.failed]);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        if (Date.now() > deadline || why.includes('died'))
          await failed(new Error(`waited ${patienceMs / 1000} s for ${what}: ${why}`, { cause: error }), {
            dataDir,
            said,
            logs,
          });
      }
      await sleep(POLL_MS);
    }
  };
  return {
    ...line,
    dataDir,
    supervisor,
    state,
    said: () => said,
    pid: (name) => {
      const pid = supervisor.pidOf(name);
      if (pid === null) throw new Error(`${name} does not run`);
      return pid;
    },
    until,
    stop,
  };
}

/** Throws the error with what was said and the ends of logs. */
async function failed(
  error: unknown,
  from: { readonly dataDir: string; readonly said: readonly string[]; readonly logs: readonly string[] },
): Promise<never> {
  const tails = await Promise.all(
    from.logs.map(async (name) => {
      const text = await readFile(join(from.dataDir, 'logs', `${name}.log`), 'utf8').catch(() => '(no log)');
      return [`--- the end of ${name}.log`, ...text.trimEnd().split('\n').slice(-TAIL_LINES)].join('\n');
    }),
  );
  const message = error instanceof Error ? error.message : String(error);
  throw new Error([message, ...from.said, ...tails].join('\n'), { cause: error });
}
