import { describe, expect, it } from 'vitest';
import { deriveBeacon } from '#protocol/crypto/payload';
import { fromHex, toHex } from '#protocol/wire/hex';
import { parseKey } from '#protocol/wire/key';
import { dataRateName } from '#protocol/wire/data-rate';
import { openRegionRequest } from '#protocol/wire/region-request';
import { openReport } from '#protocol/wire/report';
import { openSessionInit } from '#protocol/wire/session';
import { verifySignature } from '#services/runtime/signature';
import {
  inEnvelope,
  packetUp,
  regionRequest,
  routerRegister,
  sessionInit,
} from '#services/simulate/hotspot/messages';
import { sessionKeyPair, type KeyPair, type Sign } from '#services/simulate/hotspot/identity';
import { openRegionAnswer, RegionAnswerError } from '#services/simulate/hotspot/region-answer';
import { beaconDraft, signedReport, witnessDraft } from '#services/simulate/hotspot/reports';
import { pocNonce } from '#services/simulate/hotspot/link/poc-link';
import { openDownlink, routerNonce } from '#services/simulate/hotspot/link/router-link';
import { KEY_PAIRS, ofKind, serverMessage, VECTORS, type Vector } from '../../support/simulate/vectors.ts';

function pairOf(hex: string): KeyPair {
  const pair = KEY_PAIRS.get(parseKey(fromHex(hex)));
  if (pair === undefined) throw new Error(`no key file of ${hex}`);
  return pair;
}

const text = (vector: Vector, field: string): string => String(vector.decoded[field] ?? '');
const number = (vector: Vector, field: string): number => Number(vector.decoded[field] ?? 0);
const bytes = (vector: Vector, field: string): Uint8Array => fromHex(text(vector, field));

/**
 * Makes a message with the signature that stands in the vector: all other bytes, and those that are signed, are equal. Real
 * clients sign at random with both curves (ed25519 too), so a signature that is made here is verified instead.
 */
function expectSame(vector: Vector, key: string, make: (sign: Sign) => Uint8Array): void {
  const signed: Uint8Array[] = [];
  const stated = make((message) => {
    signed.push(message);
    return fromHex(vector.signature);
  });
  expect(toHex(stated), vector.id).toBe(vector.raw);
  expect(signed.map(toHex), vector.id).toEqual([vector.signed_bytes]);
  if (vector.signer_is !== 'gateway') return;
  const pair = pairOf(key);
  const message = fromHex(vector.signed_bytes);
  for (const signature of [fromHex(vector.signature), pair.sign(message)])
    expect(verifySignature({ key: pair.key, message, signature }), vector.id).toBe(true);
}

function withSign(pair: KeyPair, sign: Sign): KeyPair {
  return { key: pair.key, sign };
}

function datarateOf(vector: Vector): string {
  return dataRateName(number(vector, 'datarate')) ?? '';
}

describe('a simulated hotspot makes the bytes of real ones', () => {
  it('asks for its region', () => {
    const vectors = ofKind('region_params_request');
    expect(vectors).toHaveLength(6);
    for (const vector of vectors) {
      const key = text(vector, 'address');
      const region = openRegionRequest(fromHex(vector.raw)).region;
      expectSame(vector, key, (sign) => regionRequest(withSign(pairOf(key), sign), region));
    }
  });

  it('vouches for a session key, to ingest and to routers', () => {
    const vectors = [...ofKind('poc_stream_session_init'), ...ofKind('router_session_init')];
    expect(vectors.length).toBeGreaterThan(10);
    for (const vector of vectors) {
      const { key, nonce, sessionKey } = openSessionInit(fromHex(vector.raw));
      expectSame(vector, key, (sign) => sessionInit(withSign(pairOf(key), sign), { nonce, sessionKey }));
      expect(toHex(inEnvelope(3, fromHex(vector.raw)))).toBe(vector.envelope);
    }
  });

  it('registers with a router', () => {
    const vectors = ofKind('router_register');
    expect(new Set(vectors.map(({ gateway_rs }) => gateway_rs)).size).toBe(3);
    for (const vector of vectors) {
      const key = text(vector, 'gateway');
      const now = number(vector, 'timestamp');
      expectSame(vector, key, (sign) => routerRegister(withSign(pairOf(key), sign), now));
      expect(toHex(inEnvelope(1, fromHex(vector.raw)))).toBe(vector.envelope);
    }
  });

  it('sends packets up', () => {
    const vectors = ofKind('router_packet_up');
    expect(vectors.some((vector) => number(vector, 'hold_time') > 0)).toBe(true);
    for (const vector of vectors) {
      const key = parseKey(bytes(vector, 'gateway'));
      const packet = {
        key,
        payload: bytes(vector, 'payload'),
        tmst: number(vector, 'timestamp'),
        rssi: number(vector, 'rssi'),
        snr: number(vector, 'snr'),
        frequency: number(vector, 'frequency'),
        datarate: datarateOf(vector),
        region: number(vector, 'region'),
        holdTime: number(vector, 'hold_time'),
      };
      expectSame(vector, key, (sign) => packetUp(packet, sign));
      expect(toHex(inEnvelope(2, fromHex(vector.raw)))).toBe(vector.envelope);
    }
  });

  it('reports beacons and witnesses, by stream and by unary calls', () => {
    const seen = new Set<string>();
    for (const kind of ['beacon', 'witness'] as const)
      for (const vector of ofKind(`${kind}_report`)) {
        seen.add(`${kind} ${vector.via} ${vector.key_type}`);
        const { key, data, tmst, timestamp } = openReport(kind, fromHex(vector.raw));
        const told = { data, frequency: number(vector, 'frequency'), datarate: datarateOf(vector) };
        const stamp = { key, timestamp, tmst };
        const draft =
          kind === 'beacon'
            ? beaconDraft({
                ...stamp,
                told: { ...told, txPower: number(vector, 'tx_power') },
                local: bytes(vector, 'local_entropy'),
                remote: bytes(vector, 'remote_entropy'),
              })
            : witnessDraft({
                ...stamp,
                told,
                reception: { rssi: number(vector, 'signal') / 10, snr: number(vector, 'snr') / 10 },
              });
        expectSame(vector, key, (sign) => signedReport(draft, sign).bytes);
        if (vector.via === 'stream')
          expect(toHex(inEnvelope(kind === 'beacon' ? 1 : 2, fromHex(vector.raw)))).toBe(vector.envelope);
      }
    expect(seen.size).toBe(8);
  });
});

