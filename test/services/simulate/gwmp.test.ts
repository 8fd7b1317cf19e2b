import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openDatagram, pushData, txAck } from '#services/simulate/gwmp/datagram';
import { openForwarder, type Forwarder } from '#services/simulate/gwmp/forwarder';
import { openConcentrator } from '#services/simulate/medium/concentrator';
import { realClock, type Clock } from '#services/simulate/medium/clock';
import { openMedium, type Heard, type Medium } from '#services/simulate/medium/medium';
import { seededRandom } from '#services/simulate/medium/random';
import { datagram, VECTORS } from '../../support/simulate/vectors.ts';

const ANTENNA = { elevation: 20, gain: 0 };
const HERE = { ...ANTENNA, place: { latitude: 52.52, longitude: 13.4 } };
const THERE = { ...ANTENNA, place: { latitude: 52.52, longitude: 13.407 } };

/** What gateway-rs is to a forwarder: a socket that remembers whom it was pulled by. */
interface Gateway {
  readonly socket: Socket;
  readonly port: number;
  readonly received: { readonly bytes: Buffer; readonly at: number; readonly port: number }[];
  readonly of: (id: number) => Gateway['received'];
  /** To the address that PULL_DATA came from. */
  readonly send: (bytes: Buffer) => void;
}

async function openGateway(): Promise<Gateway> {
  const socket = createSocket('udp4');
  const received: Gateway['received'][number][] = [];
  socket.on('message', (bytes, { port }) => {
    received.push({ bytes, at: Date.now(), port });
    // PUSH_ACK and PULL_ACK, as gateway-rs answers.
    const id = bytes[3];
    if (id === 0 || id === 2)
      socket.send(Buffer.concat([bytes.subarray(0, 3), Uint8Array.of(id === 0 ? 1 : 4)]), port);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const of = (id: number) => received.filter(({ bytes }) => bytes[3] === id);
  return {
    socket,
    port: socket.address().port,
    received,
    of,
    send: (bytes) => {
      const [pulled] = of(2);
      if (pulled === undefined) throw new Error('nobody pulled yet');
      socket.send(bytes, pulled.port, '127.0.0.1');
    },
  };
}

let clock: Clock;
let medium: Medium;
let gateways: Gateway[];
let forwarders: Forwarder[];
const heard: Heard[] = [];

beforeEach(async () => {
  clock = realClock();
  medium = openMedium({ clock, seed: 'gwmp' });
  gateways = [await openGateway(), await openGateway()];
  forwarders = gateways.map(({ port }, at) =>
    openForwarder({
      host: '127.0.0.1',
      port,
      eui: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, at),
      medium,
      antenna: at === 0 ? HERE : THERE,
      random: seededRandom('gwmp', at),
    }),
  );
  heard.length = 0;
  await until(() => {
    for (const gateway of gateways) expect(gateway.of(2)).toHaveLength(1);
  });
});

afterEach(async () => {
  await Promise.all(forwarders.map((each) => each.close()));
  for (const { socket } of gateways) socket.close();
  clock.close();
});

const until = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 10_000, interval: 5 });

function both(): readonly [Gateway, Gateway] {
  const [first, second] = gateways;
  if (first === undefined || second === undefined) throw new Error('two gateways are open');
  return [first, second];
}

const jsonOf = (bytes: Buffer | undefined): unknown =>
  JSON.parse((bytes ?? Buffer.alloc(12)).subarray(12).toString('utf8'));

/** A PULL_RESP of a real client with other fields of its frame. */
function pullResp(change: Readonly<Record<string, unknown>>): Buffer {
  const real = datagram('us915/pull_resp_beacon');
  const { txpk } = JSON.parse(real.subarray(4).toString('utf8')) as {
    readonly txpk: Record<string, unknown>;
  };
  return Buffer.concat([real.subarray(0, 4), Buffer.from(JSON.stringify({ txpk: { ...txpk, ...change } }))]);
}

