import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { createClient, ConnectError, Code, type Transport } from '@connectrpc/connect';
import { createConnectTransport, createGrpcTransport } from '@connectrpc/connect-node';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { openReport, reportId } from '#protocol/wire/report';
import { keyText } from '#protocol/wire/key';
import type { Entropy } from '#services/ingest/entropy';
import { configKeyOf, loadOrCreateConfigKey } from '#services/ingest/hotspots/config-key';
import { verifySignature } from '#services/runtime/signature';
import { regionRequest } from '#services/simulate/hotspot/messages';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  gateway,
  gateway_region_params_res_v1Schema,
} from '../../../services/runtime/grpc/generated/iot_config_pb.js';
import { poc_entropy } from '../../../services/runtime/grpc/generated/poc_entropy_pb.js';
import { poc_lora } from '../../../services/runtime/grpc/generated/poc_lora_pb.js';
import { testHotspot, TestWorld, type TestHotspot } from '../../protocol/epoch/world.ts';
import { rawGrpcClient, type RawClient } from '../../support/grpc/grpc-client.ts';
import { signAs, until, witnessOf } from '../../support/grpc/hotspot-client.ts';
import { openIngestWorld, type IngestWorld } from '../../support/grpc/ingest-world.ts';
import { makeDataDir } from '../../support/service-world.ts';

const REGION = '/helium.iot_config.gateway/region_params';
const ENTROPY = '/helium.poc_entropy.poc_entropy/entropy';
const SUBMIT = '/helium.poc_lora.poc_lora/submit_lora_';
const NUMBER = { US915: 0, EU868: 1, UNKNOWN: 255 } as const;

const placed = testHotspot('placed', 0, { gain: 23 });
const placeless = testHotspot('placeless', 1, { cell: null });
const stranger = testHotspot('nobody knows it', 2);
const configSeed = new Uint8Array(32).fill(9);
const entropy: Entropy = {
  kind: 'entropy',
  data: new Uint8Array(32).fill(5),
  timestamp: 1_790_000_000,
  version: 0,
  slot: 7n,
  blockhash: new Uint8Array(32),
};
const now = 1_790_000_123_456;

let data: Awaited<ReturnType<typeof makeDataDir>>;
let world: IngestWorld;
let client: RawClient;
let isEntropyThere = true;

beforeAll(async () => {
  data = await makeDataDir(new TestWorld({ hotspots: [placed, placeless], epochs: 1 }));
  world = await openIngestWorld({
    dataDir: data.dataDir,
    configSeed,
    now: () => now,
    entropy: () => (isEntropyThere ? entropy : null),
  });
  client = rawGrpcClient(world.url);
});
afterAll(async () => {
  await client.close();
  await world.close();
  await data.close();
});

const asking = (hotspot: TestHotspot, region: number, signer: TestHotspot = hotspot): Uint8Array =>
  regionRequest({ key: hotspot.key, sign: (message) => signAs(signer, message) }, region);

/** As the client believes an answer: decoded, without its signature, encoded once more, by the key of its settings. */
function believed(answer: Uint8Array | null) {
  const message = fromBinary(gateway_region_params_res_v1Schema, answer ?? new Uint8Array(0));
  const unsigned = create(gateway_region_params_res_v1Schema, { ...message, signature: new Uint8Array(0) });
  const { key } = configKeyOf(configSeed);
  const encoded = toBinary(gateway_region_params_res_v1Schema, unsigned, { writeUnknownFields: false });
  expect(verifySignature({ key, message: encoded, signature: message.signature })).toBe(true);
  return message;
}

