import { connectAsync, type MqttClient } from 'mqtt';
import { gatewayEui } from '#services/route/forward/gateway-eui';
import { openMqttForwarder } from '#services/route/forward/mqtt/mqtt-forwarder';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startBroker, type TestBroker } from '../../support/mosquitto.ts';
import { eventually, forwardWorld, hotspotKey, testUplink } from '../../support/uplinks.ts';

const EUI = gatewayEui(hotspotKey(1));
let broker: TestBroker;
let server: MqttClient;
let received: { readonly topic: string; readonly json: Record<string, unknown> }[];

beforeEach(async () => {
  broker = await startBroker();
  await listen();
});
afterEach(async () => {
  await server.endAsync(true);
  await broker.stop();
});

/** What a network server does. */
async function listen(): Promise<void> {
  received = [];
  server = await connectAsync(broker.url);
  server.on('message', (topic, payload) => {
    received.push({ topic, json: JSON.parse(payload.toString()) as Record<string, unknown> });
  });
  await server.subscribeAsync('eu868/gateway/+/event/+');
  await server.subscribeAsync('eu868/gateway/+/state/+');
}

const open = (world: ReturnType<typeof forwardWorld>, more: object = {}) =>
  openMqttForwarder({
    target: { url: broker.url, username: null, password: null, prefix: 'eu868' },
    context: world.context,
    reconnectMs: 100,
    ...more,
  });
const topics = (end: string) => received.filter(({ topic }) => topic.endsWith(end));

