import { setTimeout as sleep } from 'node:timers/promises';
import type { HotspotKey } from '#protocol/units';
import { encodeWitness } from '#protocol/wire/encode';
import { envelopeOf } from '#services/runtime/grpc/envelope';
import { signingKeyOf } from '#services/runtime/signing-seed';
import { testKey, type TestKey } from '../test/protocol/epoch/world.ts';
import { rawGrpcClient, type RawClient } from '../test/support/grpc/grpc-client.ts';
import { openSession, type OpenedSession } from '../test/support/grpc/hotspot-client.ts';
import { openByteCounter } from './byte-counter.ts';
import { PATIENCE_MS, startServer, type Server } from './streams/start-server.ts';

const STREAMS = 5000;
/** Reports of each way; a hotspot sends a handful in a row. */
const REPORTS = 20_000;
const BATCH = 100;
/** Clients that each wait for an answer before they send again. */
const UNARY_CLIENTS = 64;
const BATCH_CLIENTS = 8;
/** As many connections are opened at a time. */
const OPENING = 100;
/** Reports whose bytes are counted. */
const COUNTED = 100;
const SUBMIT = '/helium.poc_lora.poc_lora/submit_lora_witness';

/** Reports a second, the server's CPU time for one, and its bytes inside TCP both ways together. */
export interface WayFigure {
  readonly way: 'streams' | 'unary' | 'batches';
  readonly rate: number;
  readonly cpuUs: number;
  readonly bytes: number;
}

export interface StreamFigures {
  readonly streams: number;
  /** Bytes for each stream that is held, as the system and as the engine count. */
  readonly rssBytes: number;
  readonly heapBytes: number;
  /** CPU time and lateness of a server that only holds them, in ms a second and ms. */
  readonly idleCpuMs: number;
  readonly idleLateMs: number;
  /** Of a report's message alone. */
  readonly messageBytes: number;
  readonly ways: readonly WayFigure[];
}

interface Held extends OpenedSession {
  readonly client: RawClient;
  readonly hotspot: TestKey;
}

/** Sessions held on one process, and reports by three ways into the same log. */
export async function measureStreams(streams = STREAMS): Promise<StreamFigures> {
  const server = await startServer(streams);
  try {
    const empty = await server.state('memory');
    const held = await openStreams(server.url, streams);
    await recordsOf(server, empty.records + streams);
    await sleep(2000);
    const full = await server.state('memory');
    if (full.streams !== streams) throw new Error(`${full.streams} streams of ${streams} are held`);
    await sleep(5000);
    const idle = await server.state();
    const ways = [
      { ...(await throughStreams(server, held)), bytes: await bytesOf(server, streamed) },
      { ...(await throughUnaryCalls(server, held)), bytes: await bytesOf(server, called) },
      { ...(await throughBatches(server, held)), bytes: await bytesOf(server, batched) },
    ];
    await Promise.all(held.map(({ client }) => client.close()));
    return {
      streams,
      rssBytes: (full.rssBytes - empty.rssBytes) / streams,
      heapBytes: (full.heapBytes - empty.heapBytes) / streams,
      idleCpuMs: (idle.cpuMs - full.cpuMs) / 5,
      idleLateMs: idle.lateMs,
      messageBytes: reportsOf(testKey('held 0').key, 1)[0]?.length ?? 0,
      ways,
    };
  } finally {
    await server.close();
  }
}

