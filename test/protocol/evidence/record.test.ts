import { base58 } from '@scure/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolError } from '#protocol/errors';
import {
  decodeRecord,
  encodeRecord,
  entryKind,
  entryReceivedAt,
  MAX_ENTRY_BYTES,
  type EvidenceBody,
} from '#protocol/evidence/record';
import { epochNumber, millis, type Address } from '#protocol/units';
import { parseTaggedKey } from '#protocol/wire/key';

const bytes = fc.uint8Array({ maxLength: 80 });
const fixed = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const stamps = fc.maxSafeNat().map(millis);
const bodies: fc.Arbitrary<EvidenceBody> = fc.oneof(
  fc.record({ kind: fc.constant('session_init' as const), nonce: bytes, init: bytes }),
  fc.record({
    kind: fc.constantFrom('beacon' as const, 'witness' as const),
    report: bytes,
    session: fc.option(fc.integer({ min: 0, max: 2 ** 53 - 2 })),
  }),
  fc.record({
    kind: fc.constant('entropy' as const),
    data: bytes,
    timestamp: fc.maxSafeNat(),
    version: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    slot: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    blockhash: bytes,
  }),
  fc.record({
    kind: fc.constant('packet' as const),
    commitment: fixed(32),
    size: u32,
    credits: u32,
    hotspot: fixed(32).map((body) => parseTaggedKey(Uint8Array.of(1, ...body))),
    owner: fixed(32).map((owner) => base58.encode(owner) as Address),
    session: fc.integer({ min: 0, max: 2 ** 53 - 2 }),
    route: fc.integer({ min: 0, max: 2 ** 53 - 2 }),
  }),
  fc.record({ kind: fc.constant('route' as const), request: bytes, signature: bytes }),
  fc.record({
    kind: fc.constant('epoch_close' as const),
    epoch: fc.bigInt({ min: 0n, max: 2n ** 64n - 2n }).map(epochNumber),
  }),
);

function hexOf(entry: Uint8Array): string {
  return Buffer.from(entry).toString('hex');
}

