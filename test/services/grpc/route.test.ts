import { hex } from '@scure/base';
import { openSessionInit } from '#protocol/wire/session';
import type { ReceivedPacket } from '#services/route/hotspot-link';
import { openHotspotStreams, ROUTE_PATH } from '#services/route/hotspots/hotspot-streams';
import { openBudget } from '#services/runtime/budget';
import { envelopeOf } from '#services/runtime/grpc/envelope';
import { createGrpcServer, openGrpcMetrics } from '#services/runtime/grpc/grpc-server';
import { HOLD_LIMITS, openHolds } from '#services/runtime/grpc/holds';
import { shareOnePort } from '#services/runtime/grpc/one-port';
import { createHttpServer, listenHttp } from '#services/runtime/http-server';
import { openMetrics } from '#services/runtime/metrics';
import { verifySignature } from '#services/runtime/signature';
import { expect, it } from 'vitest';
import { readFixture } from '../../../scripts/replay/vectors.ts';
import { testHotspot, TestWorld } from '../../protocol/epoch/world.ts';
import { rawGrpcClient } from '../../support/grpc/grpc-client.ts';
import { until } from '../../support/grpc/hotspot-client.ts';
import { openIngestWorld } from '../../support/grpc/ingest-world.ts';
import { makeDataDir, SILENT } from '../../support/service-world.ts';

const { vectors } = readFixture('gateway-rs.json') as {
  readonly vectors: readonly { readonly id: string; readonly kind: string; readonly raw: string }[];
};
const raw = (prefix: string, kind: string): Uint8Array =>
  hex.decode(vectors.find((each) => each.id.startsWith(prefix) && each.kind === kind)?.raw ?? '');
const gateway =
  vectors
    .find(({ kind }) => kind === 'router_packet_up')
    ?.id.split('/')
    .slice(0, 2)
    .join('/') ?? '';

it('packets of a real hotspot go through ingest to the router as they were signed, and downlinks back', async () => {
  const init = raw(`${gateway}/`, 'router_session_init');
  const packets: ReceivedPacket[] = [];
  const streams = openHotspotStreams({
    rules: {
      random: () => openSessionInit(init).nonce,
      verify: verifySignature,
      admit: () => Promise.resolve(),
      budget: openBudget(1000),
      appendSession: () => Promise.resolve(7),
      now: Date.now,
      initMs: 5000,
      renewMs: 1e6,
    },
    holds: openHolds(HOLD_LIMITS, Date.now),
    onPacket: (received) => void packets.push(received),
  });
  const metrics = openMetrics('route');
  const app = createHttpServer({ logger: SILENT, metrics, health: () => ({ ok: true }) });
  const methods = new Map([[ROUTE_PATH, streams.method]]);
  shareOnePort(app, createGrpcServer({ methods, logger: SILENT, metrics: openGrpcMetrics(metrics) }));
  const { url } = await listenHttp(app, { host: '127.0.0.1', port: 0, logger: SILENT });
  const data = await makeDataDir(new TestWorld({ hotspots: [testHotspot('r', 0)], epochs: 1 }));
  const ingest = await openIngestWorld({ dataDir: data.dataDir, routeUrl: url });
  const client = rawGrpcClient(ingest.url);

  const call = client.call(ROUTE_PATH);
  expect((await call.headers)[':status']).toBe(200);
  call.send(envelopeOf(1, raw(`${gateway}/`, 'router_register')));
  expect(await call.next()).toEqual(envelopeOf(2, envelopeOf(1, openSessionInit(init).nonce)));
  call.send(envelopeOf(3, init));
  const packet = raw(`${gateway}/`, 'router_packet_up');
  call.send(envelopeOf(2, packet));
  await until(
    () => Promise.resolve(packets.length),
    (count) => count === 1,
  );
  const { key } = openSessionInit(init);
  expect(packets[0]).toMatchObject({ session: 7, packet: { key, bytes: packet } });
  expect(streams.send(key, Uint8Array.of(1, 2))).toBe(true);
  expect(await call.next()).toEqual(envelopeOf(1, Uint8Array.of(1, 2)));
  streams.reoffer();
  expect((await call.next())?.slice(0, 4)).toEqual(Uint8Array.of(0x12, 34, 0x0a, 32));

  await client.close();
  await ingest.close();
  await app.close();
  await data.close();
});
