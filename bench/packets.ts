import { createSocket, type Socket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import { openHotspotLink } from '#services/route/hotspots/open-hotspot-link';
import { envelopeOf } from '#services/runtime/grpc/envelope';
import { createHttpServer } from '#services/runtime/http-server';
import { openMetrics } from '#services/runtime/metrics';
import { testKey, type TestHotspot, type TestKey } from '../test/protocol/epoch/world.ts';
import { rawGrpcClient, type RawCall, type RawClient } from '../test/support/grpc/grpc-client.ts';
import { initOf, nonceOf, registerOf } from '../test/support/grpc/hotspot-client.ts';
import {
  dataFrame,
  openRouteWorld,
  packetUp,
  registerRoute,
  routeOf,
  testOwner,
} from '../test/support/route-world.ts';
import { SILENT } from '../test/support/service-world.ts';
import { verificationsPerSecond } from './route.ts';

const PACKETS_EACH = 1000;
/** Of the second part, in which packets come one at a time as they do on the air. */
const DOWNLINKS = 300;
const PAUSE_MS = 10;
const PUSH_DATA = 0;
const QUIET_MS = 5_000;

/**
 * Packets from hotspots' streams through matching, the copy window, disclosure, log and GWMP to a server, all on loopback;
 * and what the router adds to a downlink: from the server's PULL_RESP to the hotspot's stream.
 */
export async function packetLines(): Promise<readonly string[]> {
  const world = await openRouteWorld();
  const owner = testOwner('owner of the bench');
  world.balances.set(owner.address, 1_000_000n);
  const metrics = openMetrics('route');
  const http = createHttpServer({ logger: SILENT, metrics, health: () => ({ ok: true }) });
  const { isRegistered, handlers } = world.router;
  const stage = { logger: SILENT, metrics, server: http, now: Date.now, isRegistered, maxStreams: 100 };
  world.router.attach(openHotspotLink(handlers, stage));
  const client = rawGrpcClient(await http.listen({ host: '127.0.0.1', port: 0 }));
  const server = await openServer();
  const forward = { kind: 'gwmp' as const, host: '127.0.0.1', port: server.socket.address().port };
  const route = routeOf(owner, { ...world.gwmp, forward }, { network: world.world.network });
  await registerRoute(route, world.register);
  try {
    const streams: Stream[] = [];
    for (const hotspot of world.hotspots) streams.push(await openStream(client, hotspot));
    const packets = streams.map(({ hotspot, session }, place) =>
      Array.from({ length: PACKETS_EACH }, (_, at) => {
        const frame = dataFrame(0x26000001 + place, at);
        return envelopeOf(2, packetUp(hotspot, session, { frame }));
      }),
    );
    const wanted = streams.length * PACKETS_EACH;
    const begun = performance.now();
    for (const [place, { call }] of streams.entries())
      for (const packet of packets[place] ?? []) call.send(packet);
    const heard = await untilQuiet(server, wanted);
    const rate = heard / ((server.heardAt() - begun) / 1000);

    const [first] = streams;
    if (first === undefined) throw new Error('the bench has no stream');
    const waits: number[] = [];
    server.answer();
    for (let at = 0; at < DOWNLINKS; at += 1) {
      const frame = dataFrame(0x26000001, PACKETS_EACH + at);
      first.call.send(envelopeOf(2, packetUp(first.hotspot, first.session, { frame })));
      if ((await first.call.next()) === null) throw new Error('the stream ended');
      waits.push(performance.now() - server.answeredAt());
      await sleep(PAUSE_MS);
    }
    waits.sort((a, b) => a - b);
    const quantile = (part: number): string => (waits[Math.floor(waits.length * part)] ?? 0).toFixed(1);
    const limit = verificationsPerSecond();
    return [
      `packets: ${Math.round(rate)} a second from streams to a GWMP server (${heard} of ${wanted} datagrams came), each verified, disclosed and logged; ` +
        `${(rate / limit).toFixed(2)} of the ed25519 signatures that one core verifies (${Math.round(limit)} a second), senders in the same process`,
      `packets: from a server's PULL_RESP to the hotspot's stream p50 ${quantile(0.5)} ms, p99 ${quantile(0.99)} ms`,
    ];
  } finally {
    await client.close();
    await http.close();
    server.socket.close();
    await world.close();
  }
}

interface Stream {
  readonly hotspot: TestHotspot;
  readonly session: TestKey;
  readonly call: RawCall;
}

async function openStream(client: RawClient, hotspot: TestHotspot): Promise<Stream> {
  const call = client.call('/helium.packet_router.packet/route');
  await call.headers;
  call.send(envelopeOf(1, registerOf(hotspot)));
  const session = testKey(`bench ${hotspot.key}`);
  call.send(envelopeOf(3, initOf(hotspot, nonceOf(await call.next()), session)));
  return { hotspot, session, call };
}

/** A GWMP server that counts packets, and from `answer` on answers each at once. */
async function openServer(): Promise<{
  readonly socket: Socket;
  readonly heard: () => number;
  readonly heardAt: () => number;
  readonly answer: () => void;
  readonly answeredAt: () => number;
}> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 4_194_304 });
  let heard = 0;
  let heardAt = 0;
  let isAnswering = false;
  let answeredAt = 0;
  socket.on('message', (datagram, from) => {
    if (datagram[3] !== PUSH_DATA) return;
    heard += 1;
    heardAt = performance.now();
    if (!isAnswering) return;
    const { rxpk } = JSON.parse(datagram.subarray(12).toString('utf8')) as { rxpk: { tmst: number }[] };
    const tmst = ((rxpk[0]?.tmst ?? 0) + 1_000_000) % 2 ** 32;
    const txpk = { tmst, freq: 868.1, datr: 'SF7BW125', modu: 'LORA', data: 'YAECAw==' };
    answeredAt = performance.now();
    const answer = Buffer.concat([Buffer.from([2, 1, 2, 3]), Buffer.from(JSON.stringify({ txpk }))]);
    socket.send(answer, from.port, from.address);
  });
  await new Promise<void>((resolve) => {
    socket.bind(0, '127.0.0.1', resolve);
  });
  return {
    socket,
    heard: () => heard,
    heardAt: () => heardAt,
    answer: () => {
      isAnswering = true;
    },
    answeredAt: () => answeredAt,
  };
}

/** Datagrams may be lost where their reader is busy: waits until all came, or none for a while; returns how many came. */
async function untilQuiet(
  server: { readonly heard: () => number; readonly heardAt: () => number },
  wanted: number,
): Promise<number> {
  while (server.heard() < wanted) {
    if (server.heard() > 0 && performance.now() - server.heardAt() > QUIET_MS) break;
    await sleep(5);
  }
  return server.heard();
}
