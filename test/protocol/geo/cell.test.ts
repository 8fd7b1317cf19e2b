import fc from 'fast-check';
import { cellToParent, gridDisk, gridDistance, latLngToCell } from 'h3-js';
import { describe, expect, test } from 'vitest';
import {
  cellCentre,
  cellParent,
  cellResolution,
  cellsApart,
  distanceMetres,
  parseCell,
} from '#protocol/geo/cell';
import { CHANNEL_PLANS } from '#protocol/geo/channel-plans';
import { REGION_TABLE_HASH, regionOf, regionPlan } from '#protocol/geo/regions';
import type { Cell } from '#protocol/units';

const cellAt = (latitude: number, longitude: number, resolution = 12): Cell =>
  parseCell(BigInt(`0x${latLngToCell(latitude, longitude, resolution)}`), resolution);
const places = fc.tuple(
  fc.double({ min: -89, max: 89, noNaN: true }),
  fc.double({ min: -180, max: 180, noNaN: true }),
);

describe('a cell', () => {
  test.each([
    ['zero', 0n],
    ['beyond u64', 1n << 64n],
    ['negative', -1n],
    ['of resolution 11', BigInt(`0x${latLngToCell(52.5, 13.4, 11)}`)],
    ['with a reserved bit', BigInt(`0x${latLngToCell(52.5, 13.4, 12)}`) | (1n << 63n)],
    ['with a digit 7', BigInt(`0x${latLngToCell(52.5, 13.4, 12)}`) | (7n << 9n)],
    ['an edge', BigInt('0x115283473fffffff')],
  ])('is refused: %s', (_, value) => {
    expect(() => parseCell(value)).toThrow(expect.objectContaining({ code: 'malformed_cell' }));
  });

  test('has the parents that H3 gives', () => {
    fc.assert(
      fc.property(places, fc.integer({ min: 0, max: 12 }), ([latitude, longitude], resolution) => {
        const cell = cellAt(latitude, longitude);
        const parent = cellParent(cell, resolution);
        expect(parent.toString(16)).toBe(cellToParent(cell.toString(16), resolution));
        expect(cellResolution(parent)).toBe(resolution);
      }),
      { seed: 10 },
    );
  });

  test('has a centre in whole nanodegrees, within 15 m of every place in it', () => {
    fc.assert(
      fc.property(places, ([latitude, longitude]) => {
        const centre = cellCentre(cellAt(latitude, longitude));
        expect(Number.isSafeInteger(centre.latitude) && Number.isSafeInteger(centre.longitude)).toBe(true);
        const place = { latitude: Math.round(latitude * 1e9), longitude: Math.round(longitude * 1e9) };
        expect(distanceMetres(centre, place)).toBeLessThan(15);
      }),
      { seed: 11 },
    );
  });

  test('is as many cells from another as H3 counts at resolution 11', () => {
    const from = latLngToCell(52.5, 13.4, 11);
    for (const to of gridDisk(from, 9)) {
      const steps = gridDistance(from, to);
      const [a, b] = [from, to].map((cell) =>
        parseCell((BigInt(`0x${cell}`) & ~(0xfn << 52n) & ~(7n << 9n)) | (12n << 52n)),
      );
      if (a !== undefined && b !== undefined) expect(cellsApart(a, b)).toBe(steps);
    }
  });

  test('is no known number of cells from one across the world', () => {
    expect(cellsApart(cellAt(52.5, 13.4), cellAt(-33.9, 151.2))).toBeNull();
  });
});

describe('a region', () => {
  test.each([
    ['Berlin', 52.52, 13.4, 'EU868'],
    ['Paris', 48.86, 2.35, 'EU868'],
    ['London', 51.51, -0.13, 'EU868'],
    ['Madrid', 40.42, -3.7, 'EU868'],
    ['Rome', 41.9, 12.5, 'EU868'],
    ['Warsaw', 52.23, 21.01, 'EU868'],
    ['San Francisco', 37.77, -122.42, 'US915'],
    ['New York', 40.71, -74.01, 'US915'],
    ['Miami', 25.77, -80.19, 'US915'],
    ['Chicago', 41.88, -87.63, 'US915'],
    ['Tokyo', 35.68, 139.69, null],
    ['Kaliningrad', 54.71, 20.51, null],
    ['Tunis', 36.81, 10.18, null],
    ['Tangier', 35.77, -5.8, null],
    ['Minsk', 53.9, 27.57, null],
  ] as const)('of %s', (_, latitude, longitude, region) => {
    expect(regionOf(cellAt(latitude, longitude))).toBe(region);
  });

  test('has the channel plan of poc.md 6', () => {
    expect(regionPlan('EU868').frequencies.map((hertz) => hertz / 1e5)).toEqual([
      8671, 8673, 8675, 8677, 8679, 8681, 8683, 8685,
    ]);
    expect(regionPlan('US915').frequencies.map((hertz) => hertz / 1e5)).toEqual([
      9039, 9041, 9043, 9045, 9047, 9049, 9051, 9053,
    ]);
    for (const [name, plan] of Object.entries(CHANNEL_PLANS)) expect(plan.region).toBe(name);
  });

  test('is pinned by the hash of its table', () => {
    expect(REGION_TABLE_HASH).toMatch(/^[0-9a-f]{64}$/);
  });
});
