import { DEFAULT_POLICY } from '#protocol/policy';
import { pocUnits } from '#protocol/reward/units';
import { decimalText } from '#protocol/reward/decimal';
import { describe, expect, it } from 'vitest';

const texts = (selected: number): readonly [string, string] => {
  const units = pocUnits(selected, DEFAULT_POLICY.units);
  return [decimalText(units.beacon, 4), decimalText(units.witness, 4)];
};

describe('reward units', () => {
  it('grow by a quarter up to four witnesses, and towards two above', () => {
    expect([0, 1, 2, 3, 4].map((n) => texts(n))).toEqual([
      ['0.0000', '0.0000'],
      ['0.2500', '1.0000'],
      ['0.5000', '1.0000'],
      ['0.7500', '1.0000'],
      ['1.0000', '1.0000'],
    ]);
    // By hand: 2 - 0.8, (3 + 0.8) / 5; 2 - 0.8^10 = 1.8926258176, (3 + 0.1073741824) / 14 = 0.22195...
    expect(texts(5)).toEqual(['1.2000', '0.7600']);
    expect(texts(14)).toEqual(['1.8926', '0.2220']);
  });

  it('are the same for any number of witnesses as with all factors of r', () => {
    // Long division with 2000 digits, for numbers where 0.8^k is cut off and one where 3/n is a tie.
    for (const n of [67, 68, 69, 200, 1000, 60_000]) {
      const factors = BigInt(Math.min(n - 4, 2000));
      const exact = (10n ** 2000n * (3n * 5n ** factors + 4n ** factors)) / (5n ** factors * BigInt(n));
      const [four, rest] = [exact / 10n ** 1996n, exact % 10n ** 1996n];
      const up = rest * 2n > 10n ** 1996n || (rest * 2n === 10n ** 1996n && four % 2n === 1n);
      expect([n, pocUnits(n, DEFAULT_POLICY.units).witness]).toEqual([n, up ? four + 1n : four]);
    }
  });

  it('refuse what is no number of witnesses', () => {
    for (const n of [-1, 1.5, Number.NaN])
      expect(() => pocUnits(n, DEFAULT_POLICY.units)).toThrow(RangeError);
  });
});
