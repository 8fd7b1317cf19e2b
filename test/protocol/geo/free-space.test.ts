import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fitsFreeSpace, freeSpaceLoss, freeSpaceTenths } from '#protocol/geo/free-space';
import { FREE_SPACE_TABLE } from '#protocol/geo/free-space-table';
import { ONE, PI } from '../../support/fixed-point.ts';

const LAST = FREE_SPACE_TABLE.length - 1;
const U64_MAX = 0xffff_ffff_ffff_ffffn;
/** Half the Earth's girth in metres, rounded up. */
const FARTHEST = 20_015_110;

describe('the free-space table', () => {
  // T <= C * 10^(s/200) < T + 1 with C = 2.998e8 / (4 pi), raised to the 200th power and free of roots.
  const constant = (299_800_000n * ONE) ** 200n;
  const power = (entry: bigint): bigint => (entry * 4n * PI) ** 200n;

  test('has the exact entry for every tenth of a dB', () => {
    const wrong: number[] = [];
    let bound = constant;
    for (const [s, entry] of FREE_SPACE_TABLE.entries()) {
      if (power(BigInt(entry)) > bound || power(BigInt(entry) + 1n) <= bound) wrong.push(s);
      bound *= 10n;
    }
    expect(wrong).toEqual([]);
  });

  test('reaches as far as doubles hold integers', () => {
    expect(FREE_SPACE_TABLE.every((entry) => Number.isSafeInteger(entry))).toBe(true);
    const beyond = BigInt(Number.MAX_SAFE_INTEGER) + 1n;
    expect(power(beyond) <= constant * 10n ** BigInt(LAST + 1)).toBe(true);
  });
});

describe('the free-space bound', () => {
  test('passes at every table entry and fails one above it, however the product is made up', () => {
    const wrong: unknown[] = [];
    let pairs = 0;
    for (const [tenths, entry] of FREE_SPACE_TABLE.entries())
      for (const [product, passes] of [
        [entry, true],
        [entry + 1, false],
      ] as const)
        for (let metres = 1; metres <= 2000; metres += 1) {
          if (product % metres !== 0) continue;
          const frequency = BigInt(product / metres);
          pairs += 1;
          const least = freeSpaceTenths(metres, frequency);
          const expected = passes ? tenths : tenths === LAST ? null : tenths + 1;
          if (fitsFreeSpace({ tenths, metres, frequency }) !== passes || least !== expected)
            wrong.push({ tenths, metres, frequency, least });
        }
    expect(wrong.slice(0, 5)).toEqual([]);
    expect(pairs).toBeGreaterThan(10 * FREE_SPACE_TABLE.length);
  });

  test('compares as the exact product does, for every u64 of Hz', () => {
    const metres = fc.oneof(fc.integer({ min: 0, max: 101_000 }), fc.integer({ min: 0, max: FARTHEST }));
    const frequency = fc.oneof(
      fc.bigInt({ min: 863_000_000n, max: 928_000_000n }),
      fc.bigInt({ min: 0n, max: U64_MAX }),
      fc.integer({ min: 0, max: 64 }).map((bit) => (1n << BigInt(bit)) - 1n),
    );
    const entry = fc.nat(LAST);
    fc.assert(
      fc.property(metres, frequency, entry, (far, hertz, tenths) => {
        const product = BigInt(far) * hertz;
        expect(fitsFreeSpace({ tenths, metres: far, frequency: hertz })).toBe(
          product <= BigInt(FREE_SPACE_TABLE[tenths] ?? 0),
        );
        // The frequency at which this distance just fits.
        const least = freeSpaceTenths(far, hertz);
        const fits = FREE_SPACE_TABLE.findIndex((limit) => product <= BigInt(limit));
        expect(least).toBe(fits < 0 ? null : fits);
      }),
      { seed: 14, numRuns: 20_000 },
    );
  });

  test('saturates below and above the table', () => {
    expect(fitsFreeSpace({ tenths: -1, metres: 0, frequency: 868_000_000n })).toBe(true);
    expect(fitsFreeSpace({ tenths: -1, metres: 1, frequency: 1n })).toBe(false);
    const frequency = BigInt(FREE_SPACE_TABLE[LAST] ?? 0);
    expect(fitsFreeSpace({ tenths: 9999, metres: 1, frequency })).toBe(true);
    expect(fitsFreeSpace({ tenths: 9999, metres: 1, frequency: frequency + 1n })).toBe(false);
    expect(fitsFreeSpace({ tenths: 9999, metres: FARTHEST, frequency: U64_MAX })).toBe(false);
  });
});

describe('the loss for people', () => {
  test('is the formula of poc.md 4', () => {
    const distances = fc.integer({ min: 1, max: FARTHEST });
    const frequencies = fc.bigInt({ min: 1n, max: U64_MAX });
    fc.assert(
      fc.property(distances, frequencies, (metres, frequency) => {
        const formula = 20 * Math.log10((4 * Math.PI * metres * Number(frequency)) / 2.998e8);
        expect(Math.abs(freeSpaceLoss(metres, frequency) - formula)).toBeLessThan(1e-11);
      }),
      { seed: 15, numRuns: 5000 },
    );
  });

  test('stays within a tenth below what the rule counts with', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 101_000 }),
        fc.bigInt(863_000_000n, 928_000_000n),
        (metres, frequency) => {
          const tenths = freeSpaceTenths(metres, frequency) ?? Number.NaN;
          const difference = tenths - 10 * freeSpaceLoss(metres, frequency);
          expect(difference).toBeGreaterThan(-1e-9);
          expect(difference).toBeLessThan(1 + 1e-9);
        },
      ),
      { seed: 16, numRuns: 5000 },
    );
  });

  test('is minus infinity where there is no distance or frequency', () => {
    expect([freeSpaceLoss(0, 868_000_000n), freeSpaceLoss(1, 0n)]).toEqual([-Infinity, -Infinity]);
  });
});
