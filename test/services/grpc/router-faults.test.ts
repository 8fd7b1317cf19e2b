import { create, toBinary } from '@bufbuild/protobuf';
import { keyBytes } from '#protocol/wire/key';
import {
  openHotspotStreams,
  ROUTE_PATH,
  type HotspotStreams,
} from '#services/route/hotspots/hotspot-streams';
import { openBudget } from '#services/runtime/budget';
import { envelopeOf } from '#services/runtime/grpc/envelope';
import { createGrpcServer, openGrpcMetrics } from '#services/runtime/grpc/grpc-server';
import { openHolds } from '#services/runtime/grpc/holds';
import { shareOnePort } from '#services/runtime/grpc/one-port';
import { createHttpServer, listenHttp } from '#services/runtime/http-server';
import { openMetrics } from '#services/runtime/metrics';
import { verifySignature } from '#services/runtime/signature';
import { packetUp } from '#services/simulate/hotspot/messages';
import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packet_router_register_v1Schema } from '../../../services/runtime/grpc/generated/packet_router_pb.js';
import { testHotspot, testKey, TestWorld, type TestKey } from '../../protocol/epoch/world.ts';
import { rawGrpcClient, type RawCall, type RawClient } from '../../support/grpc/grpc-client.ts';
import { initOf, nonceOf, signAs, until } from '../../support/grpc/hotspot-client.ts';
import { openIngestWorld } from '../../support/grpc/ingest-world.ts';
import { makeDataDir, SILENT } from '../../support/service-world.ts';

const hotspot = testHotspot('routed', 0);
const other = testHotspot('routed too', 1, {}, 'ecc_compact');

interface Router {
  readonly url: string;
  readonly streams: HotspotStreams;
  /** Index of the session of every packet that was taken. */
  readonly sessions: readonly number[];
  readonly close: () => Promise<void>;
}

async function openRouter(times: { readonly initMs: number } = { initMs: 5000 }): Promise<Router> {
  const sessions: number[] = [];
  let index = 0;
  const streams = openHotspotStreams({
    rules: {
      random: (bytes) => new Uint8Array(bytes).fill((index += 1)),
      verify: verifySignature,
      admit: () => Promise.resolve(),
      budget: openBudget(1000),
      appendSession: () => Promise.resolve((index += 1)),
      now: Date.now,
      initMs: times.initMs,
      renewMs: 1e6,
    },
    holds: openHolds({ firstMs: 0, maxMs: 0, forgetMs: 1000, names: 10, held: 10 }, Date.now),
    onPacket: ({ session }) => void sessions.push(session),
  });
  const metrics = openMetrics('route');
  const app = createHttpServer({ logger: SILENT, metrics, health: () => ({ ok: true }) });
  const methods = new Map([[ROUTE_PATH, streams.method]]);
  shareOnePort(app, createGrpcServer({ methods, logger: SILENT, metrics: openGrpcMetrics(metrics) }));
  const { url } = await listenHttp(app, { host: '127.0.0.1', port: 0, logger: SILENT });
  return { url, streams, sessions, close: () => app.close() };
}

function registerOf(by: TestKey, of: { readonly signer?: TestKey; readonly capable?: boolean } = {}) {
  const message = create(packet_router_register_v1Schema, {
    timestamp: 1_790_000_000_000n,
    gateway: keyBytes(by.key),
    sessionCapable: of.capable ?? true,
  });
  const signature = signAs(of.signer ?? by, toBinary(packet_router_register_v1Schema, message));
  return envelopeOf(1, toBinary(packet_router_register_v1Schema, { ...message, signature }));
}

function packetOf(by: TestKey, signer: TestKey): Uint8Array {
  const heard = { rssi: -100, snr: 5, payload: Uint8Array.of(0x40, 1, 2, 3, 4), tmst: 1, region: 1 };
  const fields = { ...heard, key: by.key, frequency: 868_100_000, datarate: 'SF7BW125', holdTime: 0 };
  return envelopeOf(
    2,
    packetUp(fields, (message) => signAs(signer, message)),
  );
}

