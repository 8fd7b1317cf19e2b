import { randomBytes } from 'node:crypto';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { EvidenceBody } from '#protocol/evidence/record';
import { millis } from '#protocol/units';
import { logSigner } from '#services/ingest/log/log-signer';
import { openLog } from '#services/ingest/log/open-log';

/** Bytes of a signed beacon as fielded hotspots send it. */
const REPORT_BYTES = 250;
const SECONDS = 2;
const ROUNDS = 3;

export interface LogFigure {
  readonly batch: number;
  /** Clients that each wait for a receipt before they send again. */
  readonly clients: number;
  /** Reports a second, median of the rounds. */
  readonly log: number;
  readonly plain: number;
}

/** Reports a second into the durable log with receipts, beside plain appends with an fsync per batch of the same bytes. */
export async function measureLog(where: string = tmpdir()): Promise<readonly LogFigure[]> {
  const figures: LogFigure[] = [];
  for (const { batch, clients } of [
    { batch: 1, clients: 1 },
    { batch: 1, clients: 64 },
    { batch: 100, clients: 1 },
    { batch: 100, clients: 8 },
  ]) {
    const rates: { log: number; plain: number }[] = [];
    for (let round = 0; round < ROUNDS; round++)
      rates.push({ plain: await plainRate(where, batch), log: await logRate(where, { batch, clients }) });
    figures.push({
      batch,
      clients,
      log: median(rates.map(({ log }) => log)),
      plain: median(rates.map(({ plain }) => plain)),
    });
  }
  return figures;
}

/** One line per figure. */
export function logLines(figures: readonly LogFigure[]): readonly string[] {
  return figures.map(
    ({ batch, clients, log, plain }) =>
      `log: batches of ${batch}, ${clients} at a time: ${Math.round(log)} reports/s durable with receipts; ` +
      `${(log / plain).toFixed(2)} of plain fsync'd appends (${Math.round(plain)}/s)`,
  );
}

async function logRate(
  where: string,
  { batch, clients }: { readonly batch: number; readonly clients: number },
): Promise<number> {
  const dir = await mkdtemp(join(where, 'coverant-bench-'));
  const origin = 'bench/network/log';
  const log = await openLog({
    dir,
    origin,
    signer: logSigner(origin, randomBytes(32)),
    clock: () => millis(Date.now()),
    // Published while it is measured, as in service.
    delayMs: 500,
    fatal: (error) => {
      throw error;
    },
  });
  const bodies = reports(batch);
  const rate = await ratePerSecond(clients, async () => (await log.append(bodies)).length);
  await log.close();
  await rm(dir, { recursive: true });
  return rate;
}

async function plainRate(where: string, batch: number): Promise<number> {
  const dir = await mkdtemp(join(where, 'coverant-bench-'));
  const file = await open(join(dir, 'plain'), 'w');
  const bytes = Buffer.concat(reports(batch).map(({ report }) => report));
  const rate = await ratePerSecond(1, async () => {
    await file.write(bytes);
    await file.datasync();
    return batch;
  });
  await file.close();
  await rm(dir, { recursive: true });
  return rate;
}

async function ratePerSecond(clients: number, send: () => Promise<number>): Promise<number> {
  const start = performance.now();
  const end = start + SECONDS * 1000;
  let count = 0;
  const client = async (): Promise<void> => {
    while (performance.now() < end) {
      const sent = await send();
      count += sent;
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return (count * 1000) / (performance.now() - start);
}

function reports(count: number): (EvidenceBody & { readonly kind: 'beacon' | 'witness' })[] {
  return Array.from({ length: count }, () => ({
    kind: 'beacon',
    report: randomBytes(REPORT_BYTES),
    session: null,
  }));
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href)
  for (const line of logLines(await measureLog())) process.stdout.write(`${line}\n`);
