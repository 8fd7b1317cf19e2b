import { createSocket } from 'node:dgram';
import { fromBinary } from '@bufbuild/protobuf';
import { openHotspotLink } from '#services/route/hotspots/open-hotspot-link';
import { envelopeOf } from '#services/runtime/grpc/envelope';
import { createHttpServer } from '#services/runtime/http-server';
import { openMetrics } from '#services/runtime/metrics';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { envelope_down_v1Schema as downSchema } from '../../../services/runtime/grpc/generated/packet_router_pb.js';
import { testHotspot, testKey, type TestKey } from '../../protocol/epoch/world.ts';
import { rawGrpcClient, type RawCall, type RawClient } from '../../support/grpc/grpc-client.ts';
import { initOf, nonceOf, registerOf } from '../../support/grpc/hotspot-client.ts';
import {
  dataFrame,
  openRouteWorld,
  packetUp,
  registerRoute,
  routeOf,
  testOwner,
  type RouteWorld,
} from '../../support/route-world.ts';
import { SILENT } from '../../support/service-world.ts';
import { eventually } from '../../support/uplinks.ts';

const owner = testOwner('owner of meters');
let world: RouteWorld;
let client: RawClient;
let close: () => Promise<void>;

beforeEach(async () => {
  world = await openRouteWorld();
  world.balances.set(owner.address, 100n);
  const metrics = openMetrics('route');
  const server = createHttpServer({ logger: SILENT, metrics, health: () => ({ ok: true }) });
  const { isRegistered, handlers } = world.router;
  world.router.attach(
    openHotspotLink(handlers, {
      logger: SILENT,
      metrics,
      server,
      now: Date.now,
      isRegistered,
      maxStreams: 100,
    }),
  );
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  client = rawGrpcClient(url);
  close = () => server.close();
});
afterEach(async () => {
  await client.close();
  await close();
  await world.close();
});

async function stream(hotspot: TestKey): Promise<{ readonly call: RawCall; readonly session: TestKey }> {
  const call = client.call('/helium.packet_router.packet/route');
  await call.headers;
  call.send(envelopeOf(1, registerOf(hotspot)));
  const session = testKey('session of a stream');
  call.send(envelopeOf(3, initOf(hotspot, nonceOf(await call.next()), session)));
  return { call, session };
}

it('a hotspot that streams its packets gets the answer to its device, at the counter that the server named', async () => {
  const server = createSocket('udp4');
  const heard: { readonly id: number; readonly eui: string }[] = [];
  server.on('message', (datagram, from) => {
    heard.push({ id: datagram[3] ?? -1, eui: datagram.subarray(12).toString() });
    if (datagram[3] !== 0) return;
    const txpk = { tmst: 32_704, freq: 868.1, datr: 'SF7BW125', modu: 'LORA', data: 'YAECAw==' };
    const answer = Buffer.concat([Buffer.from([2, 1, 2, 3]), Buffer.from(JSON.stringify({ txpk }))]);
    server.send(answer, from.port, from.address);
  });
  await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve));
  const { port } = server.address();
  const part = { ...world.gwmp, forward: { kind: 'gwmp' as const, host: '127.0.0.1', port } };
  await registerRoute(routeOf(owner, part, { network: world.world.network }), world.register);

  const hotspot = world.hotspots[0] ?? testHotspot('none', 0);
  const { call, session } = await stream(hotspot);
  call.send(envelopeOf(2, packetUp(hotspot, session, { frame: dataFrame(0x26000001) })));
  const down = fromBinary(downSchema, (await call.next()) ?? new Uint8Array());
  if (down.data.case !== 'packet') throw new Error('no packet down');
  expect(Buffer.from(down.data.value.payload).toString('hex')).toBe('60010203');
  expect(down.data.value.rx1).toMatchObject({ timestamp: 32_704n, frequency: 868_100_000, datarate: 5 });
  await eventually(() => heard.find(({ id, eui }) => id === 5 && eui.includes('NONE')));
  expect((await world.records()).map(({ record }) => record.body.kind)).toContain('packet');
  server.close();
});

it('a hotspot that is not registered opens no session', async () => {
  const call = client.call('/helium.packet_router.packet/route');
  await call.headers;
  call.send(envelopeOf(1, registerOf(testHotspot('stranger', 9))));
  const end = await call.ended;
  expect([end.status, end.message]).toEqual([7, expect.stringMatching(/^unknown_key: /) as unknown]);
  expect(await world.records()).toEqual([]);
});