describe('region_params', () => {
  it('tells a hotspot in Europe its channels, its gain and the time, signed by the key of its settings', async () => {
    const { status, answer } = await client.unary(REGION, asking(placed, NUMBER.US915));
    expect(status).toBe(0);
    const message = believed(answer);
    expect(message).toMatchObject({ region: NUMBER.EU868, gain: 23n, timestamp: 1_790_000_123n });
    expect(message.params?.regionParams).toHaveLength(8);
  });

  it.each([
    ['unknown', stranger],
    ['unasserted', placeless],
  ] as const)('answers an %s hotspot with the region that it asked for, and no gain', async (_, hotspot) => {
    for (const region of [NUMBER.US915, NUMBER.EU868]) {
      const { status, answer } = await client.unary(REGION, asking(hotspot, region));
      expect(status).toBe(0);
      expect(believed(answer)).toMatchObject({ region, gain: 0n });
    }
  });

  it('does not let a hotspot without a place believe that UNKNOWN is a region', async () => {
    for (const hotspot of [stranger, placeless])
      expect(await client.unary(REGION, asking(hotspot, NUMBER.UNKNOWN))).toMatchObject({
        status: 3,
        message: text('unknown_region'),
        answer: null,
      });
    const { answer } = await client.unary(REGION, asking(placed, NUMBER.UNKNOWN));
    expect(believed(answer).region).toBe(NUMBER.EU868);
  });

  it('refuses what another key signed, and what is no request', async () => {
    expect(await client.unary(REGION, asking(placed, NUMBER.EU868, placeless))).toMatchObject({
      status: 16,
      message: text('bad_signature'),
    });
    const bad: readonly (readonly [Uint8Array, string])[] = [
      [Uint8Array.of(0xff, 0xff, 0xff), 'malformed_report'],
      // Region as bytes, address as a number: a decoder that skips them would take the rest.
      [Uint8Array.of(0x0a, 1, 1, ...asking(placed, NUMBER.EU868)), 'malformed_report'],
      [Uint8Array.of(0x10, 1, ...asking(placed, NUMBER.EU868)), 'malformed_report'],
      [new Uint8Array(0), 'malformed_key'],
      [new Uint8Array(600), 'oversized_report'],
    ];
    for (const [message, code] of bad)
      expect(await client.unary(REGION, message)).toMatchObject({ status: 3, message: text(code) });
  });
});

describe('the config key', () => {
  it('is made once, for its owner alone to read, and said in the form of the settings', async () => {
    const made = await loadOrCreateConfigKey(data.dataDir);
    const { mode } = await stat(join(data.dataDir, 'ingest', 'config-key'));
    expect(mode & 0o777).toBe(0o600);
    expect((await loadOrCreateConfigKey(data.dataDir)).key).toBe(made.key);
    expect(keyText(made.key)).toMatch(/^1[1-9A-HJ-NP-Za-km-z]{50,51}$/);
  });
});

describe('entropy', () => {
  it('is the current one, or UNAVAILABLE with when to come again', async () => {
    const there = await client.unary(ENTROPY, new Uint8Array(0));
    expect(there.status).toBe(0);
    const { output } = poc_entropy.method.entropy;
    expect(fromBinary(output, there.answer ?? new Uint8Array(0))).toMatchObject({
      data: entropy.data,
      timestamp: 1_790_000_000n,
      version: 0,
    });
    isEntropyThere = false;
    const gone = await client.unary(ENTROPY, new Uint8Array(0));
    isEntropyThere = true;
    expect(gone).toMatchObject({ status: 14, message: text('entropy_unavailable'), answer: null });
    expect(Number(gone.trailers['grpc-retry-pushback-ms'])).toBeGreaterThan(0);
  });

  it('skips fields of later versions, and refuses what is no message', async () => {
    expect(await client.unary(ENTROPY, Uint8Array.of(0x08, 1))).toMatchObject({ status: 0 });
    expect(await client.unary(ENTROPY, Uint8Array.of(0x0a, 9, 1))).toMatchObject({
      status: 3,
      message: text('malformed_message'),
    });
  });
});

