import fc from 'fast-check';
import { cellToParent, getPentagons, isValidCell, latLngToCell } from 'h3-js';
import { describe, expect, test } from 'vitest';
import { cellParent, cellResolution, parseCell } from '#protocol/geo/cell';
import { ProtocolError } from '#protocol/errors';
import { globe } from '../../support/globe.ts';

const berlin = (resolution: number): bigint => BigInt(`0x${latLngToCell(52.5, 13.4, resolution)}`);
const pentagon = (resolution: number): bigint => BigInt(`0x${getPentagons(resolution)[0] ?? ''}`);
const anyCell = fc
  .tuple(globe, fc.integer({ min: 0, max: 15 }))
  .map(([point, resolution]) => latLngToCell(...point, resolution));
const pentagonChild = fc
  .tuple(fc.integer({ min: 1, max: 15 }), fc.nat(11), fc.nat(7), fc.integer({ min: 1, max: 15 }))
  .map(([resolution, at, digit, level]) => {
    const centre = BigInt(`0x${getPentagons(resolution)[at] ?? ''}`);
    return centre | (BigInt(digit) << BigInt(45 - 3 * level));
  });

describe('a cell', () => {
  test.each<[string, bigint, string]>([
    ['zero', 0n, 'mode or reserved bits of no cell'],
    ['beyond u64', berlin(12) + (1n << 64n), 'not a u64'],
    ['negative', -1n, 'not a u64'],
    ['of resolution 11', berlin(11), 'of resolution 11'],
    ['with the highest bit', berlin(12) | (1n << 63n), 'mode or reserved bits of no cell'],
    ['with a reserved bit', berlin(12) | (1n << 56n), 'mode or reserved bits of no cell'],
    ['an edge', 0x115283473fffffffn, 'mode or reserved bits of no cell'],
    ['with a digit 7', berlin(12) | (7n << 9n), 'digit 7 at resolution 12'],
    ['with a digit too many', berlin(12) & ~(7n << 6n), 'digit 0 at resolution 13'],
    ['of base cell 122', (berlin(12) & ~(127n << 45n)) | (122n << 45n), 'no base cell 122'],
    ['where a pentagon has none', pentagon(12) | (1n << 9n), 'in the direction that a pentagon lacks'],
  ])('is refused with the problem: %s', (_, cell, problem) => {
    expect(() => parseCell(cell)).toThrow(
      expect.objectContaining({ code: 'malformed_cell', context: { cell, resolution: 12, problem } }),
    );
  });

  test('is one of the twelve pentagons as well', () => {
    for (const digits of getPentagons(12))
      expect(parseCell(BigInt(`0x${digits}`))).toBe(BigInt(`0x${digits}`));
  });

  test('is taken exactly where H3 takes it, with any bits changed', () => {
    let taken = 0;
    const isTaken = (value: bigint): boolean => {
      try {
        return parseCell(value, cellResolution(value)) === value;
      } catch (error) {
        if (error instanceof ProtocolError && error.code === 'malformed_cell') return false;
        throw error;
      }
    };
    fc.assert(
      fc.property(
        fc.oneof(
          anyCell.map((digits) => BigInt(`0x${digits}`)),
          pentagonChild,
        ),
        fc.array(fc.nat(63), { maxLength: 2 }),
        (cell, flips) => {
          const value = flips.reduce((bits, flip) => bits ^ (1n << BigInt(flip)), cell);
          expect([value, isTaken(value)]).toEqual([value, isValidCell(value.toString(16))]);
          if (isTaken(value)) taken += 1;
        },
      ),
      { seed: 12, numRuns: 20_000 },
    );
    expect(taken).toBeGreaterThan(5000);
    expect(taken).toBeLessThan(15_000);
  });

  test('has the parents that H3 gives', () => {
    fc.assert(
      fc.property(anyCell, fc.integer({ min: 0, max: 15 }), (digits, wanted) => {
        const cell = BigInt(`0x${digits}`);
        const resolution = Math.min(wanted, cellResolution(cell));
        const parent = cellParent(cell, resolution);
        expect(parent.toString(16)).toBe(cellToParent(digits, resolution));
        expect(cellResolution(parent)).toBe(resolution);
      }),
      { seed: 10, numRuns: 5000 },
    );
  });

  test('has no parent finer than itself', () => {
    expect(() => cellParent(berlin(7), 8)).toThrow(expect.objectContaining({ code: 'malformed_cell' }));
  });
});
