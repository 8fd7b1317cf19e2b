import { hex } from '@scure/base';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ProtocolError } from '#protocol/errors';
import { encodePacket, encodeRegister, encodeSessionInit } from '#protocol/wire/encode';
import { parseKey } from '#protocol/wire/key';
import { openFrame } from '#protocol/wire/lorawan';
import { openPacket, openRegister } from '#protocol/wire/packet';
import { openSessionInit } from '#protocol/wire/session';
import { verifySignature } from '#services/runtime/signature';
import { readVectors } from '../../../scripts/replay/vectors.ts';

const vectors = readVectors().vectors;
const of = (kind: string) => vectors.filter((vector) => vector.kind === kind);

const key = parseKey(hex.decode('01' + '5a'.repeat(32)));
const u32 = fc.nat(0xffff_ffff);
const u64 = fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn });
const packets = fc.record({
  key: fc.constant(key),
  payload: fc.uint8Array({ maxLength: 255 }),
  timestamp: u64,
  rssi: fc.integer(),
  frequency: u32,
  datarate: fc.integer(),
  snr: fc.float(),
  region: fc.integer(),
  holdTime: u64,
  signature: fc.uint8Array({ maxLength: 72 }),
});

describe('messages of real hotspots to a router', () => {
  test.each(of('router_packet_up'))('$id decodes to the recorded fields, and back to its bytes', (vector) => {
    const packet = openPacket(hex.decode(vector.raw));
    expect(hex.encode(packet.signedBytes)).toBe(vector.signed_bytes);
    expect(hex.encode(packet.signature)).toBe(vector.signature);
    expect(packet).toMatchObject({
      rssi: vector.decoded?.['rssi'],
      frequency: vector.decoded?.['frequency'],
      datarate: vector.decoded?.['datarate'],
      snr: vector.decoded?.['snr'],
      region: vector.decoded?.['region'],
    });
    expect(hex.encode(packet.payload)).toBe(vector.decoded?.['payload']);
    expect(hex.encode(encodePacket(packet))).toBe(vector.raw);
  });

  test.each(of('router_packet_up'))(
    '$id is signed by the key that its session_init vouches for',
    (vector) => {
      const [session] = vectors.filter(({ id }) => id === vector.session_init_id);
      if (session === undefined) throw new Error('no session_init');
      const { sessionKey } = openSessionInit(hex.decode(session.raw));
      const { signedBytes, signature } = openPacket(hex.decode(vector.raw));
      expect(verifySignature({ key: sessionKey, message: signedBytes, signature })).toBe(true);
    },
  );

  test.each(of('router_register'))('$id decodes, is well signed, and encodes to its bytes', (vector) => {
    const register = openRegister(hex.decode(vector.raw));
    const { signedBytes, signature } = register;
    expect(hex.encode(signedBytes)).toBe(vector.signed_bytes);
    expect(verifySignature({ key: register.key, message: signedBytes, signature })).toBe(true);
    expect(hex.encode(encodeRegister(register))).toBe(vector.raw);
  });

  test.each(of('router_session_init'))('$id decodes, is well signed, and encodes to its bytes', (vector) => {
    const init = openSessionInit(hex.decode(vector.raw));
    const { signedBytes, signature } = init;
    expect(hex.encode(signedBytes)).toBe(vector.signed_bytes);
    expect(verifySignature({ key: init.key, message: signedBytes, signature })).toBe(true);
    expect(hex.encode(encodeSessionInit(init))).toBe(vector.raw);
  });
});

describe('a packet', () => {
  test('decodes to what was encoded, also with an SNR that is no number', () => {
    fc.assert(
      fc.property(packets, (fields) => {
        const bytes = encodePacket(fields);
        const { signedBytes, bytes: received, ...opened } = openPacket(bytes);
        expect(received).toBe(bytes);
        expect(opened).toEqual(fields);
        expect(signedBytes).toEqual(encodePacket({ ...fields, signature: new Uint8Array() }));
      }),
    );
  });

  test('of any bytes opens or is refused with a code, and so is a register', () => {
    const broken = fc.tuple(packets, fc.nat(), fc.nat(255)).map(([fields, at, byte]) => {
      const bytes = encodePacket(fields);
      return at % 2 === 0 ? bytes.with(at % bytes.length, byte) : bytes.slice(0, at % bytes.length);
    });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 600 }), broken), (bytes) => {
        for (const open of [openPacket, openRegister])
          try {
            open(bytes);
          } catch (error) {
            expect(error).toBeInstanceOf(ProtocolError);
          }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('a LoRaWAN frame', () => {
  const frame = (text: string) => openFrame(hex.decode(text));

  test('shows the DevAddr of an uplink, most significant byte first', () => {
    expect(frame('400403020100020001aabbccdd11223344')).toEqual({ kind: 'data_up', devAddr: 0x01020304 });
    expect(frame('80ffffffff00020001aabbccdd')).toEqual({ kind: 'data_up', devAddr: 0xffffffff });
  });

  test('shows the EUIs of a join request and of each type of rejoin', () => {
    expect(frame('000807060504030201181716151413121101020a0b0c0d')).toEqual({
      kind: 'join_request',
      joinEui: '0102030405060708',
      devEui: '1112131415161718',
    });
    expect(frame('c0' + '00' + '010000' + '1817161514131211' + '0100' + '0a0b0c0d')).toEqual({
      kind: 'rejoin',
      joinEui: null,
      devEui: '1112131415161718',
    });
    expect(frame('c0' + '01' + '0807060504030201' + '1817161514131211' + '0100' + '0a0b0c0d')).toEqual({
      kind: 'rejoin',
      joinEui: '0102030405060708',
      devEui: '1112131415161718',
    });
  });

  test.each([
    ['a downlink', '600403020100020001aabbccdd11223344'],
    ['a join accept', '20' + '00'.repeat(16)],
    ['a proprietary frame', 'e0' + '00'.repeat(51)],
    ['a data frame that is cut', '4004030201000200aabbcc'],
    ['a join request that is cut', '0008070605040302011817161514131211'],
    ['a frame of another major version', '410403020100020001aabbccdd11223344'],
    ['nothing', ''],
  ])('is %s: nothing that goes up', (_, text) => {
    expect(frame(text)).toEqual({ kind: 'other' });
  });
});
