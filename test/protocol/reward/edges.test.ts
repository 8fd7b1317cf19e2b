import { DEFAULT_POLICY } from '#protocol/policy';
import { packetCredits } from '#protocol/reward/credits';
import { decimalText, divideHalfEven, divideUp, parseDecimal } from '#protocol/reward/decimal';
import { emissionAt } from '#protocol/reward/emission';
import { epochNumber } from '#protocol/units';
import { pocUnits } from '#protocol/reward/units';
import { describe, expect, it } from 'vitest';

describe('the edges of what rewards accept', () => {
  it.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])(
    'a packet of %d bytes has no price, and the error names it',
    (bytes) => {
      expect(() => packetCredits(bytes, DEFAULT_POLICY)).toThrow(
        new RangeError(`expected a size in bytes, got ${bytes}`),
      );
    },
  );

  it.each([-1, 0.5, Number.NaN, 2 ** 53])('%d witnesses earn nothing: the error names them', (selected) => {
    expect(() => pocUnits(selected, DEFAULT_POLICY.units)).toThrow(
      new RangeError(`expected a number of witnesses, got ${selected}`),
    );
  });

  it('the largest emission of 64 bits is gone after 64 halvings, and not after 63', () => {
    const at = (epoch: bigint): bigint =>
      emissionAt({ base: (1n << 64n) - 1n, halvingPeriod: 1, epoch: epochNumber(epoch) });
    expect([at(0n), at(62n), at(63n), at(64n), at(65n)]).toEqual([(1n << 64n) - 1n, 3n, 1n, 0n, 0n]);
  });

  it('an exact quotient is never rounded, and a half only from an odd one', () => {
    expect([divideHalfEven(6n, 3n), divideHalfEven(9n, 3n), divideHalfEven(0n, 7n)]).toEqual([2n, 3n, 0n]);
    expect([divideHalfEven(10n, 4n), divideHalfEven(14n, 4n), divideHalfEven(11n, 4n)]).toEqual([2n, 4n, 3n]);
    expect([divideUp(1n, 4n), divideUp(4n, 4n), divideUp(5n, 4n)]).toEqual([1n, 1n, 2n]);
  });

  it('a scaled integer has its sign, its point and all of its digits', () => {
    expect([decimalText(0n, 1), decimalText(0n, 0), decimalText(-7n, 0), decimalText(12n, 0)]).toEqual([
      '0.0',
      '0',
      '-7',
      '12',
    ]);
    expect([decimalText(5n, 2), decimalText(-5n, 2), decimalText(1234n, 2), decimalText(99n, 2)]).toEqual([
      '0.05',
      '-0.05',
      '12.34',
      '0.99',
    ]);
  });

  it.each<[string, number, bigint | null]>([
    ['0', 0, 0n],
    ['0', 2, 0n],
    ['7', 0, 7n],
    ['120', 1, 1200n],
    ['0.5', 1, 5n],
    ['0.50', 2, 50n],
    ['10.25', 2, 1025n],
    ['0.050', 3, 50n],
    ['1.5', 0, null],
    ['0.123', 2, null],
    ['00', 2, null],
    ['01.5', 2, null],
    ['x1', 2, null],
    ['1x', 2, null],
    ['1.5x', 2, null],
    ['1.x', 2, null],
    ['1x5', 2, null],
    ['x.5', 2, null],
    [' 1', 2, null],
    ['1 ', 2, null],
    ['1.5.5', 4, null],
    ['-0.5', 2, null],
  ])('the text %j with %d decimals is %s', (text, decimals, value) => {
    expect(parseDecimal(text, decimals)).toBe(value);
  });
});
