import { ed25519 } from '@noble/curves/ed25519.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { base58, utf8 } from '@scure/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolError } from '#protocol/errors';
import {
  covers,
  encodeRouteRequest,
  isRouteSigned,
  openRouteRequest,
  privatePartHash,
  routeMessage,
  type DevAddrRange,
  type RouteRequest,
} from '#protocol/route/route-request';
import type { Address, Hash } from '#protocol/units';
import { verifySignature } from '#services/runtime/signature';

const addresses = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => base58.encode(bytes) as Address);
const hashes = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => Buffer.from(bytes).toString('hex') as Hash);
const ranges: fc.Arbitrary<readonly DevAddrRange[]> = fc
  .uniqueArray(fc.nat(0xffff_ffff), { maxLength: 40 })
  .map((ends) => {
    const sorted = ends.sort((a, b) => a - b).slice(0, ends.length & ~1);
    return sorted.flatMap((first, at) => (at % 2 === 0 ? [[first, sorted[at + 1] ?? first] as const] : []));
  });
const requests: fc.Arbitrary<RouteRequest> = fc.record({
  network: addresses,
  owner: addresses,
  route: fc.stringMatching(/^[a-z0-9-]{1,32}$/),
  sequence: fc.maxSafeNat(),
  until: fc.maxSafeNat(),
  devAddrs: ranges,
  maxCopies: fc.integer({ min: 1, max: 16 }),
  maxPacketCredits: fc.nat(0xffff_ffff),
  private: hashes,
});
const [sample] = fc.sample(requests, { numRuns: 1, seed: 7 });

function refusal(change: Readonly<Record<string, unknown>>): unknown {
  if (sample === undefined) throw new Error('no sample');
  const fields = JSON.parse(utf8.encode(encodeRouteRequest(sample))) as Record<string, unknown>;
  const changed = Object.entries({ ...fields, ...change }).filter(([, value]) => value !== undefined);
  // Keys of one level in ASCII: sorted, this is canonical JSON.
  const sorted = Object.fromEntries(changed.sort(([a], [b]) => (a < b ? -1 : 1)));
  try {
    openRouteRequest(utf8.decode(JSON.stringify(sorted)));
    return 'opened';
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return `${error.code} ${String(error.context['field'])}`;
  }
}

describe('a route request', () => {
  it('opens to what was encoded', () => {
    fc.assert(
      fc.property(requests, (request) => {
        expect(openRouteRequest(encodeRouteRequest(request))).toEqual(request);
      }),
    );
  });

  it('of any bytes opens, or is refused with its own code', () => {
    const broken = fc.tuple(requests, fc.nat(), fc.nat(255)).map(([request, at, byte]) => {
      const bytes = encodeRouteRequest(request);
      return at % 2 === 0 ? bytes.with(at % bytes.length, byte) : bytes.slice(0, at % bytes.length);
    });
    const values = fc.json().map((text) => utf8.decode(text));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), values, broken), (bytes) => {
        try {
          openRouteRequest(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
          expect(error).toHaveProperty('code', 'malformed_route');
        }
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    ['another version', { version: 2 }, 'version'],
    ['a field too many', { extra: 1 }, 'request.extra'],
    ['a field too few', { until: undefined }, 'request.until'],
    ['a name in capitals', { route: 'Meters' }, 'route'],
    ['17 copies', { max_copies: 17 }, 'max_copies'],
    ['no copy', { max_copies: 0 }, 'max_copies'],
    ['a DevAddr in capitals', { dev_addrs: [['ABCDEF00', 'abcdef01']] }, 'dev_addrs.0'],
    ['a range backwards', { dev_addrs: [['00000002', '00000001']] }, 'dev_addrs.0'],
    [
      'ranges that touch',
      {
        dev_addrs: [
          ['00000001', '00000002'],
          ['00000002', '00000003'],
        ],
      },
      'dev_addrs.1',
    ],
    ['a range of three', { dev_addrs: [['00000001', '00000002', '00000003']] }, 'dev_addrs.0'],
    ['an owner of 31 bytes', { owner: base58.encode(new Uint8Array(31).fill(255)) }, 'owner'],
    [
      'too many ranges',
      { dev_addrs: Array.from({ length: 1025 }, (_, at) => [hex8(at), hex8(at)]) },
      'dev_addrs',
    ],
  ])('is refused with %s', (_, change, field) => {
    expect(refusal(change)).toBe(`malformed_route ${field}`);
  });

  it('is refused unless its JSON is canonical', () => {
    if (sample === undefined) throw new Error('no sample');
    const text = utf8.encode(encodeRouteRequest(sample));
    expect(() => openRouteRequest(utf8.decode(`${text}\n`))).toThrow(ProtocolError);
    expect(() => openRouteRequest(utf8.decode(text.replace(':', ': ')))).toThrow(ProtocolError);
  });

  it('covers a DevAddr where a search through all its ranges finds one', () => {
    fc.assert(
      fc.property(ranges, fc.nat(0xffff_ffff), (devAddrs, anywhere) => {
        for (const devAddr of [anywhere, ...devAddrs.flat(), ...devAddrs.flat().map((end) => end + 1)])
          expect(covers({ devAddrs }, devAddr)).toBe(
            devAddrs.some(([first, last]) => first <= devAddr && devAddr <= last),
          );
      }),
    );
  });

  it('is signed by its owner under its own domain, over exactly these bytes', () => {
    const secret = sha256(utf8.decode('owner'));
    const owner = base58.encode(ed25519.getPublicKey(secret)) as Address;
    if (sample === undefined) throw new Error('no sample');
    const bytes = encodeRouteRequest({ ...sample, owner });
    const signature = ed25519.sign(routeMessage(bytes), secret);
    expect(isRouteSigned({ owner, bytes, signature }, verifySignature)).toBe(true);
    expect(isRouteSigned({ owner, bytes: bytes.with(20, 0), signature }, verifySignature)).toBe(false);
    const bare = ed25519.sign(bytes, secret);
    expect(isRouteSigned({ owner, bytes, signature: bare }, verifySignature)).toBe(false);
    expect(isRouteSigned({ owner: sample.owner, bytes, signature }, verifySignature)).toBe(false);
  });

  it('names its private part by the hash of its canonical JSON, whatever the order of its fields', () => {
    const part = { salt: '00'.repeat(32), euis: [['0102030405060708', '*']], forward: { kind: 'http' } };
    const { salt, euis, forward } = part;
    expect(privatePartHash({ forward, euis, salt })).toBe(privatePartHash(part));
    expect(privatePartHash({ ...part, salt: '01'.repeat(32) })).not.toBe(privatePartHash(part));
  });
});

function hex8(value: number): string {
  return value.toString(16).padStart(8, '0');
}
