import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DEFAULT_POLICY } from '#protocol/policy';
import { policyFigure, showFigure, utcText, type Unit } from '#protocol/verify/explain/figures';

describe('a number for people', () => {
  test.each<[Unit, string | number | null, string]>([
    ['ms', 0, '0 ms'],
    ['ms', 999, '999 ms'],
    ['ms', 1500, '1.5 s'],
    ['ms', -4001, '-4.001 s'],
    ['ms', 172_800_000, '48 h'],
    ['ms', 172_800_001, '48 h 0.001 s'],
    ['ms', 96_240_000, '26 h 44 min'],
    ['s', 180, '180 s'],
    ['s', 21_600, '6 h'],
    ['m', 1_234_567, '1,234,567 m'],
    ['km', 100, '100 km'],
    ['hz', '868300000', '868.3 MHz'],
    ['hz', '18446744073709551615', '18,446,744,073,709.551615 MHz'],
    ['hz', -100_000, '-100 kHz'],
    ['ddbm', -643, '-64.3 dBm'],
    ['ddbm', -5, '-0.5 dBm'],
    ['ddb', 866, '86.6 dB'],
    ['dbm', -3, '-3 dBm'],
    ['bp', 1000, '10 %'],
    ['bp', 25, '0.25 %'],
    ['count', 999, '999'],
    ['count', '1000', '1,000'],
    ['time_s', 1_780_272_000, '2026-06-01 00:00:00 UTC'],
    ['text', 'first_witness', 'first witness'],
    ['hex', 'abcdef0123456789', 'abcdef01…'],
    ['count', null, 'none'],
    ['m', 'far', 'far'],
    ['ms', 1.5, '1.5'],
  ])('of %s: %s is %s', (unit, value, text) => {
    expect(showFigure(value, unit)).toBe(text);
  });

  test('is the date that the calendar has', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 253_402_300_799_999 }), (time) => {
        const iso = new Date(time)
          .toISOString()
          .slice(0, 23)
          .replace('T', ' ')
          .replace(/\.000$/, '');
        expect(utcText(time)).toBe(`${iso} UTC`);
      }),
      { seed: 5, numRuns: 500 },
    );
  });

  test('of a policy has the unit that its name ends with', () => {
    expect(policyFigure(DEFAULT_POLICY, 'trust.open_cap_bp')).toBe('10 %');
    expect(policyFigure(DEFAULT_POLICY, 'windows.entropy_s')).toBe('180 s');
    expect(policyFigure(DEFAULT_POLICY, 'max_witnesses')).toBe('256');
    for (const path of ['windows', 'windows.none', 'credit_price', ''])
      expect(() => policyFigure(DEFAULT_POLICY, path)).toThrow(RangeError);
  });
});
