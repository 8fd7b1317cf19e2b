import fc from 'fast-check';
import { sha256 } from '@noble/hashes/sha2.js';
import { hex } from '@scure/base';
import { describe, expect, test } from 'vitest';
import { ProtocolError } from '#protocol/errors';
import { encodeBeacon, encodeSessionInit, encodeWitness } from '#protocol/wire/encode';
import { parseKey } from '#protocol/wire/key';
import { openReport, reportId } from '#protocol/wire/report';
import { openSessionInit } from '#protocol/wire/session';
import { readVectors } from '../../../scripts/replay/vectors.ts';

const vectors = readVectors().vectors;
const kinds: Readonly<Record<string, 'beacon' | 'witness'>> = {
  beaconReport: 'beacon',
  witnessReport: 'witness',
};
const real = vectors.flatMap((vector) => {
  const kind = kinds[vector.message];
  return kind === undefined ? [] : [{ ...vector, kind }];
});
const open = (kind: 'beacon' | 'witness', bytes: Uint8Array) =>
  kind === 'beacon' ? openReport(kind, bytes) : openReport(kind, bytes);

function codeOf(run: () => unknown): string {
  try {
    run();
    return 'opened';
  } catch (error) {
    if (error instanceof ProtocolError) return error.code;
    throw error;
  }
}

const key = parseKey(hex.decode('01' + '5a'.repeat(32)));
const u32 = fc.nat(0xffff_ffff);
const i32 = fc.integer();
const u64 = fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn });
const bytes = (most: number) => fc.uint8Array({ maxLength: most });

describe('reports of real hotspots', () => {
  test.each(real)('$id keeps the bytes that were signed', (vector) => {
    const report = open(vector.kind, hex.decode(vector.raw));
    expect(hex.encode(report.signedBytes)).toBe(vector.signed_bytes);
    expect(hex.encode(report.signature)).toBe(vector.signature);
  });

  test.each(real)('$id decodes to the recorded fields, and encodes to the same bytes again', (vector) => {
    const report = open(vector.kind, hex.decode(vector.raw));
    const again = report.kind === 'beacon' ? encodeBeacon(report) : encodeWitness(report);
    expect(hex.encode(again)).toBe(vector.raw);
  });

  test('a session_init decodes and keeps the bytes that were signed', () => {
    const inits = vectors.filter(({ message }) => message === 'pocSessionInit');
    expect(inits).toHaveLength(6);
    for (const { raw, signed_bytes } of inits) {
      const init = openSessionInit(hex.decode(raw));
      expect(hex.encode(init.signedBytes)).toBe(signed_bytes);
      expect(init.nonce).toHaveLength(32);
      expect(hex.encode(encodeSessionInit(init))).toBe(raw);
    }
  });
});

