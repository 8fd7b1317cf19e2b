import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { regionPlan } from '#protocol/geo/regions';
import { disclosuresByCommitment, readDisclosures, type Disclosure } from '#protocol/route/disclosure';
import { openPacket } from '#protocol/wire/packet';
import { toHex } from '#protocol/wire/hex';
import { openDeadLetters, type DeadLetters } from '#services/route/forward/http/dead-letters';
import { openHttpQueue, type HttpQueue } from '#services/route/forward/http/http-queue';
import { openHotspotLink } from '#services/route/hotspots/open-hotspot-link';
import type { PrivatePart } from '#services/route/routes/private-part';
import { createHttpServer, type HttpServer } from '#services/runtime/http-server';
import { openMetrics } from '#services/runtime/metrics';
import { openActor, type Actor } from '#services/simulate/hotspot/actor';
import { sessionKeyPair } from '#services/simulate/hotspot/identity';
import { openChannel } from '#services/simulate/hotspot/link/grpc-channel';
import { openRouterLink } from '#services/simulate/hotspot/link/router-link';
import { openLorawanDevice, type DeviceKeys } from '#services/simulate/lorawan/device';
import { listenNetworkServer, type ListeningServer } from '#services/simulate/lorawan/listen';
import { openNetworkServer } from '#services/simulate/lorawan/network-server';
import { realClock, type Clock } from '#services/simulate/medium/clock';
import { attachDevice, type Device } from '#services/simulate/medium/device';
import { openMedium, type Medium } from '#services/simulate/medium/medium';
import { seededRandom } from '#services/simulate/medium/random';
import type { TestHotspot } from './protocol/epoch/world.ts';
import { startTestRedis, type TestRedis } from './support/redis.ts';
import { openRouteWorld, registerRoute, routeOf, testOwner, type RouteWorld } from './support/route-world.ts';
import { SILENT } from './support/service-world.ts';

const SEED = 'chirp';
const OWNER = testOwner('owner of a meter');
const SECRET = 'the secret that signs posts';
const KEYS: DeviceKeys = {
  devEui: Buffer.from('70b3d57ed0c0ffee', 'hex'),
  joinEui: Buffer.from('70b3d57ed0000000', 'hex'),
  appKey: Buffer.from('00112233445566778899aabbccddeeff', 'hex'),
};
const UPLINK = { frequency: 868_100_000, datarate: 'SF7BW125', txPower: 14 };
const PLACE = { latitude: 52.5186, longitude: 13.3904 };
const PLAN = regionPlan('EU868');
const CREDITS = 1000n;

/** Two simulated hotspots hear a device over one air and speak gRPC with a router, which posts to the device's server. */
let redis: TestRedis;
let letters: DeadLetters;
let posts: HttpQueue;
let world: RouteWorld;
let http: HttpServer;
let server: ListeningServer;
let clock: Clock;
let medium: Medium;
let windows: 'both' | 'second' = 'both';
const closing: (() => void)[] = [];

beforeAll(async () => {
  redis = await startTestRedis();
  letters = openDeadLetters({ redisUrl: redis.url, logger: SILENT });
  posts = openHttpQueue({ redisUrl: redis.url, logger: SILENT, deadLetters: letters, random: () => 0.5 });
  world = await openRouteWorld({ posts });
  await posts.start();
  const metrics = openMetrics('route');
  http = createHttpServer({ logger: SILENT, metrics, health: () => ({ ok: true }) });
  const stage = {
    logger: SILENT,
    metrics,
    server: http,
    now: Date.now,
    isRegistered: world.router.isRegistered,
    maxStreams: 100,
  };
  world.router.attach(openHotspotLink(world.router.handlers, stage));
  const url = await http.listen({ host: '127.0.0.1', port: 0 });

  server = await listenNetworkServer({
    server: openNetworkServer({
      devices: [KEYS],
      netId: Buffer.from('000024', 'hex'),
      firstDevAddr: '48000010',
      answer: (payload) => Buffer.from(`heard ${payload.toString()}`),
    }),
    secret: SECRET,
    windows: () => windows,
  });
  const part: PrivatePart = {
    salt: 'cd'.repeat(32),
    euis: [[KEYS.joinEui.toString('hex'), KEYS.devEui.toString('hex')]],
    forward: { kind: 'http', url: server.url, secret: SECRET },
  };
  const request = {
    network: world.world.network,
    devAddrs: [[0x48000010, 0x4800001f] as const],
    maxCopies: 2,
  };
  await registerRoute(routeOf(OWNER, part, request), world.register);
  world.balances.set(OWNER.address, CREDITS);

  clock = realClock();
  medium = openMedium({ clock, seed: SEED });
  const [near, far] = world.hotspots;
  if (near === undefined || far === undefined) throw new Error('the world has too few hotspots');
  startHotspot(near, { url, east: 0.004 });
  startHotspot(far, { url, east: 0.02 });
  // Sessions: their clients open streams five seconds after they start.
  const until = Date.now() + 20_000;
  while ((await sessions()) < 2) {
    if (Date.now() > until) throw new Error('the simulated hotspots got no sessions within 20 s');
    await sleep(100);
  }
}, 60_000);