describe('a simulated hotspot beacons as real ones did', () => {
  it('what their entropies and region answers derive: payload, frequency, data rate and power', () => {
    const vectors = ofKind('beacon_report').filter(
      ({ entropy_timestamp }) => entropy_timestamp !== undefined,
    );
    expect(vectors.length).toBeGreaterThanOrEqual(8);
    for (const vector of vectors) {
      const [run = ''] = vector.id.split('/');
      const { plan, gain } = openRegionAnswer(
        serverMessage(`${run}/region_params_response`),
        VECTORS.server.bin,
      );
      const timestamp = vector.entropy_timestamp ?? 0;
      const derived = deriveBeacon({
        remote: { data: bytes(vector, 'remote_entropy'), timestamp, version: 0 },
        local: { data: bytes(vector, 'local_entropy'), timestamp: 0, version: 0 },
        region: plan,
        gain,
      });
      expect(toHex(derived.data), vector.id).toBe(text(vector, 'data'));
      expect(Number(derived.frequency)).toBe(number(vector, 'frequency'));
      expect(derived.datarate).toBe(datarateOf(vector));
      expect(derived.txPower).toBe(number(vector, 'tx_power'));
    }
  });
});

describe('a simulated hotspot reads what real ones read', () => {
  const key = VECTORS.server.bin;
  const answers = VECTORS.server_messages.filter(({ id }) => id.endsWith('region_params_response'));

  it('accepts the region answers that they accepted', () => {
    expect(answers).toHaveLength(4);
    for (const { raw } of answers) {
      const { plan, timestamp } = openRegionAnswer(fromHex(raw), key);
      expect(plan.frequencies).toHaveLength(8);
      expect(plan.maxEirp).toBeGreaterThan(100);
      expect(timestamp).toBeGreaterThan(1_795_393_000);
    }
    const american = openRegionAnswer(serverMessage('us915/region_params_response'), key);
    expect(american).toMatchObject({ region: 0, gain: 23, plan: { maxEirp: 360, bandwidth: 125_000 } });
    expect(american.plan.spreading).toContainEqual({ factor: 9, maxPacketSize: 67 });
  });

  it('refuses them with any byte changed, and from another server', () => {
    const good = serverMessage('main3/region_params_response');
    const signer = Buffer.from(good).indexOf(Buffer.from(key, 'hex'));
    expect(signer).toBeGreaterThan(0);
    for (let at = 0; at < good.length; at += 1) {
      const changed = Uint8Array.from(good);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(() => openRegionAnswer(changed, key), `byte ${at}`).toThrow(RegionAnswerError);
    }
    const [other] = KEY_PAIRS.keys();
    expect(() => openRegionAnswer(good, other ?? key)).toThrow(/configured key/);
  });

  it('refuses an explicit zero and an unknown field, which its own encoding has not', () => {
    const server = sessionKeyPair(fromHex(VECTORS.server.seed));
    const good = serverMessage('us915/region_params_response');
    const at = Buffer.from(good).indexOf(Buffer.from('2240', 'hex'));
    const cleared = Buffer.concat([good.subarray(0, at), good.subarray(at + 66)]);
    const answer = (message: Uint8Array): Uint8Array =>
      Buffer.concat([message, fromHex('2240'), server.sign(message)]);
    expect(openRegionAnswer(answer(cleared), key).gain).toBe(23);
    for (const extra of ['0800', 'f80101', '4a0161'])
      expect(() => openRegionAnswer(answer(Buffer.concat([fromHex(extra), cleared])), key), extra).toThrow(
        RegionAnswerError,
      );
  });

  it('finds the nonce of an offer, and of nothing else', () => {
    for (const { id, raw } of VECTORS.server_messages) {
      if (id.endsWith('poc_stream_offer')) expect(pocNonce(fromHex(raw))).toHaveLength(32);
      if (id.endsWith('router_session_offer')) expect(routerNonce(fromHex(raw))).toHaveLength(32);
    }
    expect(pocNonce(Uint8Array.of(0xff, 0xff))).toBeNull();
    expect(routerNonce(serverMessage('mixed3/router_downlink-imme'))).toBeNull();
  });

  it('reads a downlink that a real one sent', () => {
    const downlink = openDownlink(serverMessage('mixed3/router_downlink-imme'));
    expect(downlink).toMatchObject({
      rx1: { tmst: null, frequency: 869_525_000, datarate: 'SF9BW125' },
      rx2: null,
    });
    expect(toHex(downlink?.payload ?? new Uint8Array(0))).toBe('60040302010000010203040506');
  });
});
