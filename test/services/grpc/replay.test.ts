import { hex } from '@scure/base';
import type { ComputedEpoch } from '#protocol/epoch';
import type { EvidenceBody } from '#protocol/evidence/record';
import { factsAt, type RawHotspot } from '#protocol/settle/registry';
import { epochNumber } from '#protocol/units';
import { keyFromText } from '#protocol/wire/key';
import { openReport } from '#protocol/wire/report';
import { openSessionInit } from '#protocol/wire/session';
import { envelopeOf } from '#services/runtime/grpc/envelope';
import { writeRegistryFile } from '#services/runtime/registry-file';
import { afterEach, describe, expect, it } from 'vitest';
import { computeRun, openRuns, type ReplayRecord, type ReplayRun } from '../../../scripts/replay/runs.ts';
import { readFixture, readVectors } from '../../../scripts/replay/vectors.ts';
import { testHotspot, TestWorld } from '../../protocol/epoch/world.ts';
import { rawGrpcClient, type RawCall, type RawClient } from '../../support/grpc/grpc-client.ts';
import { STREAM_PATH, until } from '../../support/grpc/hotspot-client.ts';
import { openIngestWorld, type IngestWorld } from '../../support/grpc/ingest-world.ts';
import { makeDataDir } from '../../support/service-world.ts';

interface Recorded {
  readonly server: { readonly seed: string };
  readonly vectors: readonly {
    readonly id: string;
    readonly kind: string;
    readonly raw: string;
    readonly pub_key_b58: string;
  }[];
  readonly server_messages: readonly {
    readonly id: string;
    readonly raw: string;
    readonly signed_bytes?: string;
    readonly decoded?: { readonly timestamp: number; readonly gain: number };
  }[];
}
const recorded = readFixture('gateway-rs.json') as Recorded;

let world: IngestWorld | null = null;
let client: RawClient | null = null;
let closeData: () => Promise<void> = () => Promise.resolve();
let clock = 0;
afterEach(async () => {
  await client?.close();
  await world?.close();
  await closeData();
});

/** Ingest as the run's network has it, by the clock of the run, offering the nonces that were offered then. */
async function startRun(
  run: ReplayRun,
  nonces: Uint8Array[],
): Promise<{ ingest: IngestWorld; caller: RawClient }> {
  const data = await makeDataDir(new TestWorld({ hotspots: [testHotspot('nobody', 0)], epochs: 1 }));
  closeData = data.close;
  const timed = <Value>(value: Value) => ({ current: value, next: value, nextFrom: epochNumber(0n) });
  const hotspots = [...run.input.registry.hotspots.values()].map(
    ({ key, registeredAt, status, tier, cell, gain, elevation, mode }): RawHotspot => ({
      key,
      registeredAt,
      status: timed(status),
      tier: timed(tier),
      location: timed({ cell: cell ?? 0n, gain, elevation, mode }),
    }),
  );
  expect(hotspots.map((each) => factsAt(each, epochNumber(1n)).cell)).not.toContain(null);
  const { start, end, network } = run.input.facts;
  await writeRegistryFile(data.dataDir, {
    slot: 1,
    unixTime: start,
    network: {
      address: network,
      keyNetwork: 'mainnet',
      epochLength: end - start,
      firstEpochStart: start,
      policyHash: '00'.repeat(32) as never,
      pendingPolicy: null,
    },
    credits: [],
    hotspots,
  });
  const ingest = await openIngestWorld({
    dataDir: data.dataDir,
    now: () => clock,
    configSeed: hex.decode(recorded.server.seed),
    random: (bytes) => nonces.shift() ?? new Uint8Array(bytes),
  });
  const caller = rawGrpcClient(ingest.url);
  world = ingest;
  client = caller;
  return { ingest, caller };
}

async function replay(run: ReplayRun): Promise<readonly ReplayRecord[]> {
  const nonces = run.records.flatMap(({ body }) => (body.kind === 'session_init' ? [body.nonce] : []));
  const { ingest, caller } = await startRun(run, nonces);
  const streams = new Map<string, RawCall>();
  for (const { receivedAt, body } of run.records) {
    const { size } = ingest.log;
    clock = receivedAt;
    await deliver(body, { ingest, caller, streams });
    await until(
      () => Promise.resolve(ingest.log.size),
      (now) => now === size + 1,
    );
  }
  return (await ingest.records()).map(({ record }) => {
    if (record.body.kind === 'unknown') throw new Error('an unknown record');
    return { receivedAt: record.receivedAt, body: record.body };
  });
}

async function deliver(
  body: EvidenceBody,
  to: { readonly ingest: IngestWorld; readonly caller: RawClient; readonly streams: Map<string, RawCall> },
): Promise<void> {
  if (body.kind === 'session_init') {
    const call = to.caller.call(STREAM_PATH);
    await call.headers;
    expect(await call.next()).toEqual(envelopeOf(1, envelopeOf(1, body.nonce)));
    to.streams.set(openSessionInit(body.init).key, call);
    call.send(envelopeOf(3, body.init));
  } else if (body.kind === 'beacon' || body.kind === 'witness') {
    const field = body.kind === 'beacon' ? 1 : 2;
    const { key } = openReport(body.kind, body.report);
    if (body.session !== null) to.streams.get(key)?.send(envelopeOf(field, body.report));
    else {
      const path = `/helium.poc_lora.poc_lora/submit_lora_${body.kind}`;
      const answer = await to.caller.unary(path, body.report);
      expect([answer.status, answer.message]).toEqual([0, '']);
    }
  } else if (body.kind === 'epoch_close') await to.ingest.log.closeEpoch(body.epoch);
  else await to.ingest.log.append([body]);
}

describe('what real hotspots sent', () => {
  for (const run of openRuns())
    it(`in run ${run.run} lands in the log byte for byte, and every report of it is judged valid`, async () => {
      const records = await replay(run);
      expect(records).toEqual(run.records);
      const result = computeRun(run, records);
      expect(result).toEqual(computeRun(run));
      const { verdicts } = result as ComputedEpoch;
      for (const { beacon, witnesses } of verdicts)
        for (const verdict of beacon === null ? witnesses : [beacon, ...witnesses])
          expect([verdict.reason, verdict.side]).toEqual([null, null]);
    });
});

describe('the region that real hotspots asked for', () => {
  for (const run of openRuns()) {
    const answer = recorded.server_messages.find(({ id }) => id === `${run.run}/region_params_response`);
    const requests = recorded.vectors.filter(
      ({ id, kind, pub_key_b58: key }) =>
        id.startsWith(`${run.run}/`) &&
        kind === 'region_params_request' &&
        run.input.registry.hotspots.has(keyFromText(key)),
    );
    if (answer?.decoded === undefined || requests.length === 0) continue;
    const { decoded } = answer;
    it(`is answered in run ${run.run} with bytes that they accepted`, async () => {
      const { caller } = await startRun(run, []);
      clock = decoded.timestamp * 1000 + 999;
      for (const { raw } of requests) {
        const call = await caller.unary('/helium.iot_config.gateway/region_params', hex.decode(raw));
        expect(call.status).toBe(0);
        if (run.region === 'US915') expect(hex.encode(call.answer ?? new Uint8Array(0))).toBe(answer.raw);
        // The packet sizes are others than those of the test server: what is before and after them is not.
        else expect(hex.encode(call.answer ?? new Uint8Array(0)).slice(0, 4)).toBe(answer.raw.slice(0, 4));
      }
    });
  }

  it('was asked for in all runs', () => {
    expect(
      readVectors().server_messages.filter(({ id }) => id.endsWith('region_params_response')),
    ).toHaveLength(4);
  });
});
