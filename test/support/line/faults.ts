import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Receipt } from '#protocol/evidence/receipt';
import type { EpochNumber } from '#protocol/units';
import { ingestUrl } from '../../../scripts/demo/start/stages.ts';
import { receiptsUntilGone } from './receipts.ts';
import { PATIENCE_MS } from './settlement.ts';
import type { ProcessName, TestLine } from './test-line.ts';

/** SIGKILL; the supervisor starts it again half a second later. */
export function kill(line: TestLine, name: ProcessName): void {
  process.kill(line.pid(name), 'SIGKILL');
}

/** Kills it and deletes all that it stored, before it is started again. */
export function lose(line: TestLine, name: 'redis' | 'explore'): void {
  kill(line, name);
  const folder = join(line.dataDir, name);
  rmSync(folder, { recursive: true, maxRetries: 5 });
  mkdirSync(folder);
}

/** Kills ingest while it takes reports, and waits until it goes on with all that it had promised. */
export async function killIngestAtWork(line: TestLine): Promise<readonly Receipt[]> {
  const url = ingestUrl(line.ports);
  const forger = line.fleet.find(({ role }) => role === 'forger');
  if (forger === undefined) throw new Error('no forger is simulated');
  const before = await logSize(url);
  const receipts = await receiptsUntilGone({
    url,
    hotspot: forger,
    count: 20,
    enough: () => {
      kill(line, 'ingest');
    },
  });
  const least = Math.max(before, ...receipts.map(({ index }) => index + 1));
  const goesOn = line.until({
    what: 'ingest to go on with all that it had',
    ask: async () => {
      const size = await logSize(url);
      if (size < least) throw new Error(`${size} records, expected at least ${least}`);
      return receipts;
    },
    patienceMs: PATIENCE_MS,
    logs: ['ingest'],
  });
  return goesOn;
}

/** Kills an oracle as soon as it writes its folder of an epoch: it has not voted yet. */
export async function killOracleAtWork(
  line: TestLine,
  of: { readonly oracle: number; readonly epoch: EpochNumber },
): Promise<void> {
  const folder = join(line.dataDir, `oracle-${of.oracle}`, 'epochs');
  const deadline = Date.now() + PATIENCE_MS;
  while (![`.${of.epoch}.new`, String(of.epoch)].some((name) => existsSync(join(folder, name)))) {
    if (Date.now() > deadline) throw new Error(`oracle ${of.oracle} wrote nothing of epoch ${of.epoch}`);
    await sleep(5);
  }
  kill(line, of.oracle === 0 ? 'oracle-0' : of.oracle === 1 ? 'oracle-1' : 'oracle-2');
}

async function logSize(url: string): Promise<number> {
  const answer = await fetch(`${url}/health`);
  const value: unknown = await answer.json();
  if (typeof value === 'object' && value !== null && 'size' in value && typeof value.size === 'number')
    return value.size;
  throw new Error(`ingest says ${JSON.stringify(value)}`);
}
