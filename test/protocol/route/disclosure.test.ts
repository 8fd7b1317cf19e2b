import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolError } from '#protocol/errors';
import {
  commitmentOf,
  disclosuresByCommitment,
  encodeDisclosure,
  readDisclosurePart,
  readDisclosures,
} from '#protocol/route/disclosure';

const disclosures = fc.array(
  fc.record({
    salt: fc.uint8Array({ minLength: 32, maxLength: 32 }),
    packet: fc.uint8Array({ maxLength: 120 }),
  }),
  { maxLength: 8 },
);
const fileOf = (list: readonly { readonly salt: Uint8Array; readonly packet: Uint8Array }[]) =>
  Uint8Array.from(Buffer.concat(list.map(encodeDisclosure)));

describe('a file of disclosures', () => {
  it('reads back to what was written, in order', () => {
    fc.assert(
      fc.property(disclosures, (list) => {
        expect(readDisclosures(fileOf(list))).toEqual(list);
        expect([...disclosuresByCommitment(list).keys()]).toEqual([...new Set(list.map(commitmentOf))]);
      }),
    );
  });

  it('that is cut anywhere is refused with the offset of what is cut, and read in parts up to there', () => {
    fc.assert(
      fc.property(disclosures, fc.nat(), (list, at) => {
        const whole = fileOf(list);
        const cut = whole.subarray(0, whole.length === 0 ? 0 : at % whole.length);
        const { disclosures: read, rest } = readDisclosurePart(cut);
        expect(read).toEqual(list.slice(0, read.length));
        const offset = fileOf(read).length;
        expect(rest).toBe(cut.length - offset);
        if (rest > 0) expect(() => readDisclosures(cut)).toThrow(`offset=${offset}`);
      }),
    );
  });

  it('of any bytes reads, or is refused with its own code', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        try {
          readDisclosures(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
          expect(error).toHaveProperty('code', 'malformed_disclosure');
        }
      }),
    );
  });

  it('commits to salt and packet: SHA-256 of one after the other', () => {
    const disclosure = { salt: new Uint8Array(32), packet: new Uint8Array(32) };
    // SHA-256 of 64 zero bytes.
    expect(commitmentOf(disclosure)).toBe('f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b');
  });
});
