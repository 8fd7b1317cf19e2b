import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EvidenceBody } from '#protocol/evidence/record';
import { millis, type Millis } from '#protocol/units';
import type { LogError } from '#services/runtime/log/log-error';
import { logSigner } from '#services/runtime/log/log-signer';
import { openLog, type EvidenceLog, type LogOptions } from '#services/runtime/log/open-log';

export const ORIGIN = 'test/9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin/ingest';
export const LOG_SIGNER = logSigner(ORIGIN, new Uint8Array(32).fill(1));

/** A log folder of its own, with a clock that stands still until it is moved. */
export interface TestLog {
  readonly dir: string;
  readonly journalDir: string;
  readonly publicDir: string;
  now: number;
  /** What `fatal` was told. */
  readonly fatal: LogError[];
  /** What `failed` was told. */
  readonly failed: unknown[];
  open(options?: Partial<LogOptions>): Promise<EvidenceLog>;
  remove(): Promise<void>;
}

export async function makeTestLog(): Promise<TestLog> {
  const dir = await mkdtemp(join(tmpdir(), 'coverant-log-'));
  const opened: EvidenceLog[] = [];
  const test: TestLog = {
    dir,
    journalDir: join(dir, 'journal'),
    publicDir: join(dir, 'public'),
    now: 1_800_000_000_000,
    fatal: [],
    failed: [],
    open: async (options) => {
      const log = await openLog({
        dir,
        origin: ORIGIN,
        signer: LOG_SIGNER,
        clock: (): Millis => millis(test.now),
        fatal: (error) => test.fatal.push(error),
        failed: (error) => test.failed.push(error),
        // Tests publish by calling integrate.
        integrateEveryMs: 2 ** 30,
        ...options,
      });
      opened.push(log);
      return log;
    },
    remove: async () => {
      for (const log of opened) await log.close().catch(() => undefined);
      await rm(dir, { recursive: true, force: true });
    },
  };
  return test;
}

/** Reports whose bytes tell their number. */
export function reports(count: number, from = 0): EvidenceBody[] {
  return Array.from({ length: count }, (_, at) => ({
    kind: 'beacon',
    report: Buffer.from(`report ${from + at} ${'.'.repeat((from + at) % 50)}`),
    session: null,
  }));
}
