import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fromHex, toHex } from '#protocol/wire/hex';
import { openReport } from '#protocol/wire/report';
import { makeCrowd } from '#services/simulate/command/crowd';
import { gatewaysOf } from '#services/simulate/command/gateways';
import { openCrowd, type Crowd } from '#services/simulate/command/run-crowd';
import { attachDevice } from '#services/simulate/medium/device';
import { metresBetween } from '#services/simulate/medium/place';
import {
  openFakeNetwork,
  openRequest,
  openUp,
  PATHS,
  type FakeNetwork,
} from '../../support/simulate/fake-network.ts';
import { scaledClock } from '../../support/simulate/scaled-clock.ts';
import { datagram, VECTORS } from '../../support/simulate/vectors.ts';

const CENTRE = { latitude: 52.52, longitude: 13.405 };
const FACTOR = 20;

let network: FakeNetwork;
let gateway: Socket;
let crowd: Crowd | undefined;
const datagrams: Buffer[] = [];

beforeEach(async () => {
  network = await openFakeNetwork();
  gateway = createSocket('udp4');
  datagrams.length = 0;
  gateway.on('message', (bytes) => datagrams.push(bytes));
  gateway.bind(0, '127.0.0.1');
  await once(gateway, 'listening');
});
afterEach(async () => {
  await crowd?.close();
  crowd = undefined;
  gateway.close();
  await network.close();
});

const until = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 20_000, interval: 20 });

describe('a crowd', () => {
  it('shares its air with a gateway-rs process and with devices', async () => {
    const { uri } = network;
    const members = makeCrowd({ honest: 3, cheats: {}, centre: CENTRE, seed: 'crowd' });
    const opened = openCrowd({
      members,
      old: 1,
      servers: { config: { uri, key: VECTORS.server.bin }, entropy: uri, ingest: uri, router: uri },
      intervalS: 10,
      seed: 'crowd',
      gateways: gatewaysOf([`127.0.0.1:${gateway.address().port}`], [{ ...CENTRE, elevation: 40 }]),
      clock: scaledClock(FACTOR),
    });
    crowd = opened;
    const pulled = await new Promise<number>((resolve) => {
      gateway.once('message', (_, { port }) => {
        resolve(port);
      });
    });
    await until(() => {
      expect(opened.counts().ready).toBe(3);
    });
    // What a real gateway beacons is witnessed by simulated hotspots of both versions.
    const real = datagram('main3/pull_resp_beacon');
    // Again and again, 8 s apart: whoever sends meanwhile is deaf.
    const sending = setInterval(() => {
      gateway.send(real, pulled, '127.0.0.1');
    }, 8_000 / FACTOR);
    const beacon = JSON.parse(real.subarray(4).toString('utf8')) as { txpk: { data: string } };
    const payload = Buffer.from(beacon.txpk.data, 'base64').subarray(1).toString('hex');
    const witnessed = (): readonly string[] => [
      ...network.received
        .filter(({ path }) => path === PATHS.stream)
        .map(openRequest)
        .flatMap(({ kind, bytes }) => (kind === 'witnessReport' ? [openReport('witness', bytes)] : []))
        .filter(({ data }) => toHex(data) === payload)
        .map(({ key }) => key),
      ...network.received
        .filter(({ path }) => path === PATHS.witness)
        .map(({ message }) => openReport('witness', message))
        .filter(({ data }) => toHex(data) === payload)
        .map(({ key }) => key),
    ];
    await until(() => {
      expect(new Set(witnessed())).toEqual(new Set(members.map(({ identity }) => identity.key)));
    });
    clearInterval(sending);
    // What simulated ones beacon is pushed to the gateway.
    const pushed = (): readonly string[] =>
      datagrams
        .filter((bytes) => bytes[3] === 0)
        .map((bytes) => JSON.parse(bytes.subarray(12).toString('utf8')) as { rxpk: { data: string }[] })
        .flatMap(({ rxpk }) => rxpk.map(({ data }) => Buffer.from(data, 'base64').toString('hex')));
    await until(() => {
      expect(pushed().some((frame) => frame.startsWith('e0'))).toBe(true);
    });
    // A device is heard by all, and goes up as a packet.
    const uplink = '400403020100020001aabbccdd11223344';
    const device = attachDevice(opened.medium, {
      place: CENTRE,
      rx2: { frequency: 869_525_000, datarate: 'SF12BW125' },
      onDownlink: () => undefined,
    });
    const repeating = setInterval(() => {
      device.transmit({
        payload: fromHex(uplink),
        frequency: 867_500_000,
        datarate: 'SF7BW125',
        txPower: 14,
      });
    }, 2_000 / FACTOR);
    const heardBy = (): number =>
      new Set(
        network.received
          .filter(({ path }) => path === PATHS.route)
          .map(openUp)
          .filter(({ kind, bytes }) => kind === 'packet' && toHex(bytes).includes(uplink))
          .map(({ bytes }) => members.find(({ identity }) => toHex(bytes).includes(identity.key))?.name),
      ).size;
    await until(() => {
      expect(heardBy()).toBe(3);
      expect(pushed()).toContain(uplink);
    });
    clearInterval(repeating);
    expect(opened.counts().fromGateways).toBeGreaterThanOrEqual(1);
    expect(opened.counts().toGateways).toBeGreaterThanOrEqual(2);
  });

  it('stands apart and follows from its seed; those of a room together, those who crowd beside somebody', () => {
    const of = (seed: string) =>
      makeCrowd({ honest: 30, cheats: { 'sybil-room': 4, crowder: 1, silent: 2 }, centre: CENTRE, seed });
    const members = of('a');
    expect(of('a').map(({ name, place }) => ({ name, place }))).toEqual(
      members.map(({ name, place }) => ({ name, place })),
    );
    expect(of('b')[0]?.identity.key).not.toBe(members[0]?.identity.key);
    expect(new Set(members.map(({ identity }) => identity.key)).size).toBe(37);
    const honest = members.filter(({ cheat }) => cheat === null);
    for (const [at, one] of honest.entries())
      for (const other of honest.slice(at + 1))
        expect(metresBetween(one.place, other.place)).toBeGreaterThanOrEqual(700);
    const room = members.filter(({ cheat }) => cheat === 'sybil-room');
    expect(new Set(room.map(({ place }) => JSON.stringify(place))).size).toBe(1);
    expect(new Set(room.map(({ asserted }) => JSON.stringify(asserted))).size).toBe(4);
    const [crowder] = members.filter(({ cheat }) => cheat === 'crowder');
    expect(Math.round(metresBetween(crowder?.place ?? CENTRE, honest[0]?.place ?? CENTRE))).toBe(150);
  });
});
