import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { deriveBeacon } from '#protocol/crypto/payload';
import { fromHex, toHex } from '#protocol/wire/hex';
import { openRegionRequest } from '#protocol/wire/region-request';
import { openReport } from '#protocol/wire/report';
import { openSessionInit } from '#protocol/wire/session';
import { verifySignature } from '#services/runtime/signature';
import { entropyOf, openHotspot, type SimulatedHotspot } from '#services/simulate/hotspot/hotspot';
import { identityOf } from '#services/simulate/hotspot/identity';
import type { Version } from '#services/simulate/hotspot/link/poc-link';
import { openRegionAnswer } from '#services/simulate/hotspot/region-answer';
import { attachDevice } from '#services/simulate/medium/device';
import { openMedium, type Heard, type Medium } from '#services/simulate/medium/medium';
import { seededRandom } from '#services/simulate/medium/random';
import type { Clock } from '#services/simulate/medium/clock';
import {
  openFakeNetwork,
  openRequest,
  openUp,
  packetDown,
  PATHS,
  type FakeNetwork,
  type Received,
} from '../../support/simulate/fake-network.ts';
import { scaledClock } from '../../support/simulate/scaled-clock.ts';
import { serverMessage, VECTORS } from '../../support/simulate/vectors.ts';

/** Simulated seconds of a second. */
const FACTOR = 20;
/** What a busy machine may be late by, in simulated milliseconds. */
const LATE_MS = 1_000 * FACTOR;
const INTERVAL_S = 10;
const secret = new Uint8Array(32).fill(9);
const PLACES = [
  { latitude: 52.52, longitude: 13.4 },
  { latitude: 52.52, longitude: 13.41 },
];

let network: FakeNetwork;
let clock: Clock;
let medium: Medium;
let hotspots: SimulatedHotspot[];

beforeEach(async () => {
  network = await openFakeNetwork();
  clock = scaledClock(FACTOR);
  medium = openMedium({ clock, seed: '1' });
  hotspots = [];
});

afterEach(async () => {
  for (const hotspot of hotspots) hotspot.close();
  clock.close();
  await network.close();
});

function open(version: Version, member = 0, intervalS = INTERVAL_S) {
  const curve = member === 0 ? 'ed25519' : 'p256';
  const identity = identityOf({ secret, label: `${version} ${member}`, curve });
  const { uri } = network;
  const hotspot = openHotspot({
    servers: { config: { uri, key: VECTORS.server.bin }, entropy: uri, ingest: uri, router: uri },
    version,
    identity,
    antenna: { place: PLACES[member] ?? { latitude: 0, longitude: 0 }, elevation: 20, gain: 12 },
    medium,
    random: seededRandom('hotspot test', version, member),
    intervalS,
  });
  hotspots.push(hotspot);
  return { identity, hotspot };
}

const on = (path: string): readonly Received[] => network.received.filter((each) => each.path === path);
const requests = (kind: string) =>
  on(PATHS.stream)
    .map((each) => ({ ...each, ...openRequest(each) }))
    .filter((each) => each.kind === kind);
const until = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 20_000, interval: 20 });