describe('a report', () => {
  const beaconFields = fc.record({
    key: fc.constant(key),
    localEntropy: bytes(8),
    remoteEntropy: bytes(32),
    data: bytes(60),
    frequency: u64,
    channel: i32,
    datarate: i32,
    txPower: i32,
    timestamp: u64,
    tmst: u32,
    signature: bytes(72),
  });

  test('decodes to the fields that were encoded: beacon', () => {
    fc.assert(
      fc.property(beaconFields, (fields) => {
        const report = openReport('beacon', encodeBeacon(fields));
        expect(report).toMatchObject(fields);
        const { signature, ...unsigned } = fields;
        expect(signature).toEqual(report.signature);
        expect(report.signedBytes).toEqual(encodeBeacon(unsigned));
      }),
      { seed: 2 },
    );
  });

  test('decodes to the fields that were encoded: witness', () => {
    const fields = fc.record({
      key: fc.constant(key),
      data: bytes(60),
      timestamp: u64,
      tmst: u32,
      signal: i32,
      snr: i32,
      frequency: u64,
      datarate: i32,
      signature: bytes(72),
    });
    fc.assert(
      fc.property(fields, (each) => {
        expect(openReport('witness', encodeWitness(each))).toMatchObject(each);
      }),
      { seed: 3 },
    );
  });

  const [first] = real;
  const raw = hex.decode(first?.raw ?? '');

  test('is signed without its signature wherever that stands, and with every other byte as received', () => {
    const report = openReport('beacon', raw);
    const signature = Uint8Array.of(0x5a, report.signature.length, ...report.signature);
    for (const moved of [
      Uint8Array.of(...signature, ...report.signedBytes),
      Uint8Array.of(...report.signedBytes, ...signature),
    ])
      expect(openReport('beacon', moved)).toMatchObject({
        signedBytes: report.signedBytes,
        signature: report.signature,
      });
  });

  test('keeps unknown fields, explicit zeros and overlong varints in what is signed', () => {
    const report = openReport('beacon', raw);
    // Field 15 varint, field 16 group with a field, channel = 0, tmst in three bytes.
    const extra = [0x78, 0x2a, 0x83, 0x01, 0x08, 0x01, 0x84, 0x01, 0x38, 0x00, 0x60, 0x81, 0x80, 0x00];
    const extended = openReport('beacon', Uint8Array.of(...raw, ...extra));
    expect([...extended.signedBytes]).toEqual([...report.signedBytes, ...extra]);
    expect(extended).toMatchObject({ channel: 0, tmst: 1, signature: report.signature });
    expect(reportId(extended)).not.toBe(reportId(report));
  });

  test('has an id of its kind and signed bytes alone', () => {
    const report = openReport('beacon', raw);
    const resigned = openReport('beacon', encodeBeacon({ ...report, signature: Uint8Array.of(1, 2, 3) }));
    expect(reportId(resigned)).toBe(reportId(report));
    expect(reportId({ kind: 'witness', signedBytes: report.signedBytes })).not.toBe(reportId(report));
    const preimage = Uint8Array.of(...Buffer.from('coverant/report/v1'), 1, ...report.signedBytes);
    expect(reportId(report)).toBe(hex.encode(sha256(preimage)));
  });

  test('is refused with a code, whatever the bytes are', () => {
    const codes = new Set<string>();
    const mutated = fc
      .tuple(
        fc.constantFrom(...real),
        fc.array(fc.tuple(fc.oneof(fc.nat(3), fc.nat()), fc.nat(255)), { minLength: 1, maxLength: 4 }),
      )
      .map(([vector, changes]) => {
        const copy = hex.decode(vector.raw);
        for (const [at, value] of changes) copy[at % copy.length] = value;
        return copy;
      });
    const cut = fc
      .tuple(fc.constantFrom(...real), fc.nat(300))
      .map(([vector, length]) => hex.decode(vector.raw).slice(0, length));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 600, size: 'max' }), mutated, cut), (input) => {
        codes.add(codeOf(() => openReport('beacon', input)));
        codes.add(codeOf(() => openReport('witness', input)));
        codes.add(codeOf(() => openSessionInit(input)));
      }),
      { seed: 4, numRuns: 3000 },
    );
    expect([...codes].sort()).toEqual([
      'malformed_key',
      'malformed_report',
      'opened',
      'oversized_report',
      'unsupported_key_type',
    ]);
  });

  test.each([
    ['another wire type of a known field', '10' + '01'],
    ['a length beyond the end', '1221'],
    ['field number 0', '0200'],
    ['a group that does not end', '8301'],
    ['an end of a group that did not begin', '8401'],
    ['a varint of eleven bytes', '30' + 'ff'.repeat(11)],
    ['a tag beyond 32 bits', 'ffffffff7f00'],
  ])('is malformed with %s', (_, text) => {
    expect(codeOf(() => openReport('beacon', hex.decode(text)))).toBe('malformed_report');
  });

  test('is oversized above 512 bytes and not at them', () => {
    const report = openReport('beacon', raw);
    const pad = (length: number): Uint8Array =>
      Uint8Array.of(...raw, 0x7a, 0x80 | (length & 0x7f), length >> 7, ...new Uint8Array(length));
    const fits = pad(512 - raw.length - 3);
    expect(fits).toHaveLength(512);
    expect(openReport('beacon', fits).key).toBe(report.key);
    expect(codeOf(() => openReport('beacon', pad(512 - raw.length - 2)))).toBe('oversized_report');
  });
});