/** One line per figure. */
export function streamLines(figures: StreamFigures): readonly string[] {
  const { streams, messageBytes, ways } = figures;
  const kib = (bytes: number): string => `${(bytes / 1024).toFixed(1)} KiB`;
  const batches = ways.find(({ way }) => way === 'batches')?.rate ?? NaN;
  const calls = ways.find(({ way }) => way === 'unary')?.rate ?? NaN;
  return [
    `streams: ${streams} sessions; each holds ${kib(figures.rssBytes)} of the server's memory (${kib(figures.heapBytes)} of its heap)`,
    `streams: a server that only holds them takes ${figures.idleCpuMs.toFixed(1)} ms of CPU time a second; its event loop is ${figures.idleLateMs.toFixed(1)} ms late at the 99th percentile`,
    ...ways.map(
      ({ way, rate, cpuUs, bytes }) =>
        `streams: ${NAMES[way]}: ${Math.round(rate).toLocaleString('en-US')} reports/s, ${(rate / batches).toFixed(2)} of batches, ` +
        `${(rate / calls).toFixed(1)} of unary calls; ${cpuUs.toFixed(0)} us of the server's CPU time and ${Math.round(bytes)} bytes in TCP a report, ` +
        `${(bytes / messageBytes).toFixed(2)} of its message (${messageBytes})`,
    ),
  ];
}

const NAMES: Readonly<Record<WayFigure['way'], string>> = {
  streams: 'through all streams at once',
  unary: `unary calls, a connection each, ${UNARY_CLIENTS} at a time`,
  batches: `HTTP batches of ${BATCH}, ${BATCH_CLIENTS} at a time`,
};

/** As hotspots do: each has a connection of its own. */
async function openStreams(url: string, count: number): Promise<readonly Held[]> {
  const held: Held[] = [];
  for (let at = 0; at < count; at += OPENING)
    held.push(
      ...(await Promise.all(
        Array.from({ length: Math.min(OPENING, count - at) }, async (_, place) => {
          const hotspot = testKey(`held ${at + place}`);
          const client = rawGrpcClient(url);
          return { ...(await openSession(client, hotspot)), client, hotspot };
        }),
      )),
    );
  return held;
}

/** Until the log holds so many records: nothing else says that a streamed report is durable. */
async function recordsOf(server: Server, records: number): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while ((await server.state()).records < records) {
    if (performance.now() > end) throw new Error(`the log never held ${records} records`);
    await sleep(20);
  }
}

async function measured(
  server: Server,
  reports: number,
  { way, send }: { readonly way: WayFigure['way']; readonly send: () => Promise<unknown> },
): Promise<Omit<WayFigure, 'bytes'>> {
  const before = await server.state();
  const begun = performance.now();
  await send();
  await recordsOf(server, before.records + reports);
  const seconds = (performance.now() - begun) / 1000;
  const after = await server.state();
  return { way, rate: reports / seconds, cpuUs: ((after.cpuMs - before.cpuMs) * 1000) / reports };
}

function throughStreams(server: Server, held: readonly Held[]): Promise<Omit<WayFigure, 'bytes'>> {
  const each = Math.ceil(REPORTS / held.length);
  const ready = held.map(({ hotspot, session, call }) => ({
    call,
    reports: reportsOf(hotspot.key, each, signingKeyOf(session.secret).sign),
  }));
  const send = (): Promise<void> => {
    for (let place = 0; place < each; place += 1)
      for (const { call, reports } of ready) call.send(envelopeOf(2, reports[place] ?? NOTHING));
    return Promise.resolve();
  };
  return measured(server, each * held.length, { way: 'streams', send });
}

function throughUnaryCalls(server: Server, held: readonly Held[]): Promise<Omit<WayFigure, 'bytes'>> {
  // Connections in TIME_WAIT hold a port each: fewer calls, and enough to tell.
  const reports = held.slice(0, REPORTS / 8).flatMap(({ hotspot }) => reportsOf(hotspot.key, 1));
  const send = (): Promise<void> =>
    inTurns(reports, UNARY_CLIENTS, (report) => submitOnce(server.url, report));
  return measured(server, reports.length, { way: 'unary', send });
}