describe('a simulated hotspot of v1.3.0', () => {
  it('opens its streams at 5 s, asks for its region at 7 to 13 s, and beacons within two intervals', async () => {
    const start = clock.now();
    const { identity } = open('1.3.0');
    await until(() => {
      expect(on(PATHS.region)).toHaveLength(1);
    });
    const asked = clock.now() - start;
    expect(asked).toBeGreaterThanOrEqual(7_000);
    expect(asked).toBeLessThan(13_000 + LATE_MS);
    const [request] = on(PATHS.region);
    const opened = openRegionRequest(request?.message ?? new Uint8Array(0));
    expect(opened).toMatchObject({ region: 99, key: identity.key });
    expect(
      verifySignature({ key: identity.key, message: opened.signedBytes, signature: opened.signature }),
    ).toBe(true);
    await until(() => {
      expect(requests('sessionInit').length + on(PATHS.route).length).toBeGreaterThanOrEqual(3);
    });
    const answered = clock.now();
    await until(() => {
      expect(requests('beaconReport').length).toBeGreaterThanOrEqual(1);
    });
    expect(clock.now() - answered).toBeLessThan(2 * INTERVAL_S * 1000 + LATE_MS);
  });

  it('signs reports with the key of its session, and a payload that both entropies and the plan derive', async () => {
    const { identity } = open('1.3.0');
    await until(() => {
      expect(requests('beaconReport').length).toBeGreaterThanOrEqual(1);
    });
    const [init] = requests('sessionInit');
    const session = openSessionInit(init?.bytes ?? new Uint8Array(0));
    expect(toHex(inEnvelopeNonce(serverMessage('main3/poc_stream_offer')))).toBe(toHex(session.nonce));
    expect(session.key).toBe(identity.key);
    expect(
      verifySignature({ key: identity.key, message: session.signedBytes, signature: session.signature }),
    ).toBe(true);
    const [sent] = requests('beaconReport');
    const report = openReport('beacon', sent?.bytes ?? new Uint8Array(0));
    const { signedBytes: message, signature } = report;
    expect(verifySignature({ key: session.sessionKey, message, signature })).toBe(true);
    expect(verifySignature({ key: identity.key, message, signature })).toBe(false);
    const remote = entropyOf(serverMessage('main3/entropy_response'));
    const params = openRegionAnswer(serverMessage('main3/region_params_response'), VECTORS.server.bin);
    const derived = deriveBeacon({
      remote,
      local: { data: report.localEntropy, timestamp: 0, version: 0 },
      region: params.plan,
      gain: params.gain,
    });
    expect(report).toMatchObject({
      key: identity.key,
      data: derived.data,
      frequency: derived.frequency,
      txPower: 16,
      channel: 0,
    });
  });

  it('witnesses what another one sends, after its airtime, and never itself', async () => {
    const [first, second] = [open('1.3.0', 0), open('1.3.0', 1)];
    await until(() => {
      expect(requests('witnessReport').length).toBeGreaterThanOrEqual(2);
    });
    const beacons = new Map(
      requests('beaconReport').map(({ bytes, at }) => [
        toHex(openReport('beacon', bytes).data),
        { bytes, at },
      ]),
    );
    for (const { bytes, at } of requests('witnessReport')) {
      const witness = openReport('witness', bytes);
      const beacon = beacons.get(toHex(witness.data));
      if (beacon === undefined) throw new Error('a witness of no beacon');
      expect(openReport('beacon', beacon.bytes).key).not.toBe(witness.key);
      expect([first.identity.key, second.identity.key]).toContain(witness.key);
      expect(Math.abs(witness.signal % 10)).toBe(0);
      expect((at - beacon.at) * FACTOR).toBeGreaterThan(2_000);
    }
  });

  it('makes a new session for an offer on a live stream, and opens a new stream 5 to 7 s after a close', async () => {
    open('1.3.0');
    await until(() => {
      expect(requests('sessionInit')).toHaveLength(1);
    });
    network.write(PATHS.stream, serverMessage('us915/poc_stream_offer'));
    await until(() => {
      expect(requests('sessionInit')).toHaveLength(2);
    });
    const [one, two] = requests('sessionInit').map(({ bytes }) => openSessionInit(bytes));
    expect(one?.sessionKey).not.toBe(two?.sessionKey);
    expect(network.calls(PATHS.stream)).toBe(1);
    const closed = clock.now();
    network.end(PATHS.stream);
    await until(() => {
      expect(requests('sessionInit')).toHaveLength(3);
    });
    expect(clock.now() - closed).toBeGreaterThanOrEqual(4_900);
    expect(clock.now() - closed).toBeLessThan(6_500 + LATE_MS);
    expect(network.calls(PATHS.stream)).toBe(2);
  });

  it('sends no report and no init without an offer, and tears such a stream down again and again', async () => {
    network.greeting = () => [];
    const { hotspot } = open('1.3.0');
    await until(() => {
      expect(network.calls(PATHS.stream)).toBeGreaterThanOrEqual(3);
      expect(hotspot.counts().lostReports).toBeGreaterThanOrEqual(1);
    });
    expect(on(PATHS.stream)).toEqual([]);
    expect(on(PATHS.route).map((each) => openUp(each).kind)).toContain('register');
  });

  it('gives up a stream without response headers after 5 s, and tries again later each time', async () => {
    network.greeting = () => null;
    const start = clock.now();
    open('1.3.0');
    await until(() => {
      expect(network.calls(PATHS.stream)).toBe(3);
    });
    // 5 s to the first, then twice 5 s without headers, and waits of 5 to 6.5 and 7 to 13 s.
    expect(clock.now() - start).toBeGreaterThan(5_000 + 2 * 5_000 + 5_000 + 7_000);
    expect(on(PATHS.stream)).toEqual([]);
  });

  it('asks again where the answer is badly signed or none, and does not beacon meanwhile', async () => {
    const good = serverMessage('main3/region_params_response');
    network.answers.set(
      PATHS.region,
      Uint8Array.from(good, (byte, at) => (at === 20 ? byte ^ 1 : byte)),
    );
    const start = clock.now();
    open('1.3.0');
    await until(() => {
      expect(network.calls(PATHS.region)).toBe(2);
    });
    expect(clock.now() - start).toBeGreaterThan(7_000 + 14_000);
    expect(requests('beaconReport')).toEqual([]);
    network.answers.set(PATHS.region, good);
    await until(() => {
      expect(requests('beaconReport').length).toBeGreaterThanOrEqual(1);
    });
  });
});

