import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deriveBeacon } from '#protocol/crypto/payload';
import { toHex } from '#protocol/wire/hex';
import { openRegionRequest } from '#protocol/wire/region-request';
import { openReport } from '#protocol/wire/report';
import { openSessionInit } from '#protocol/wire/session';
import { verifySignature } from '#services/runtime/signature';
import { entropyOf } from '#services/simulate/hotspot/hotspot';
import { openRegionAnswer } from '#services/simulate/hotspot/region-answer';
import { openUp, PATHS } from '../../support/simulate/fake-network.ts';
import {
  FACTOR,
  INTERVAL_S,
  LATE_MS,
  openHotspotWorld,
  until,
  type HotspotWorld,
} from '../../support/simulate/hotspot-world.ts';
import { serverMessage, VECTORS } from '../../support/simulate/vectors.ts';

let world: HotspotWorld;
beforeEach(async () => {
  world = await openHotspotWorld();
});
afterEach(() => world.close());

describe('a simulated hotspot of v1.3.0', () => {
  it('opens its streams at 5 s, asks for its region at 7 to 13 s, and beacons within two intervals', async () => {
    const start = world.clock.now();
    const { identity } = world.open('1.3.0');
    await until(() => {
      expect(world.on(PATHS.region)).toHaveLength(1);
    });
    const asked = world.clock.now() - start;
    expect(asked).toBeGreaterThanOrEqual(7_000);
    expect(asked).toBeLessThan(13_000 + LATE_MS);
    const [request] = world.on(PATHS.region);
    const opened = openRegionRequest(request?.message ?? new Uint8Array(0));
    expect(opened).toMatchObject({ region: 99, key: identity.key });
    expect(
      verifySignature({ key: identity.key, message: opened.signedBytes, signature: opened.signature }),
    ).toBe(true);
    await until(() => {
      expect(world.requests('sessionInit').length + world.on(PATHS.route).length).toBeGreaterThanOrEqual(3);
    });
    const answered = world.clock.now();
    await until(() => {
      expect(world.requests('beaconReport').length).toBeGreaterThanOrEqual(1);
    });
    expect(world.clock.now() - answered).toBeLessThan(2 * INTERVAL_S * 1000 + LATE_MS);
  });

  it('signs reports with the key of its session, and a payload that both entropies and the plan derive', async () => {
    const { identity } = world.open('1.3.0');
    await until(() => {
      expect(world.requests('beaconReport').length).toBeGreaterThanOrEqual(1);
    });
    const [init] = world.requests('sessionInit');
    const session = openSessionInit(init?.bytes ?? new Uint8Array(0));
    expect(toHex(inEnvelopeNonce(serverMessage('main3/poc_stream_offer')))).toBe(toHex(session.nonce));
    expect(session.key).toBe(identity.key);
    expect(
      verifySignature({ key: identity.key, message: session.signedBytes, signature: session.signature }),
    ).toBe(true);
    const [sent] = world.requests('beaconReport');
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
    const [first, second] = [world.open('1.3.0', 0), world.open('1.3.0', 1)];
    await until(() => {
      expect(world.requests('witnessReport').length).toBeGreaterThanOrEqual(2);
    });
    const beacons = new Map(
      world
        .requests('beaconReport')
        .map(({ bytes, at }) => [toHex(openReport('beacon', bytes).data), { bytes, at }]),
    );
    for (const { bytes, at } of world.requests('witnessReport')) {
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
    world.open('1.3.0');
    await until(() => {
      expect(world.requests('sessionInit')).toHaveLength(1);
    });
    world.network.write(PATHS.stream, serverMessage('us915/poc_stream_offer'));
    await until(() => {
      expect(world.requests('sessionInit')).toHaveLength(2);
    });
    const [one, two] = world.requests('sessionInit').map(({ bytes }) => openSessionInit(bytes));
    expect(one?.sessionKey).not.toBe(two?.sessionKey);
    expect(world.network.calls(PATHS.stream)).toBe(1);
    const closed = world.clock.now();
    world.network.end(PATHS.stream);
    await until(() => {
      expect(world.requests('sessionInit')).toHaveLength(3);
    });
    expect(world.clock.now() - closed).toBeGreaterThanOrEqual(4_900);
    expect(world.clock.now() - closed).toBeLessThan(6_500 + LATE_MS);
    expect(world.network.calls(PATHS.stream)).toBe(2);
  });

  it('sends no report and no init without an offer, and tears such a stream down again and again', async () => {
    world.network.greeting = () => [];
    const { hotspot } = world.open('1.3.0');
    await until(() => {
      expect(world.network.calls(PATHS.stream)).toBeGreaterThanOrEqual(3);
      expect(hotspot.counts().lostReports).toBeGreaterThanOrEqual(1);
    });
    expect(world.on(PATHS.stream)).toEqual([]);
    expect(world.on(PATHS.route).map((each) => openUp(each).kind)).toContain('register');
  });

  it('gives up a stream without response headers after 5 s, and tries again later each time', async () => {
    world.network.greeting = () => null;
    const start = world.clock.now();
    world.open('1.3.0');
    await until(() => {
      expect(world.network.calls(PATHS.stream)).toBe(3);
    });
    // 5 s to the first, then twice 5 s without headers, and waits of 5 to 6.5 and 7 to 13 s.
    expect(world.clock.now() - start).toBeGreaterThan(5_000 + 2 * 5_000 + 5_000 + 7_000);
    expect(world.on(PATHS.stream)).toEqual([]);
  });

  it('asks again where the answer is badly signed or none, and does not beacon meanwhile', async () => {
    const good = serverMessage('main3/region_params_response');
    world.network.answers.set(
      PATHS.region,
      Uint8Array.from(good, (byte, at) => (at === 20 ? byte ^ 1 : byte)),
    );
    const start = world.clock.now();
    world.open('1.3.0');
    await until(() => {
      expect(world.network.calls(PATHS.region)).toBe(2);
    });
    expect(world.clock.now() - start).toBeGreaterThan(7_000 + 14_000);
    expect(world.requests('beaconReport')).toEqual([]);
    world.network.answers.set(PATHS.region, good);
    await until(() => {
      expect(world.requests('beaconReport').length).toBeGreaterThanOrEqual(1);
    });
  });
});

describe('a simulated hotspot of v1.2.0', () => {
  it('reports by unary calls that its own key signs, and opens no report stream', async () => {
    const pairs = [world.open('1.2.0', 0), world.open('1.2.0', 1)];
    await until(() => {
      expect(world.on(PATHS.beacon).length).toBeGreaterThanOrEqual(1);
      expect(world.on(PATHS.witness).length).toBeGreaterThanOrEqual(1);
    });
    for (const [kind, path] of [
      ['beacon', PATHS.beacon],
      ['witness', PATHS.witness],
    ] as const)
      for (const { message: bytes } of world.on(path)) {
        const { key, signedBytes: message, signature } = openReport(kind, bytes);
        expect(pairs.map(({ identity }) => identity.key)).toContain(key);
        expect(verifySignature({ key, message, signature })).toBe(true);
      }
    expect(world.network.calls(PATHS.stream)).toBe(0);
    expect(world.on(PATHS.route).map((each) => openUp(each).kind)).toContain('sessionInit');
  });
});

/** An offer has its nonce at its end. */
function inEnvelopeNonce(offer: Uint8Array): Uint8Array {
  return offer.subarray(offer.length - 32);
}
