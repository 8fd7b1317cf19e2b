import { describe, expect, test } from 'vitest';
import { fitsFreeSpace, freeSpaceLoss, freeSpaceTenths } from '#protocol/geo/free-space';
import { FREE_SPACE_TABLE } from '#protocol/geo/free-space-table';
import { ONE, PI } from '../../support/fixed-point.ts';

describe('the free-space table', () => {
  // T <= C * 10^(s/200) < T + 1 with C = 2.998e8 / (4 pi), raised to the 200th power and free of roots.
  const withinPower = (entry: bigint, s: number): boolean =>
    (entry * 4n * PI) ** 200n <= (299_800_000n * ONE) ** 200n * 10n ** BigInt(s);

  test('has the exact entry for every 25th tenth of a dB, and for the last', () => {
    const last = FREE_SPACE_TABLE.length - 1;
    const sampled = [...FREE_SPACE_TABLE.keys()].filter((s) => s % 25 === 0 || s === last);
    for (const s of sampled) {
      const entry = BigInt(FREE_SPACE_TABLE[s] ?? 0);
      expect([s, withinPower(entry, s), withinPower(entry + 1n, s)]).toEqual([s, true, false]);
    }
  });

  test('rises without a gap, within exact integers', () => {
    FREE_SPACE_TABLE.forEach((entry, s) => {
      expect(Number.isSafeInteger(entry)).toBe(true);
      const before = FREE_SPACE_TABLE[s - 1];
      if (before !== undefined) expect(entry / before).toBeCloseTo(10 ** (1 / 200), 7);
    });
  });
});

describe('the free-space bound', () => {
  test.each([0, 1, 500, 850, 853, 1319, 1715])(
    'passes at the table entry of %i and fails one Hz above',
    (tenths) => {
      const frequency = BigInt(FREE_SPACE_TABLE[tenths] ?? 0);
      expect(fitsFreeSpace({ tenths, metres: 1, frequency })).toBe(true);
      expect(fitsFreeSpace({ tenths, metres: 1, frequency: frequency + 1n })).toBe(false);
      expect(freeSpaceTenths(1, frequency)).toBe(tenths);
      expect(freeSpaceTenths(1, frequency + 1n)).toBe(tenths === 1715 ? null : tenths + 1);
    },
  );

  test('saturates below and above the table', () => {
    expect(fitsFreeSpace({ tenths: -1, metres: 0, frequency: 868_000_000n })).toBe(true);
    expect(fitsFreeSpace({ tenths: -1, metres: 1, frequency: 1n })).toBe(false);
    const frequency = BigInt(FREE_SPACE_TABLE.at(-1) ?? 0);
    expect(fitsFreeSpace({ tenths: 9999, metres: 1, frequency })).toBe(true);
    expect(fitsFreeSpace({ tenths: 9999, metres: 1, frequency: frequency + 1n })).toBe(false);
  });

  test('agrees with the formula for people to a tenth of a dB', () => {
    for (const metres of [1, 100, 500, 12_345, 100_999])
      for (const frequency of [867_100_000n, 905_300_000n]) {
        const tenths = freeSpaceTenths(metres, frequency) ?? Number.NaN;
        expect(tenths - 10 * freeSpaceLoss(metres, frequency)).toBeGreaterThanOrEqual(0);
        expect(tenths - 10 * freeSpaceLoss(metres, frequency)).toBeLessThan(1);
      }
  });
});