describe('MQTT with the topics of ChirpStack', () => {
  it('says that a gateway is there, and publishes what it heard as event/up', async () => {
    const world = forwardWorld();
    const forwarder = open(world);
    forwarder.forward(testUplink(1));
    const up = await eventually(() => topics('/event/up')[0]);

    expect(up.topic).toBe(`eu868/gateway/${EUI}/event/up`);
    expect(up.json).toEqual({
      phyPayload: 'QAECAyYAAQABCQkJCQ==',
      txInfo: {
        frequency: 868_100_000,
        modulation: { lora: { bandwidth: 125_000, spreadingFactor: 7, codeRate: 'CR_4_5' } },
      },
      rxInfo: {
        gatewayId: EUI,
        uplinkId: expect.any(Number) as unknown,
        nsTime: '2025-12-01T05:00:00.123Z',
        rssi: -103,
        snr: 7.5,
        context: '//E9gA==',
        metadata: { region: 'EU868', hotspot: hotspotKey(1) },
        crcStatus: 'CRC_OK',
      },
    });
    expect(topics('/state/conn').map(({ json }) => json)).toEqual([{ gatewayId: EUI, state: 'ONLINE' }]);
    await eventually(() => world.count('sent') === 1);
    await forwarder.close();
    expect((await eventually(() => topics('/state/conn')[1])).json).toEqual({
      gatewayId: EUI,
      state: 'OFFLINE',
    });
  });

  it('hands command/down to the hotspot with both windows by its counter, which wraps, and answers event/ack', async () => {
    const world = forwardWorld();
    const forwarder = open(world);
    forwarder.forward(testUplink(1));
    const up = await eventually(() => topics('/event/up')[0]);
    const { context } = up.json['rxInfo'] as { context: string };
    const item = (frequency: number, spreadingFactor: number, delay: string) => ({
      phyPayload: 'YAECAw==',
      txInfo: {
        frequency,
        power: 14,
        modulation: {
          lora: { bandwidth: 125_000, spreadingFactor, codeRate: 'CR_4_5', polarizationInversion: true },
        },
        timing: { delay: { delay } },
        context,
      },
    });
    const command = `eu868/gateway/${EUI}/command/down`;
    const items = [item(868_100_000, 7, '1s'), item(869_525_000, 12, '2s')];
    await server.publishAsync(command, JSON.stringify({ gatewayId: EUI, downlinkId: 77, items }));
    const ack = await eventually(() => topics('/event/ack')[0]);

    // 4294000000 + 1000000 - 2^32, and a second later.
    expect(world.downlinks).toEqual([
      {
        hotspot: hotspotKey(1),
        payload: Uint8Array.from([0x60, 1, 2, 3]),
        rx1: { tmst: 32_704, frequency: 868_100_000, dataRate: 'SF7BW125', immediate: false },
        rx2: { tmst: 1_032_704, frequency: 869_525_000, dataRate: 'SF12BW125', immediate: false },
      },
    ]);
    expect(ack.json).toEqual({
      gatewayId: EUI,
      downlinkId: 77,
      items: [{ status: 'OK' }, { status: 'IGNORED' }],
    });

    world.outcome = 'hotspot_gone';
    const classC = {
      ...item(869_525_000, 12, ''),
      txInfo: { ...items[1]?.txInfo, timing: { immediately: {} } },
    };
    await server.publishAsync(command, JSON.stringify({ gatewayId: EUI, downlinkId: 78, items: [classC] }));
    const gone = await eventually(() => topics('/event/ack')[1]);
    expect(gone.json).toEqual({ gatewayId: EUI, downlinkId: 78, items: [{ status: 'INTERNAL_ERROR' }] });
    expect(world.downlinks[1]?.rx1).toMatchObject({ immediate: true, frequency: 869_525_000 });

    const byGps = {
      ...classC,
      txInfo: { ...classC.txInfo, timing: { gpsEpoch: { timeSinceGpsEpoch: '1s' } } },
    };
    await server.publishAsync(command, JSON.stringify({ gatewayId: EUI, downlinkId: 79, items: [byGps] }));
    expect((await eventually(() => topics('/event/ack')[2])).json['items']).toEqual([
      { status: 'GPS_UNLOCKED' },
    ]);
    await server.publishAsync(command, 'no JSON');
    await eventually(() => world.count('malformed') === 1);
    await forwarder.close();
  });

  it('sends through no hotspot that did not hear a device of the route', async () => {
    const world = forwardWorld();
    const forwarder = open(world);
    forwarder.forward(testUplink(1));
    await eventually(() => topics('/event/up')[0]);
    const items = [{ phyPayload: 'YAEC', txInfo: { frequency: 1, timing: { immediately: {} } } }];
    const json = JSON.stringify({ downlinkId: 1, items });
    await server.publishAsync('eu868/gateway/00000000000000ff/command/down', json);
    await eventually(() => topics('/event/ack')[0]);
    expect(world.downlinks).toEqual([]);
    await forwarder.close();
  });

  it('leaves a broker that sends a message longer than any command, and comes back', async () => {
    const world = forwardWorld();
    const forwarder = open(world);
    forwarder.forward(testUplink(1));
    await eventually(() => topics('/event/up')[0]);
    await server.publishAsync(`eu868/gateway/${EUI}/command/down`, Buffer.alloc(1_000_000, 0x20));
    await eventually(() => world.count('malformed') === 1);
    expect(topics('/event/ack')).toEqual([]);
    forwarder.forward(testUplink(2));
    await eventually(() => topics('/event/up').length >= 2);
    await forwarder.close();
  });

  it('keeps the newest packets while the broker is away, and publishes them when it is back', async () => {
    const world = forwardWorld();
    const forwarder = open(world, { maxWaiting: 10 });
    forwarder.forward(testUplink(0));
    await eventually(() => world.count('sent') === 1);
    await server.endAsync(true);
    const { port } = broker;
    await broker.stop();
    await eventually(() => world.count('failed') > 0);
    for (let number = 1; number <= 25; number += 1) forwarder.forward(testUplink(number));
    expect(world.count('dropped')).toBe(15);

    broker = await startBroker(port);
    await listen();
    // The broker may take the forwarder's connection before the server has subscribed.
    await eventually(() => world.count('sent') === 11);
    forwarder.forward(testUplink(26));
    await eventually(() => world.count('sent') === 12);
    await forwarder.close();
  });
});