describe('a datagram', () => {
  it('of a real client is read: four beacons and a downlink', () => {
    const real = VECTORS.udp.filter(({ from }) => from === 'gateway-rs');
    expect(real).toHaveLength(5);
    for (const { id, hex } of real) {
      const opened = openDatagram(Buffer.from(hex, 'hex'));
      if (opened?.kind !== 'pull_resp') throw new Error(`${id} is no PULL_RESP`);
      const isBeacon = id.endsWith('beacon');
      expect(opened.frame.inverted).toBe(!isBeacon);
      expect(opened.frame.payload).toHaveLength(isBeacon ? 52 : 13);
      expect(opened.frame.tmst).toBeNull();
    }
    const american = openDatagram(datagram('us915/pull_resp_beacon'));
    expect(american).toMatchObject({
      frame: { frequency: 905_300_000, datarate: 'SF9BW125', txPower: 33 },
    });
  });

  it('to a real client has the bytes of those that they accepted', () => {
    for (const { id, hex, from } of VECTORS.udp) {
      if (from === 'gateway-rs') continue;
      const bytes = Buffer.from(hex, 'hex');
      const eui = bytes.subarray(4, 12);
      const token = bytes.readUInt16BE(1);
      const json = jsonOf(bytes) as {
        readonly txpk_ack?: { readonly error: string; readonly tmst: number };
        readonly rxpk?: readonly Record<string, string | number>[];
      };
      if (json.txpk_ack !== undefined) {
        expect(txAck(eui, { token, ...json.txpk_ack }).toString('hex'), id).toBe(hex);
        continue;
      }
      const rxpk = json.rxpk?.[0] ?? {};
      const frame = {
        payload: Buffer.from(String(rxpk['data']), 'base64'),
        frequency: Math.round(1e6 * Number(rxpk['freq'])),
        datarate: String(rxpk['datr']),
        rssi: Number(rxpk['rssi']),
        snr: Number(rxpk['lsnr']),
        tmst: Number(rxpk['tmst']),
        time: Date.parse(String(rxpk['time'])),
      };
      expect(pushData(eui, { token, frame }).toString('hex'), id).toBe(hex);
    }
  });

  it('of any other form is none', () => {
    const real = datagram('main3/pull_resp_beacon');
    for (let length = 0; length < real.length; length += 1)
      expect(openDatagram(real.subarray(0, length))).toBeNull();
    for (const change of [
      { modu: 'FSK' },
      { datr: 50_000 },
      { datr: 'SF6BW125' },
      { data: 7 },
      { data: '' },
      { size: 51 },
      { imme: false },
      { imme: false, tmst: -1 },
      { imme: false, tmst: 2 ** 32 },
      { freq: '868' },
      { powe: null },
    ])
      expect(openDatagram(pullResp(change)), JSON.stringify(change)).toBeNull();
    expect(openDatagram(Buffer.concat([real.subarray(0, 4), Buffer.from('[null]')]))).toBeNull();
  });
});