describe('an evidence record', () => {
  it('shows its kind without being decoded, as it does when it is', () => {
    fc.assert(
      fc.property(stamps, bodies, (receivedAt, body) => {
        expect(entryKind(encodeRecord({ receivedAt, body }))).toBe(body.kind);
      }),
      { seed: 52 },
    );
    for (const tag of ['4a', '52', '8201', '9201'])
      expect(entryKind(Buffer.from(`08ac02${tag}00`, 'hex')), tag).toBe('unknown');
  });

  it('shows its kind also where a log wrote tags and stamp longer than they need to be', () => {
    const longer = (byte: number, more: number): number[] => [
      byte | (more > 0 ? 0x80 : 0),
      ...Array.from({ length: more }, (_, at) => (at < more - 1 ? 0x80 : 0)),
    ];
    const more = fc.integer({ min: 0, max: 4 });
    fc.assert(
      fc.property(stamps, bodies, more, more, (receivedAt, body, first, second) => {
        const entry = encodeRecord({ receivedAt, body });
        const bodyTag = 1 + entry.subarray(1).findIndex((byte) => byte < 0x80) + 1;
        const stretched = Uint8Array.of(
          ...longer(entry[0] ?? 0, first),
          ...entry.subarray(1, bodyTag),
          ...longer(entry[bodyTag] ?? 0, second),
          ...entry.subarray(bodyTag + 1),
        );
        expect(decodeRecord(stretched)).toEqual(decodeRecord(entry));
        expect(entryKind(stretched)).toBe(body.kind);
      }),
      { seed: 53 },
    );
  });

  it('has the bytes of protobuf, by hand', () => {
    const receivedAt = millis(300);
    const [report, nonce] = [Buffer.from('aabb', 'hex'), Buffer.from('01', 'hex')];
    const encoded = (body: EvidenceBody): string => hexOf(encodeRecord({ receivedAt, body }));
    // 08 ac02: field 1, varint 300. 1a: field 3, bytes. 0a 02 aabb: field 1 of the body. 10 06: session 5 plus one.
    expect(encoded({ kind: 'beacon', report, session: null })).toBe('08ac02' + '1a04' + '0a02aabb');
    expect(encoded({ kind: 'witness', report, session: 5 })).toBe('08ac02' + '2206' + '0a02aabb' + '1006');
    expect(encoded({ kind: 'session_init', nonce, init: report })).toBe(
      '08ac02' + '1207' + '0a0101' + '1202aabb',
    );
    expect(encoded({ kind: 'epoch_close', epoch: epochNumber(0n) })).toBe('08ac02' + '3a02' + '0801');
    const entropy = {
      kind: 'entropy',
      data: nonce,
      timestamp: 7,
      version: 0,
      slot: 9n,
      blockhash: report,
    } as const;
    const packet = {
      kind: 'packet',
      commitment: new Uint8Array(32).fill(0xcc),
      size: 25,
      credits: 2,
      hotspot: parseTaggedKey(Uint8Array.of(1, ...new Uint8Array(32).fill(0xaa))),
      owner: base58.encode(new Uint8Array(32).fill(0xbb)) as Address,
      session: 5,
      route: 0,
    } as const;
    // 32: field 6. The indexes are stored plus one.
    expect(encoded(packet)).toBe(
      '08ac02' +
        '326f' +
        `0a20${'cc'.repeat(32)}` +
        '1019' +
        '1802' +
        `222101${'aa'.repeat(32)}` +
        `2a20${'bb'.repeat(32)}` +
        '3006' +
        '3801',
    );
    expect(encoded({ kind: 'route', request: report, signature: nonce })).toBe(
      '08ac02' + '4207' + '0a02aabb' + '120101',
    );
    expect(encoded(entropy)).toBe('08ac02' + '2a0d' + '0a0101' + '1007' + '1800' + '2009' + '2a02aabb');
  });

  it('decodes to what was encoded', () => {
    fc.assert(
      fc.property(stamps, bodies, (receivedAt, body) => {
        const entry = encodeRecord({ receivedAt, body });
        expect(decodeRecord(entry)).toEqual({ receivedAt, body });
        expect(entryReceivedAt(entry)).toBe(receivedAt);
      }),
    );
  });

  it('decodes any bytes, whole or broken, to a record or to its own error', () => {
    const broken = fc.tuple(stamps, bodies, fc.nat(), fc.nat(255)).map(([receivedAt, body, at, byte]) => {
      const entry = encodeRecord({ receivedAt, body });
      return at % 2 === 0 ? entry.with(at % entry.length, byte) : entry.slice(0, at % entry.length);
    });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 60 }), broken), (entry) => {
        try {
          decodeRecord(entry);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
          expect(error).toHaveProperty('code', 'malformed_record');
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('keeps kinds of later versions apart, and still tells their stamp', () => {
    const entry = Buffer.from('08ac02' + '9a0602ffff', 'hex');
    expect(decodeRecord(entry)).toEqual({ receivedAt: 300, body: { kind: 'unknown', field: 99 } });
  });

  it.each([
    ['no stamp', '1a040a02aabb'],
    ['no body', '08ac02'],
    ['two bodies', '08ac02' + '1a040a02aabb' + '1a040a02aabb'],
    ['a field of the body twice', '08ac02' + '1a08' + '0a02aabb' + '0a02aabb'],
    ['an epoch_close of no epoch', '08ac02' + '3a020800'],
    [
      'a packet without its indexes',
      '08ac02' + '3269' + `0a20${'cc'.repeat(32)}` + `222101${'aa'.repeat(32)}` + `2a20${'bb'.repeat(32)}`,
    ],
    ['a packet of a short commitment', '08ac02' + '3205' + '0a03cccccc'],
    ['a stamp beyond 2^53', '08ffffffffffffffffff01' + '3a020801'],
    ['nothing', ''],
  ])('is refused with %s', (_, entry) => {
    expect(() => decodeRecord(Buffer.from(entry, 'hex'))).toThrow(ProtocolError);
  });

  it('is refused when it would not fit an entry bundle', () => {
    const report = new Uint8Array(MAX_ENTRY_BYTES);
    const body = { kind: 'beacon', report, session: null } as const;
    expect(() => encodeRecord({ receivedAt: millis(1), body })).toThrow(ProtocolError);
  });
});
