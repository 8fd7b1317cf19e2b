import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromHex, toHex } from '#protocol/wire/hex';

describe('hex digits', () => {
  test('stand for the bytes that they are made of, of any number', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(toHex(bytes)).toBe(Buffer.from(bytes).toString('hex'));
        expect(fromHex(toHex(bytes))).toEqual(bytes);
      }),
      { seed: 20_261_124 },
    );
    const long = Uint8Array.from({ length: 300_001 }, (_, at) => at * 7);
    expect(toHex(long)).toBe(Buffer.from(long).toString('hex'));
    expect(fromHex(toHex(long))).toEqual(long);
  });

  test('may be capitals', () => {
    expect(fromHex('00aAfFF0')).toEqual(Uint8Array.of(0, 0xaa, 0xff, 0xf0));
  });

  test.each(['0', 'abc', '0g', 'g0', '0x00', '0 ', ' 0', '00\n', '0/', '0:', '0@', '0G', '0`', '00é0', '😀'])(
    'are nothing else: %j',
    (text) => {
      expect(() => fromHex(text)).toThrow(RangeError);
    },
  );
});