describe('a forwarder', () => {
  it('acknowledges a beacon from the same socket within 5 to 50 ms, and others get it after its airtime', async () => {
    const [sender, other] = both();
    const sent = Date.now();
    sender.send(datagram('us915/pull_resp_beacon'));
    await until(() => {
      expect(other.of(0)).toHaveLength(1);
    });
    const [ack] = sender.of(5);
    expect(jsonOf(ack?.bytes)).toMatchObject({ txpk_ack: { error: 'NONE' } });
    expect(ack?.bytes.subarray(1, 3).toString('hex')).toBe('d329');
    expect(ack?.bytes.subarray(4, 12).toString('hex')).toBe('0102030405060700');
    expect(ack?.port).toBe(sender.of(2)[0]?.port);
    expect((ack?.at ?? 0) - sent).toBeGreaterThanOrEqual(4);
    expect((ack?.at ?? 0) - sent).toBeLessThan(150);
    const [pushed] = other.of(0);
    expect((pushed?.at ?? 0) - sent).toBeGreaterThanOrEqual(325);
    const real = JSON.parse(datagram('us915/pull_resp_beacon').subarray(4).toString('utf8')) as {
      readonly txpk: Readonly<Record<string, unknown>>;
    };
    const { data, datr, freq, size, codr } = real.txpk;
    expect(jsonOf(pushed?.bytes)).toMatchObject({ rxpk: [{ data, datr, freq, size, codr, stat: 1 }] });
    const { rxpk } = jsonOf(pushed?.bytes) as { readonly rxpk: readonly Record<string, number>[] };
    expect(Number.isInteger(rxpk[0]?.['rssi'])).toBe(true);
    // 33 dBm over 475 m: below free space, well above the floor.
    expect(rxpk[0]?.['rssi']).toBeLessThan(-50);
    expect(rxpk[0]?.['rssi']).toBeGreaterThan(-90);
    expect(sender.of(0)).toEqual([]);
  });

  it('sends by its counter, and says so where it is too late', async () => {
    const [sender, other] = both();
    sender.send(pullResp({ imme: true }));
    await until(() => {
      expect(sender.of(5)).toHaveLength(1);
    });
    const { txpk_ack } = jsonOf(sender.of(5)[0]?.bytes) as {
      readonly txpk_ack: { readonly tmst: number };
    };
    await until(() => {
      expect(other.of(0)).toHaveLength(1);
    });
    sender.send(pullResp({ imme: false, tmst: txpk_ack.tmst + 1_000_000, datr: 'SF7BW125' }));
    sender.send(pullResp({ imme: false, tmst: txpk_ack.tmst }));
    await until(() => {
      expect(other.of(0)).toHaveLength(2);
      expect(sender.of(5)).toHaveLength(3);
    });
    const acks = sender.of(5).map(({ bytes }) => jsonOf(bytes));
    expect(acks).toContainEqual({ txpk_ack: { error: 'NONE', tmst: txpk_ack.tmst + 1_000_000 } });
    expect(acks).toContainEqual({ txpk_ack: { error: 'TOO_LATE', tmst: txpk_ack.tmst } });
    const rxpk = other.of(0).map(({ bytes }) => (jsonOf(bytes) as { rxpk: { tmst: number }[] }).rxpk[0]);
    // Both began a second apart by any counter; one is 236 ms shorter.
    const apart = (rxpk[1]?.tmst ?? 0) - (rxpk[0]?.tmst ?? 0);
    expect(apart).toBeGreaterThan(760_000 - 3_000);
    expect(apart).toBeLessThan(780_000 + 3_000);
  });

  it('counts garbage and goes on', async () => {
    const [sender, other] = both();
    const [forwarder] = forwarders;
    for (const text of ['', '{', '{"txpk":[]}', '{"txpk":{"imme":true}}', '\0\0'])
      sender.send(Buffer.concat([Uint8Array.of(2, 0, 1, 3), Buffer.from(text)]));
    sender.send(Buffer.from('not even a header'));
    await until(() => {
      expect(forwarder?.counts.ignored).toBe(6);
    });
    sender.send(datagram('us915/pull_resp_beacon'));
    await until(() => {
      expect(other.of(0)).toHaveLength(1);
    });
  });

  it('shares the air with simulated hotspots, in both directions', async () => {
    const [sender] = both();
    const simulated = openConcentrator({
      medium,
      antenna: { ...ANTENNA, place: { latitude: 52.523, longitude: 13.403 } },
      heard: (each) => heard.push(each),
    });
    sender.send(datagram('us915/pull_resp_beacon'));
    await until(() => {
      expect(heard).toHaveLength(1);
    });
    expect(heard[0]?.frame.payload).toHaveLength(52);
    const payload = Uint8Array.of(0xe0, ...new Uint8Array(51).fill(7));
    simulated.send({ payload, frequency: 904_100_000, datarate: 'SF9BW125', txPower: 30, inverted: false });
    await until(() => {
      for (const gateway of gateways)
        expect(jsonOf(gateway.of(0).at(-1)?.bytes)).toMatchObject({
          rxpk: [{ data: Buffer.from(payload).toString('base64'), freq: 904.1 }],
        });
    });
    simulated.close();
  });
});