describe('a simulated hotspot of v1.2.0', () => {
  it('reports by unary calls that its own key signs, and opens no report stream', async () => {
    const pairs = [open('1.2.0', 0), open('1.2.0', 1)];
    await until(() => {
      expect(on(PATHS.beacon).length).toBeGreaterThanOrEqual(1);
      expect(on(PATHS.witness).length).toBeGreaterThanOrEqual(1);
    });
    for (const [kind, path] of [
      ['beacon', PATHS.beacon],
      ['witness', PATHS.witness],
    ] as const)
      for (const { message: bytes } of on(path)) {
        const { key, signedBytes: message, signature } = openReport(kind, bytes);
        expect(pairs.map(({ identity }) => identity.key)).toContain(key);
        expect(verifySignature({ key, message, signature })).toBe(true);
      }
    expect(network.calls(PATHS.stream)).toBe(0);
    expect(on(PATHS.route).map((each) => openUp(each).kind)).toContain('sessionInit');
  });
});

describe('a device in the medium', () => {
  it.each(['1.3.0', '1.2.0'] as const)(
    'is heard by a hotspot of v%s, and hears the downlink in its second window alone',
    async (version) => {
      const { identity, hotspot } = open(version, 0, 3_600);
      const downlinks: (Heard & { readonly window: 1 | 2 })[] = [];
      const rx2 = { frequency: 869_525_000, datarate: 'SF12BW125' };
      const device = attachDevice(medium, {
        place: { latitude: 52.521, longitude: 13.401 },
        rx2,
        // Long ones: a busy machine must answer in time.
        rx1DelayMs: 20_000,
        onDownlink: (downlink) => downlinks.push(downlink),
      });
      await until(() => {
        expect(hotspot.counts().regionAnswers).toBe(1);
      });
      const payload = fromHex('400403020100020001aabbccdd11223344');
      device.transmit({ payload, frequency: 868_100_000, datarate: 'SF7BW125', txPower: 14 });
      const packets = () =>
        on(PATHS.route)
          .map((each) => openUp(each))
          .filter(({ kind }) => kind === 'packet');
      await until(() => {
        expect(packets()).toHaveLength(1);
      });
      const { bytes = new Uint8Array(0) } = packets()[0] ?? {};
      const tmst = packetTmst(bytes);
      expect(toHex(bytes)).toContain(toHex(payload));
      expect(toHex(bytes)).toContain(identity.key);
      const down = (payload: string, rx1: number, second: number): Uint8Array =>
        packetDown({
          payload: fromHex(payload),
          rx1: { timestamp: BigInt(tmst + rx1), frequency: 868_100_000, datarate: 5 },
          rx2: { timestamp: BigInt(tmst + second), frequency: rx2.frequency, datarate: 0 },
        });
      // Its first window has passed by the counter: the second one is taken.
      network.write(PATHS.route, down('60040302010000010203040506', -1_000, 21_000_000));
      await until(() => {
        expect(downlinks).toHaveLength(1);
      });
      expect(downlinks[0]).toMatchObject({ window: 2, frame: { inverted: true, ...rx2 } });
      // No window is open now.
      network.write(PATHS.route, down('60040302010001010203040506', 3_500_000, 4_500_000));
      await new Promise((resolve) => setTimeout(resolve, 400));
      expect(downlinks).toHaveLength(1);
    },
  );
});

/** Field 2 of a packet_up, behind its payload. */
function packetTmst(bytes: Uint8Array): number {
  let at = 2 + (bytes[1] ?? 0) + 1;
  let value = 0;
  for (let shift = 0; ; shift += 7, at += 1) {
    const byte = bytes[at] ?? 0;
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return value;
  }
}

/** An offer has its nonce at its end. */
function inEnvelopeNonce(offer: Uint8Array): Uint8Array {
  return offer.subarray(offer.length - 32);
}
