import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Address } from '#protocol/units';
import { openDeadLetters, type DeadLetters } from '#services/route/forward/http/dead-letters';
import { openHttpQueue, type HttpQueue } from '#services/route/forward/http/http-queue';
import { openTargetGate } from '#services/route/forward/http/target-gate';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestRedis, type TestRedis } from '../../support/redis.ts';
import { SILENT } from '../../support/service-world.ts';
import { eventually, forwardWorld, hotspotKey, OWNER, testUplink } from '../../support/uplinks.ts';

interface Posted {
  readonly body: string;
  readonly json: Record<string, unknown>;
  readonly signature: string;
}

let redis: TestRedis;
let server: Server;
let port: number;
let posted: Posted[];
let answer: (posted: Posted, response: ServerResponse, request: IncomingMessage) => void;
let letters: DeadLetters;
let queue: HttpQueue;

beforeAll(async () => {
  redis = await startTestRedis();
});
afterAll(() => redis.close());
beforeEach(async () => {
  posted = [];
  answer = (_, response) => response.end('{}');
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => (body += part.toString()));
    request.on('end', () => {
      const signature = String(request.headers['coverant-signature']);
      const one = { body, json: JSON.parse(body) as Record<string, unknown>, signature };
      posted.push(one);
      answer(one, response, request);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
  letters = openDeadLetters({ redisUrl: redis.url, logger: SILENT });
  queue = openQueue();
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await queue.close();
  await letters.close();
});

const openQueue = (more: object = {}): HttpQueue =>
  openHttpQueue({
    redisUrl: redis.url,
    logger: SILENT,
    deadLetters: letters,
    random: () => 0.5,
    timeoutMs: 500,
    attempts: 3,
    backoffMs: 20,
    ...more,
  });
const target = () => ({ url: `http://127.0.0.1:${port}/hook`, secret: 'shared between us' });

describe('HTTP', () => {
  it('posts each packet as JSON, signed with the secret over time and body', async () => {
    const world = forwardWorld();
    const forwarder = queue.open(target(), world.context);
    await queue.start();
    forwarder.forward(testUplink(1));
    const one = await eventually(() => posted[0]);

    expect(one.json).toEqual({
      event: 'uplink',
      owner: OWNER,
      route: 'meters',
      frame: 'QAECAyYAAQABCQkJCQ==',
      frame_id: expect.stringMatching(/^[0-9a-f]{32}$/) as unknown,
      hotspot: hotspotKey(1),
      gateway_eui: expect.stringMatching(/^[0-9a-f]{16}$/) as unknown,
      ...{ rssi: -103, snr: 7.5, frequency: 868_100_000, datarate: 'SF7BW125', region: 'EU868' },
      ...{ tmst: 4_294_000_000, received_at: 1_764_565_200_123 },
    });
    const [, time = '', hmac] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(one.signature) ?? [];
    expect(createHmac('sha256', 'shared between us').update(`${time}.${one.body}`).digest('hex')).toBe(hmac);
    expect(Math.abs(Number(time) - Date.now() / 1000)).toBeLessThan(5);
    await eventually(() => world.count('sent') === 1);
  });

  it('hands on the downlink of an answer, and posts why where it was not sent', async () => {
    const world = forwardWorld();
    const rx = (delay_us: number) => ({ delay_us, frequency: 868_100_000, datarate: 'SF7BW125' });
    answer = ({ json }, response) => {
      const downlink = { id: 'answer 1', frame: 'YAECAw==', rx1: rx(1_000_000), rx2: rx(2_000_000) };
      response.end(json['event'] === 'uplink' ? JSON.stringify({ downlink }) : '');
    };
    const forwarder = queue.open(target(), world.context);
    await queue.start();
    forwarder.forward(testUplink(2));
    await eventually(() => world.downlinks.length === 1);
    expect(world.downlinks[0]).toEqual({
      hotspot: hotspotKey(1),
      payload: Uint8Array.from([0x60, 1, 2, 3]),
      rx1: { tmst: 32_704, frequency: 868_100_000, dataRate: 'SF7BW125', immediate: false },
      rx2: { tmst: 1_032_704, frequency: 868_100_000, dataRate: 'SF7BW125', immediate: false },
    });

    world.outcome = 'hotspot_gone';
    forwarder.forward(testUplink(3));
    const told = await eventually(() => posted.find(({ json }) => json['event'] === 'downlink_refused'));
    expect(told.json).toMatchObject({ id: 'answer 1', code: 'hotspot_gone', hotspot: hotspotKey(1) });
  });

  it('tries again, then gives up and keeps a dead letter for the owner alone', async () => {
    const world = forwardWorld();
    let refusals = 2;
    answer = (_, response) => response.writeHead((refusals -= 1) >= 0 ? 503 : 200).end();
    const forwarder = queue.open(target(), world.context);
    await queue.start();
    forwarder.forward(testUplink(4));
    await eventually(() => world.count('sent') === 1);
    expect(world.count('failed')).toBe(2);

    refusals = Infinity;
    forwarder.forward(testUplink(5));
    await eventually(() => world.count('dead') === 1);
    await eventually(() => world.count('failed') === 5);
    let kept = await letters.list(OWNER);
    for (let tries = 0; kept.length === 0 && tries < 100; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      kept = await letters.list(OWNER);
    }
    expect(kept).toMatchObject([{ route: 'meters', problem: 'the server answered 503' }]);
    expect(kept[0]?.body).toBe(posted.at(-1)?.body);
    expect(await letters.list('11111111111111111111111111111111' as Address)).toEqual([]);
  });

  it('of a server that hangs does not hold up the posts of others', async () => {
    const slow = forwardWorld('slow');
    const quick = forwardWorld('quick');
    answer = ({ json }, response) => {
      if (json['route'] === 'quick') response.end();
    };
    const hanging = queue.open(target(), slow.context);
    const answering = queue.open(target(), quick.context);
    await queue.start();
    for (let number = 0; number < 300; number += 1) hanging.forward(testUplink(number));
    await eventually(() => posted.length > 0);
    const begun = Date.now();
    for (let number = 0; number < 50; number += 1) answering.forward(testUplink(number));
    await eventually(() => quick.count('sent') === 50);
    // The hanging one alone would take 300 / 8 half seconds.
    expect(Date.now() - begun).toBeLessThan(5000);
    expect(posted.filter(({ json }) => json['route'] === 'slow').length).toBeLessThan(40);
    await hanging.close();
  });

  it('keeps no more posts than it may for a server that is down: the oldest give way', async () => {
    await queue.close();
    queue = openQueue({ maxWaiting: 20, attempts: 50 });
    const world = forwardWorld('down');
    let down = true;
    answer = (_, response) => response.writeHead(down ? 500 : 200).end();
    const forwarder = queue.open(target(), world.context);
    await queue.start();
    for (let number = 1000; number < 1100; number += 1) {
      forwarder.forward(testUplink(number));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await eventually(() => world.count('dropped') >= 70);
    down = false;
    await eventually(() => world.count('sent') + world.count('dropped') >= 100);
    const frames = posted.map(({ json }) => json['frame']);
    const newest = Buffer.from(testUplink(1099).frame).toString('base64');
    expect(frames).toContain(newest);
  });

  it('goes to no private address', () => {
    const world = forwardWorld('private');
    const rules = { allowPrivate: false };
    expect(() => queue.open(target(), { ...world.context, rules })).toThrow(/private/);
  });

  it('goes on after a restart, with what waited in Redis', async () => {
    const world = forwardWorld('restarted');
    const forwarder = queue.open(target(), world.context);
    forwarder.forward(testUplink(8));
    await new Promise((resolve) => setTimeout(resolve, 200));
    await queue.close();
    expect(posted).toEqual([]);
    queue = openQueue();
    queue.open(target(), world.context);
    await queue.start();
    await eventually(() => world.count('sent') === 1);
  });
});

describe('the gate of a target', () => {
  it('lets eight through at a time, pauses after a failure, and then tries one', () => {
    const gate = openTargetGate(() => 0);
    const now = 1000;
    expect(Array.from({ length: 9 }, () => gate.enter(now)).map((wait) => wait === 0)).toEqual([
      ...Array.from({ length: 8 }, () => true),
      false,
    ]);
    for (let each = 0; each < 8; each += 1) gate.leave({ ok: each > 0, now });
    expect(gate.enter(now)).toBe(0);
    gate.leave({ ok: false, now });
    gate.enter(now);
    expect(gate.enter(now)).toBe(500);
    expect(gate.enter(now + 500)).toBe(0);
    expect(gate.enter(now + 500)).toBeGreaterThan(0);
    gate.leave({ ok: false, now: now + 500 });
    expect(gate.enter(now + 501)).toBeGreaterThan(900);
  });
});
