import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { gatewayEui } from '#services/route/forward/gateway-eui';
import { openGwmpForwarder, openSocketBudget } from '#services/route/forward/gwmp/gwmp-forwarder';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually, forwardWorld, hotspotKey, testUplink } from '../../support/uplinks.ts';

interface Received {
  readonly id: number;
  readonly eui: string;
  readonly token: number;
  readonly json: unknown;
  readonly from: RemoteInfo;
}

let server: Socket;
let received: Received[];

beforeEach(async () => {
  received = [];
  server = createSocket('udp4');
  server.on('message', (datagram, from) => {
    const text = datagram.subarray(12).toString();
    received.push({
      id: datagram[3] ?? -1,
      token: datagram.readUInt16BE(1),
      eui: datagram.subarray(4, 12).toString('hex'),
      json: text === '' ? null : JSON.parse(text),
      from,
    });
  });
  await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve));
});
afterEach(() => {
  server.close();
});

const open = (world: ReturnType<typeof forwardWorld>, more: object = {}) =>
  openGwmpForwarder({
    host: '127.0.0.1',
    port: server.address().port,
    context: world.context,
    budget: openSocketBudget(100),
    ...more,
  });
const ofKind = (id: number): Received | undefined => received.find((each) => each.id === id);
const pullResp = (to: RemoteInfo, json: string): void => {
  server.send(Buffer.concat([Buffer.from([2, 0xab, 0xcd, 3]), Buffer.from(json)]), to.port, to.address);
};

describe('GWMP', () => {
  it('speaks as one packet forwarder per hotspot: PULL_DATA at once, then PUSH_DATA with the packet', async () => {
    const world = forwardWorld();
    const forwarder = open(world);
    forwarder.forward(testUplink(1));
    forwarder.forward(testUplink(2, { hotspot: hotspotKey(2), snr: -12.34, rssi: -131.6 }));
    await eventually(() => received.filter(({ id }) => id === 0).length === 2);

    const pulls = received.filter(({ id }) => id === 2);
    expect(pulls.map(({ eui }) => eui).sort()).toEqual([1, 2].map((n) => gatewayEui(hotspotKey(n))).sort());
    expect(new Set(received.map(({ from }) => from.port)).size).toBe(2);
    const push = received.find(({ id, eui }) => id === 0 && eui === gatewayEui(hotspotKey(1)));
    expect(push?.json).toEqual({
      rxpk: [
        {
          time: '2025-12-01T05:00:00.123Z',
          tmst: 4_294_000_000,
          ...{ chan: 0, rfch: 0, freq: 868.1, stat: 1, modu: 'LORA', datr: 'SF7BW125', codr: '4/5' },
          ...{ rssi: -103, lsnr: 7.5, size: 13, data: 'QAECAyYAAQABCQkJCQ==' },
        },
      ],
    });
    expect(world.events).toEqual(['sent', 'sent']);
    await forwarder.close();
  });

  it('hands PULL_RESP to that hotspot at its time, and answers TX_ACK with what came of it', async () => {
    const world = forwardWorld();
    const forwarder = open(world);
    forwarder.forward(testUplink(1));
    const { from } = await eventually(() => ofKind(2));
    const txpk = {
      imme: false,
      tmst: 500_000,
      freq: 868.1,
      rfch: 0,
      powe: 14,
      modu: 'LORA',
      datr: 'SF9BW125',
    };
    pullResp(from, JSON.stringify({ txpk: { ...txpk, codr: '4/5', ipol: true, size: 3, data: 'YAECAw' } }));
    const ack = await eventually(() => ofKind(5));

    expect(world.downlinks).toEqual([
      {
        hotspot: hotspotKey(1),
        payload: Uint8Array.from([0x60, 1, 2, 3]),
        rx1: { tmst: 500_000, frequency: 868_100_000, dataRate: 'SF9BW125', immediate: false },
        rx2: null,
      },
    ]);
    expect(ack).toMatchObject({
      token: 0xabcd,
      eui: gatewayEui(hotspotKey(1)),
      json: { txpk_ack: { error: 'NONE' } },
    });

    received.length = 0;
    world.outcome = 'hotspot_gone';
    pullResp(from, JSON.stringify({ txpk: { ...txpk, imme: true, data: 'YAEC' } }));
    expect((await eventually(() => ofKind(5))).json).toEqual({ txpk_ack: { error: 'INTERNAL_ERROR' } });
    expect(world.downlinks.at(-1)?.rx1.immediate).toBe(true);
    received.length = 0;
    world.outcome = 'too_late';
    pullResp(from, JSON.stringify({ txpk: { ...txpk, data: 'YAEC' } }));
    expect((await eventually(() => ofKind(5))).json).toEqual({ txpk_ack: { error: 'TOO_LATE' } });
    received.length = 0;
    pullResp(from, JSON.stringify({ txpk: { tmms: 1, freq: 868.1, datr: 'SF9BW125', data: 'YAEC' } }));
    expect((await eventually(() => ofKind(5))).json).toEqual({ txpk_ack: { error: 'GPS_UNLOCKED' } });
    await forwarder.close();
  });

  it('counts garbage and goes on', async () => {
    const world = forwardWorld();
    const forwarder = open(world);
    forwarder.forward(testUplink(1));
    const { from } = await eventually(() => ofKind(2));
    pullResp(from, '{"txpk": {"data"');
    pullResp(from, '[]');
    server.send(Buffer.from('GET / HTTP/1.1'), from.port, from.address);
    server.send(Buffer.from([2, 0]), from.port, from.address);
    await eventually(() => world.count('malformed') === 4);
    forwarder.forward(testUplink(2));
    await eventually(() => received.filter(({ id }) => id === 0).length === 2);
    expect(world.downlinks).toEqual([]);
    await forwarder.close();
  });

  it('holds no more sockets than it may, and closes those that nobody needs', async () => {
    const world = forwardWorld();
    const budget = openSocketBudget(5);
    const forwarder = open(world, { budget, maxSockets: 3, idleMs: 200 });
    for (let number = 1; number <= 6; number += 1)
      forwarder.forward(testUplink(number, { hotspot: hotspotKey(number) }));
    let free = 0;
    while (budget.take()) free += 1;
    expect(free).toBe(2);
    // Another route's sockets are not taken away for this one; its own oldest are.
    forwarder.forward(testUplink(7, { hotspot: hotspotKey(7) }));
    await eventually(() => received.some(({ eui }) => eui === gatewayEui(hotspotKey(7))));
    // They close one after the other.
    let closed = 0;
    await eventually(() => {
      while (budget.take()) closed += 1;
      return closed === 3;
    });
    await forwarder.close();
  });

  it('does not mind a server that is gone, and is there again when it is back', async () => {
    const world = forwardWorld();
    const port = server.address().port;
    const forwarder = open(world);
    server.close();
    for (let number = 1; number <= 5; number += 1) {
      forwarder.forward(testUplink(number));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(world.count('failed')).toBeGreaterThan(0);
    server = createSocket('udp4');
    const heard: number[] = [];
    server.on('message', (datagram) => heard.push(datagram[3] ?? -1));
    await new Promise<void>((resolve) => server.bind(port, '127.0.0.1', resolve));
    forwarder.forward(testUplink(9));
    await eventually(() => {
      if (!heard.includes(0)) forwarder.forward(testUplink(9));
      return heard.includes(0);
    });
    await forwarder.close();
  });
});