let router: Router;
let client: RawClient;
beforeEach(async () => {
  router = await openRouter();
  client = rawGrpcClient(router.url);
});
afterEach(async () => {
  await client.close();
  await router.close();
});

async function begin(by: TestKey = hotspot): Promise<RawCall> {
  const call = client.call(ROUTE_PATH);
  await call.headers;
  call.send(registerOf(by));
  return call;
}

async function session(by: TestKey, name: string): Promise<{ call: RawCall; key: TestKey }> {
  const call = await begin(by);
  const key = testKey(name);
  call.send(envelopeOf(3, initOf(by, nonceOf(await call.next()), key)));
  return { call, key };
}

const taken = (count: number): Promise<number> =>
  until(
    () => Promise.resolve(router.sessions.length),
    (have) => have === count,
  );

describe('a stream to the router', () => {
  it('gets headers before it says anything, and an offer only for a register that its hotspot signed', async () => {
    const call = client.call(ROUTE_PATH);
    expect((await call.headers)[':status']).toBe(200);
    call.send(registerOf(hotspot, { signer: other }));
    expect(await call.next()).toBeNull();
    expect(await call.ended).toMatchObject({ status: 16, message: text('bad_signature') });
  });

  it('ends where the hotspot cannot have sessions, or says something else first', async () => {
    const old = client.call(ROUTE_PATH);
    old.send(registerOf(hotspot, { capable: false }));
    expect(await old.ended).toMatchObject({ status: 9, message: text('session_expected') });
    const early = client.call(ROUTE_PATH);
    early.send(packetOf(hotspot, hotspot));
    expect(await early.ended).toMatchObject({ status: 3, message: text('malformed_message') });
    const twice = await begin();
    await twice.next();
    twice.send(registerOf(hotspot));
    expect(await twice.ended).toMatchObject({ status: 3, message: text('register twice') });
  });

  it('ends at a packet that its session did not sign, or that names another hotspot', async () => {
    for (const packet of [packetOf(hotspot, hotspot), packetOf(hotspot, testKey('no session'))]) {
      const { call } = await session(hotspot, 'signed badly');
      call.send(packet);
      expect(await call.ended).toMatchObject({ status: 16, message: text('bad_signature') });
    }
    const { call, key } = await session(hotspot, 'of another');
    call.send(packetOf(other, key));
    expect(await call.ended).toMatchObject({ status: 7, message: text('wrong_key') });
    expect(router.sessions).toEqual([]);
  });

  it('ends at a second session_init that answers no offer', async () => {
    const call = await begin();
    const init = envelopeOf(3, initOf(hotspot, nonceOf(await call.next()), testKey('twice')));
    call.send(init);
    call.send(init);
    expect(await call.ended).toMatchObject({ status: 9, message: text('session_not_offered') });
  });

  it('ends at a session_init for another hotspot than the one that registered', async () => {
    const call = await begin();
    call.send(envelopeOf(3, initOf(other, nonceOf(await call.next()), testKey('foreign'))));
    expect(await call.ended).toMatchObject({ status: 7, message: text('wrong_key') });
  });

  it('takes packets of the session before right after a new one was offered and answered', async () => {
    const { call, key } = await session(hotspot, 'before');
    call.send(packetOf(hotspot, key));
    await taken(1);
    router.streams.reoffer();
    const nonce = nonceOf(await call.next());
    // Under way when the offer came, and after its answer.
    call.send(packetOf(hotspot, key));
    const renewed = testKey('after');
    call.send(envelopeOf(3, initOf(hotspot, nonce, renewed)));
    call.send(packetOf(hotspot, key));
    call.send(packetOf(hotspot, renewed));
    await taken(4);
    const [before, waiting, late, after] = router.sessions;
    expect([waiting, late]).toEqual([before, before]);
    expect(after).not.toBe(before);
  });

  it('ends where a new offer is not answered', async () => {
    await client.close();
    await router.close();
    router = await openRouter({ initMs: 100 });
    client = rawGrpcClient(router.url);
    const { call, key } = await session(hotspot, 'kept');
    call.send(packetOf(hotspot, key));
    await taken(1);
    router.streams.reoffer();
    await call.next();
    expect(await call.ended).toMatchObject({ status: 4, message: text('no_init') });
  });

  it('ends at a message over 64 KiB, at frames that are none, and at fields of another wire type', async () => {
    const large = await begin();
    await large.next();
    large.write(Uint8Array.of(0, 0, 1, 0, 1));
    expect(await large.ended).toMatchObject({ status: 8, message: text('message_too_large') });
    const garbage = client.call(ROUTE_PATH);
    garbage.write(Uint8Array.of(0xff, 0, 0, 0, 9, 1, 2, 3));
    expect(await garbage.ended).toMatchObject({ status: 12, message: text('compressed_message') });
    const register = registerOf(hotspot).subarray(2);
    for (const message of [
      Uint8Array.of(0x08, 1),
      Uint8Array.of(0xff, 0xff),
      // Its key as a number, and whether it has sessions as bytes.
      envelopeOf(1, Uint8Array.of(0x10, 1, ...register)),
      envelopeOf(1, Uint8Array.of(0x22, 1, 1, ...register)),
    ]) {
      const call = client.call(ROUTE_PATH);
      call.send(message);
      expect(await call.ended).toMatchObject({ status: 3, message: text('malformed_') });
    }
  });

  it('is gone without a trace when the client closes its side, or cancels after that', async () => {
    const closed = await session(hotspot, 'closed');
    closed.call.send(packetOf(hotspot, closed.key));
    await taken(1);
    closed.call.stream.end();
    expect(await closed.call.ended).toMatchObject({ status: 0 });
    const cancelled = await session(other, 'cancelled');
    cancelled.call.send(packetOf(other, cancelled.key));
    await taken(2);
    cancelled.call.stream.end();
    cancelled.call.stream.close(8);
    await until(
      () => Promise.resolve(router.streams.size),
      (size) => size === 0,
    );
    expect(router.streams.send(other.key, Uint8Array.of(1))).toBe(false);
    const again = await session(other, 'again');
    again.call.send(packetOf(other, again.key));
    await taken(3);
  });
});