describe('a unary report', () => {
  it('with a field of another wire type is refused and not logged', async () => {
    const { size } = world.log;
    const report = witnessOf(placed, placed, 1);
    // Field 4, a timestamp, as bytes; field 2, the key, as a number.
    for (const wrong of [Uint8Array.of(0x22, 1, 1), Uint8Array.of(0x10, 1)])
      expect(await client.unary(`${SUBMIT}witness`, Uint8Array.of(...wrong, ...report))).toMatchObject({
        status: 3,
        message: text('malformed_report'),
      });
    // Field 3, remote entropy's sibling, as a number.
    expect(await client.unary(`${SUBMIT}beacon`, Uint8Array.of(0x18, 1))).toMatchObject({ status: 3 });
    expect(world.log.size).toBe(size);
  });
});

const transports: readonly (readonly [string, (baseUrl: string) => Transport])[] = [
  ['Connect with JSON over HTTP/1.1', (baseUrl) => connectTransport(baseUrl, '1.1', false)],
  ['Connect with JSON over HTTP/2', (baseUrl) => connectTransport(baseUrl, '2', false)],
  ['Connect with protobuf over HTTP/1.1', (baseUrl) => connectTransport(baseUrl, '1.1', true)],
  ['Connect with protobuf over HTTP/2', (baseUrl) => connectTransport(baseUrl, '2', true)],
  ['gRPC', (baseUrl) => createGrpcTransport({ baseUrl, interceptors: [] })],
];

function connectTransport(baseUrl: string, httpVersion: '1.1' | '2', useBinaryFormat: boolean): Transport {
  return createConnectTransport({ baseUrl, httpVersion, useBinaryFormat });
}

describe.each(transports)('a client of connect-node that speaks %s', (_, transportTo) => {
  it('gets entropy and region, and its report logged as it was signed', async () => {
    const transport = transportTo(world.url);
    expect(await createClient(poc_entropy, transport).entropy({})).toMatchObject({
      data: entropy.data,
      timestamp: 1_790_000_000n,
    });
    const { input } = gateway.method.region_params;
    const request = fromBinary(input, asking(placed, NUMBER.US915));
    const answer = await createClient(gateway, transport).region_params(request);
    believed(toBinary(gateway_region_params_res_v1Schema, answer));

    const { size } = world.log;
    const report = witnessOf(placed, placed, size + 1);
    const witness = fromBinary(poc_lora.method.submit_lora_witness.input, report);
    const { id } = await createClient(poc_lora, transport).submit_lora_witness(witness);
    expect(id).toBe(reportId(openReport('witness', report)));
    await until(
      () => Promise.resolve(world.log.size),
      (held) => held === size + 1,
    );
    expect((await world.records())[size]?.record.body).toEqual({ kind: 'witness', report, session: null });
  });

  it('is told in its own words why it is refused', async () => {
    const reports = createClient(poc_lora, transportTo(world.url));
    const report = fromBinary(poc_lora.method.submit_lora_witness.input, witnessOf(stranger, stranger, 1));
    const refused: unknown = await reports.submit_lora_witness(report).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ConnectError);
    expect(refused).toMatchObject({ code: Code.PermissionDenied, rawMessage: text('unknown_key') });
  });
});

describe('a plain POST', () => {
  const post = (path: string, body: string, type = 'application/json'): Promise<Response> =>
    fetch(`${world.url}${path}`, { method: 'POST', headers: { 'content-type': type }, body });

  it('of JSON is answered in JSON, and told what is wrong with it', async () => {
    const answer = await post(ENTROPY, '{}');
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      200,
      expect.stringMatching(/^application\/json/),
    ]);
    expect(await answer.json()).toMatchObject({ timestamp: '1790000000' });
    const wrong = await post(REGION, '{"region": "nowhere"}');
    expect([wrong.status, await wrong.json()]).toEqual([
      400,
      { code: 'invalid_argument', message: text('malformed_message') },
    ]);
    expect((await post(ENTROPY, '{}', 'text/plain')).status).toBe(415);
    expect((await post('/helium.poc_lora.poc_lora/stream_requests', '{}')).status).toBe(404);
    expect((await post(ENTROPY, `"${'x'.repeat(70_000)}"`)).status).toBe(413);
  });
});

/** A matcher, typed as what it matches. */
function text(part: string): string {
  return expect.stringContaining(part) as string;
}
