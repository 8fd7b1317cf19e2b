import { decimalText, divideHalfEven, divideUp, parseDecimal } from '#protocol/reward/decimal';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

describe('scaled integers', () => {
  it('round halves to the even neighbour', () => {
    const halves = [1n, 3n, 5n, 7n].map((numerator) => divideHalfEven(numerator, 2n));
    expect(halves).toEqual([0n, 2n, 2n, 4n]);
    expect(divideHalfEven(5n, 3n)).toBe(2n);
    expect(divideHalfEven(4n, 3n)).toBe(1n);
  });

  it('round up only where something is left', () => {
    expect([divideUp(6n, 3n), divideUp(7n, 3n), divideUp(0n, 3n)]).toEqual([2n, 3n, 0n]);
  });

  it('are never further from the quotient than half a unit', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 10n ** 30n }),
        fc.bigInt({ min: 1n, max: 10n ** 20n }),
        (n, d) => {
          const error = 2n * (divideHalfEven(n, d) * d - n);
          return error <= d && error >= -d;
        },
      ),
    );
  });

  it('have one text, which reads back', () => {
    expect(decimalText(417n, 4)).toBe('0.0417');
    expect(decimalText(-15n, 1)).toBe('-1.5');
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 10n ** 30n }),
        fc.integer({ min: 0, max: 20 }),
        (value, decimals) => {
          expect(parseDecimal(decimalText(value, decimals), decimals)).toBe(value);
        },
      ),
    );
  });

  it('refuse texts that are no decimal of so many places', () => {
    for (const text of ['', '-1', '1.', '.5', '1e3', '0x1', '01', '1.23456'])
      expect(parseDecimal(text, 4)).toBeNull();
    expect(parseDecimal('1.5', 4)).toBe(15_000n);
  });
});