describe('a router that ingest cannot reach', () => {
  async function throughIngest(
    routeUrl: string | null,
    then: (caller: RawClient) => Promise<void>,
  ): Promise<void> {
    const data = await makeDataDir(new TestWorld({ hotspots: [hotspot], epochs: 1 }));
    const ingest = await openIngestWorld({ dataDir: data.dataDir, routeUrl });
    const caller = rawGrpcClient(ingest.url);
    await then(caller);
    await caller.close();
    await ingest.close();
    await data.close();
  }

  async function expectUnavailable(caller: RawClient): Promise<void> {
    const call = caller.call(ROUTE_PATH);
    expect((await call.headers)[':status']).toBe(200);
    call.send(registerOf(hotspot));
    expect(await call.ended).toMatchObject({ status: 14, message: text('route_unavailable') });
  }

  it('because there is none, or none listens, is UNAVAILABLE after the headers', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => closed.once('listening', resolve));
    const address = closed.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const { port } = address;
    await new Promise((resolve) => closed.close(resolve));
    for (const url of [null, `http://127.0.0.1:${port}`]) await throughIngest(url, expectUnavailable);
  });

  it('because it went away in the middle of a session, ends that and refuses the next', async () => {
    await throughIngest(router.url, async (caller) => {
      const call = caller.call(ROUTE_PATH);
      call.send(registerOf(hotspot));
      await call.next();
      await router.close();
      expect(await call.ended).toMatchObject({ status: 14 });
      await expectUnavailable(caller);
      router = await openRouter();
    });
  });
});

/** A matcher, typed as what it matches. */
function text(part: string): string {
  return expect.stringContaining(part) as string;
}
