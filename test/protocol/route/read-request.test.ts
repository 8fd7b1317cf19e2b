import { ed25519 } from '@noble/curves/ed25519.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { base58, utf8 } from '@scure/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolError } from '#protocol/errors';
import { openReadHeader, readHeader, readMessage, READ_REQUEST_S } from '#protocol/route/read-request';
import type { Address } from '#protocol/units';
import { verifySignature } from '#services/runtime/signature';

const secret = sha256(utf8.decode('oracle'));
const reader = base58.encode(ed25519.getPublicKey(secret)) as Address;
const network = base58.encode(sha256(utf8.decode('network'))) as Address;
const path = '/disclosures/7?after=12';
const seconds = 1_780_272_000;
const header = readHeader({
  reader,
  seconds,
  signature: ed25519.sign(readMessage({ network, path, seconds }), secret),
});
const request = { network, path, now: seconds, verify: verifySignature };

function opened(text: string | undefined, of: Partial<typeof request> = {}): string {
  try {
    return openReadHeader(text, { ...request, ...of });
  } catch (error) {
    if (error instanceof ProtocolError) return error.code;
    throw error;
  }
}

describe('the header of who reads disclosures', () => {
  it('names its signer up to a minute before and after its time', () => {
    for (const apart of [-READ_REQUEST_S, 0, READ_REQUEST_S])
      expect(opened(header, { now: seconds + apart })).toBe(reader);
    for (const apart of [-READ_REQUEST_S - 1, READ_REQUEST_S + 1])
      expect(opened(header, { now: seconds + apart })).toBe('unauthorized_read');
  });

  it('holds for its own path and network alone', () => {
    expect(opened(header, { path: '/disclosures/8?after=12' })).toBe('unauthorized_read');
    expect(opened(header, { path: '/disclosures/7' })).toBe('unauthorized_read');
    expect(opened(header, { network: reader })).toBe('unauthorized_read');
  });

  it('is refused for any other signer, time or text, and never otherwise than by its code', () => {
    expect(opened(undefined)).toBe('unauthorized_read');
    expect(opened(header.replace(reader, network))).toBe('unauthorized_read');
    expect(opened(header.replace(String(seconds), String(seconds + 1)))).toBe('unauthorized_read');
    fc.assert(
      fc.property(fc.nat(header.length - 1), fc.string({ minLength: 1, maxLength: 1 }), (at, letter) => {
        const changed = header.slice(0, at) + letter + header.slice(at + 1);
        expect(opened(changed)).toBe(changed === header ? reader : 'unauthorized_read');
      }),
      { numRuns: 300 },
    );
  });
});