function throughBatches(server: Server, held: readonly Held[]): Promise<Omit<WayFigure, 'bytes'>> {
  const reports = held.flatMap(({ hotspot }) => reportsOf(hotspot.key, Math.ceil(REPORTS / held.length)));
  const bodies = Array.from({ length: Math.floor(reports.length / BATCH) }, (_, place) =>
    bodyOf(reports.slice(place * BATCH, (place + 1) * BATCH)),
  );
  const send = (): Promise<void> => inTurns(bodies, BATCH_CLIENTS, (body) => post(server.url, body));
  return measured(server, bodies.length * BATCH, { way: 'batches', send });
}

async function inTurns<Item>(
  items: readonly Item[],
  clients: number,
  send: (item: Item) => Promise<void>,
): Promise<void> {
  const rest = items.values();
  const client = async (): Promise<void> => {
    for (const item of rest) await send(item);
  };
  await Promise.all(Array.from({ length: clients }, client));
}

async function submitOnce(url: string, report: Uint8Array): Promise<void> {
  const client = rawGrpcClient(url);
  const { status, message } = await client.unary(SUBMIT, report);
  await client.close();
  if (status !== 0) throw new Error(`refused: ${message}`);
}

async function post(url: string, body: string): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${url}/v1/reports`, { method: 'POST', headers, body });
  await answer.arrayBuffer();
  if (answer.status !== 200) throw new Error(`refused with ${answer.status}`);
}

function bodyOf(reports: readonly Uint8Array[]): string {
  return JSON.stringify({
    reports: reports.map((report) => ({ kind: 'witness', bytes: Buffer.from(report).toString('base64') })),
  });
}

const NOTHING = new Uint8Array(0);
const UNSIGNED = new Uint8Array(64);
let number = 0;

/**
 * Made before anything is measured; no two are the same. What does not come through a stream is judged after the log:
 * its signature costs ingest nothing, whatever it is.
 */
function reportsOf(
  key: HotspotKey,
  count = COUNTED,
  sign: (message: Uint8Array) => Uint8Array = () => UNSIGNED,
): readonly Uint8Array[] {
  return Array.from({ length: count }, () => {
    number += 1;
    const fields = {
      key,
      data: new Uint8Array(52).fill(number & 0xff),
      timestamp: 1_790_000_000_000_000_000n + BigInt(number),
      tmst: 3_000_000_000,
      signal: -710,
      snr: 117,
      frequency: 867_900_000n,
      datarate: 0,
    };
    return encodeWitness({ ...fields, signature: sign(encodeWitness(fields)) });
  });
}

/** Bytes of one report, when `send` sends as many as are counted. */
async function bytesOf(
  server: Server,
  send: (url: string, counter: { readonly bytes: () => number }) => Promise<number>,
): Promise<number> {
  const counter = await openByteCounter(Number(new URL(server.url).port));
  const bytes = await send(`http://127.0.0.1:${counter.port}`, counter);
  await counter.close();
  return bytes / COUNTED;
}

async function streamed(url: string, counter: { readonly bytes: () => number }): Promise<number> {
  const hotspot = testKey('held 0');
  const client = rawGrpcClient(url);
  const { call, session } = await openSession(client, hotspot, 'counted');
  await sleep(200);
  const before = counter.bytes();
  for (const report of reportsOf(hotspot.key, COUNTED, signingKeyOf(session.secret).sign)) {
    call.send(envelopeOf(2, report));
    // Apart: together they would share HTTP/2 frames, as real ones do not.
    await sleep(5);
  }
  await sleep(200);
  const bytes = counter.bytes() - before;
  await client.close();
  return bytes;
}

async function called(url: string, counter: { readonly bytes: () => number }): Promise<number> {
  for (const report of reportsOf(testKey('held 0').key)) await submitOnce(url, report);
  // Its connections end after their answers.
  await sleep(200);
  return counter.bytes();
}

async function batched(url: string, counter: { readonly bytes: () => number }): Promise<number> {
  await post(url, bodyOf(reportsOf(testKey('held 0').key)));
  return counter.bytes();
}
