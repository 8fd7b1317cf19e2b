import { randomBytes } from 'node:crypto';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { EvidenceBody } from '#protocol/evidence/record';
import { millis } from '#protocol/units';
import { logSigner } from '#services/runtime/log/log-signer';
import { openLog, type EvidenceLog } from '#services/runtime/log/open-log';

/** Bytes of a signed beacon as fielded hotspots send it. */
const REPORT_BYTES = 250;
const SECONDS = 2;
const ROUNDS = 3;
const LATENCY_BATCH = 100;
const LATENCY_SECONDS = 6;

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
    { batch: 1000, clients: 4 },
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

export interface LatencyFigure {
  /** Reports a second that were sent, whether or not those before were answered. */
  readonly rate: number;
  /** Milliseconds until a batch had its receipts, and of a plain append with an fsync of the same bytes in the same run. */
  readonly log: Percentiles;
  readonly plain: Percentiles;
}

interface Percentiles {
  readonly p50: number;
  readonly p99: number;
}

/** Reports a second that a log is to take on two cores. */
const GOAL = 100_000;

/** How long receipts take at half of the rate that a log is to take, or of what this one was measured to, in batches of 100. */
export async function measureLatency(
  figures: readonly LogFigure[],
  where: string = tmpdir(),
): Promise<LatencyFigure> {
  const taken = figures.find(({ batch, clients }) => batch === 100 && clients > 1)?.log;
  const rate = Math.min(GOAL, taken ?? GOAL) / 2;
  const bodies = reports(LATENCY_BATCH);
  const [log, plain] = [await openBenchLog(where), await openPlain(where, LATENCY_BATCH)];
  const measured = {
    log: await latencies(rate, () => log.append(bodies)),
    plain: await latencies(rate, plain.append),
  };
  await log.close();
  await plain.close();
  return { rate, ...measured };
}

/** One line per figure. */
export function logLines(figures: readonly LogFigure[], latency: LatencyFigure): readonly string[] {
  const { rate, log: receipts, plain: appends } = latency;
  return [
    ...figures.map(
      ({ batch, clients, log, plain }) =>
        `log: batches of ${batch}, ${clients} at a time: ${Math.round(log)} reports/s durable with receipts; ` +
        `${(log / plain).toFixed(2)} of plain fsync'd appends (${Math.round(plain)}/s)`,
    ),
    `log: receipts at ${Math.round(rate)} reports/s: p50 ${receipts.p50.toFixed(1)} ms, p99 ${receipts.p99.toFixed(1)} ms; ` +
      `plain fsync'd appends at that rate: p50 ${appends.p50.toFixed(1)} ms, p99 ${appends.p99.toFixed(1)} ms; ` +
      `ratios ${(receipts.p50 / appends.p50).toFixed(1)} and ${(receipts.p99 / appends.p99).toFixed(1)}`,
  ];
}

async function logRate(
  where: string,
  { batch, clients }: { readonly batch: number; readonly clients: number },
): Promise<number> {
  const log = await openBenchLog(where);
  const bodies = reports(batch);
  const rate = await ratePerSecond(clients, async () => (await log.append(bodies)).length);
  await log.close();
  return rate;
}

async function openBenchLog(
  where: string,
): Promise<Pick<EvidenceLog, 'append'> & { close: () => Promise<void> }> {
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
  return {
    append: (bodies) => log.append(bodies),
    close: async () => {
      await log.close();
      await rm(dir, { recursive: true });
    },
  };
}

async function plainRate(where: string, batch: number): Promise<number> {
  const plain = await openPlain(where, batch);
  const rate = await ratePerSecond(1, async () => {
    await plain.append();
    return batch;
  });
  await plain.close();
  return rate;
}

async function openPlain(
  where: string,
  batch: number,
): Promise<{ append: () => Promise<void>; close: () => Promise<void> }> {
  const dir = await mkdtemp(join(where, 'coverant-bench-'));
  const file = await open(join(dir, 'plain'), 'w');
  const bytes = Buffer.concat(reports(batch).map(({ report }) => report));
  return {
    append: async () => {
      await file.write(bytes);
      await file.datasync();
    },
    close: async () => {
      await file.close();
      await rm(dir, { recursive: true });
    },
  };
}

/** Sends when it is time to, not when there was an answer: a slow one keeps nothing after it from being counted. */
async function latencies(rate: number, send: () => Promise<unknown>): Promise<Percentiles> {
  const taken: number[] = [];
  const sending: Promise<void>[] = [];
  const start = performance.now();
  const everyMs = (LATENCY_BATCH * 1000) / rate;
  for (let count = 0; count * everyMs < LATENCY_SECONDS * 1000;) {
    const due = start + count * everyMs;
    if (performance.now() < due) await sleep(1);
    else {
      count += 1;
      // A refusal counts as an answer that never came.
      const answered = send().then(
        () => performance.now() - due,
        () => Infinity,
      );
      sending.push(answered.then((ms) => void taken.push(ms)));
    }
  }
  await Promise.all(sending);
  const sorted = taken.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? 0;
  return { p50: at(0.5), p99: at(0.99) };
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

/** All that is measured of the log, a line each. */
export async function logFigures(): Promise<readonly string[]> {
  const figures = await measureLog();
  return logLines(figures, await measureLatency(figures));
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href)
  for (const line of await logFigures()) process.stdout.write(`${line}\n`);