afterAll(async () => {
  for (const close of closing) close();
  clock.close();
  await http.close();
  await server.close();
  await world.close();
  await posts.close();
  await letters.close();
  await redis.close();
});

function startHotspot(hotspot: TestHotspot, of: { readonly url: string; readonly east: number }): void {
  const identity = sessionKeyPair(hotspot.secret);
  expect(identity.key).toBe(hotspot.key);
  const random = seededRandom(SEED, hotspot.key);
  const channel = openChannel(of.url, clock);
  const router = openRouterLink({
    channel,
    identity,
    clock,
    random,
    onDownlink: (downlink) => {
      actor.downlink(downlink);
    },
  });
  const actor: Actor = openActor({
    medium,
    antenna: { place: { ...PLACE, longitude: PLACE.longitude + of.east }, elevation: 20, gain: 12 },
    identity,
    random,
    intervalS: 3600,
    uplink: { submit: () => undefined },
    entropy: () => Promise.reject(new Error('these hotspots do not beacon')),
    params: () => ({ region: PLAN.number, plan: PLAN, gain: 12 }),
    onPacket: router.packet,
  });
  closing.push(router.close, channel.close, actor.close);
}

async function sessions(): Promise<number> {
  return (await world.records()).filter(({ record }) => record.body.kind === 'session_init').length;
}

type Downlink = Parameters<Parameters<typeof attachDevice>[1]['onDownlink']>[0];

/** Resolves with what the device hears in one of its windows after a frame. */
async function answerTo(
  radio: { readonly device: Device; readonly heard: () => Downlink | null },
  frame: { readonly payload: Uint8Array; readonly rx1DelayMs?: number },
): Promise<Downlink> {
  radio.device.transmit({ ...UPLINK, ...frame });
  const until = Date.now() + 12_000;
  while (Date.now() < until) {
    const heard = radio.heard();
    if (heard !== null) return heard;
    await sleep(20);
  }
  throw new Error(`the device heard nothing in its windows; its server had ${server.counts.posts} posts`);
}

describe('A device that speaks through hotspots and the router with its own server', () => {
  it('joins, is heard and is answered within its first and its second window, and its owner pays for data alone', async () => {
    const device = openLorawanDevice(KEYS);
    let last: Downlink | null = null;
    const attached = attachDevice(medium, {
      place: PLACE,
      onDownlink: (downlink) => {
        last = downlink;
      },
    });
    closing.push(attached.close);
    const radio = {
      device: attached,
      heard: () => {
        const heard = last;
        last = null;
        return heard;
      },
    };

    const accepted = await answerTo(radio, { payload: device.joinRequest(), rx1DelayMs: 5000 });
    device.join(accepted.frame.payload);
    const first = await answerTo(radio, { payload: device.uplink(Buffer.from('21.5 C'), 1) });
    windows = 'second';
    const second = await answerTo(radio, { payload: device.uplink(Buffer.from('21.6 C'), 1) });

    expect(accepted.window).toBe(1);
    expect(first.window).toBe(1);
    expect(device.downlink(first.frame.payload)?.toString()).toBe('heard 21.5 C');
    expect(second.window).toBe(2);
    expect(second.frame.frequency).toBe(869_525_000);
    expect(device.downlink(second.frame.payload)?.toString()).toBe('heard 21.6 C');
    expect(server.heard.map(({ kind }) => kind)).toEqual(['join', 'data', 'data']);
    expect(server.counts).toMatchObject({ copies: 3, refused: 0 });
  }, 60_000);

  it('leaves in the log what oracles verify, and never a payload', async () => {
    const records = await world.records();
    const packets = records.flatMap(({ record }) => (record.body.kind === 'packet' ? [record.body] : []));
    const disclosed: Disclosure[] = [];
    for (const epoch of await world.disclosures.epochs())
      for await (const { owner, disclosure } of world.disclosures.read(epoch)) {
        expect(owner).toBe(OWNER.address);
        disclosed.push(...readDisclosures(disclosure));
      }
    const byCommitment = disclosuresByCommitment(disclosed);
    const frames = packets.map(({ commitment }) => {
      const disclosure = byCommitment.get(toHex(commitment));
      if (disclosure === undefined) throw new Error(`no disclosure of ${toHex(commitment)}`);
      return openPacket(disclosure.packet);
    });
    const entries = records.map(({ record }) => record);

    expect(packets).toHaveLength(6);
    expect(packets.map(({ credits }) => credits).sort()).toEqual([0, 0, 1, 1, 1, 1]);
    expect(new Set(packets.map(({ hotspot }) => hotspot)).size).toBe(2);
    for (const frame of frames)
      expect(JSON.stringify(entries.map(bytesOf))).not.toContain(toHex(frame.payload));
    expect(world.router.credits.available(OWNER.address)).toBe(CREDITS - 4n);
  });
});

/** Every byte string of a record in hex. */
function bytesOf(record: { readonly body: object }): readonly string[] {
  return Object.values(record.body).map((value: unknown) =>
    value instanceof Uint8Array ? toHex(value) : String(value),
  );
}
