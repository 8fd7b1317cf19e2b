import fc from 'fast-check';
import { cellToChildren, cellToParent, getPentagons, getResolution, latLngToCell } from 'h3-js';
import { describe, expect, test } from 'vitest';
import { regionOf, type Region } from '#protocol/geo/regions';
import type { Cell } from '#protocol/units';

const regionOfCell = (cell: string): Region | null => regionOf(BigInt(`0x${cell}`) as Cell);
const regionAt = (latitude: number, longitude: number): Region | null =>
  regionOfCell(latLngToCell(latitude, longitude, 12));

describe('the region of a place', () => {
  test.each([
    ['London', 51.51, -0.13, 'EU868'],
    ['Helsinki', 60.17, 24.94, 'EU868'],
    ['Athens', 37.98, 23.73, 'EU868'],
    ['Istanbul', 41.01, 28.97, 'EU868'],
    ['Minsk', 53.9, 27.57, 'EU868'],
    ['Tunis', 36.81, 10.18, 'EU868'],
    ['Cayenne', 4.94, -52.33, 'EU868'],
    ['Saint-Denis, Réunion', -20.88, 55.45, 'EU868'],
    ['Longyearbyen', 78.22, 15.63, 'EU868'],
    ['Papeete', -17.54, -149.57, 'EU868'],
    ['San Francisco', 37.77, -122.42, 'US915'],
    ['Honolulu', 21.31, -157.86, 'US915'],
    ['Anchorage', 61.22, -149.9, 'US915'],
    ['Alert, Nunavut', 82.5, -62.3, 'US915'],
    ['Casablanca', 33.57, -7.59, 'EU433'],
    ['Shanghai', 31.23, 121.47, 'CN470'],
    ['São Paulo', -23.55, -46.63, 'AU915'],
    ['Darwin', -12.46, 130.84, 'AU915'],
    ['Easter Island', -27.15, -109.43, 'AU915'],
    ['Singapore', 1.29, 103.85, 'AS923_1'],
    ['Tokyo', 35.68, 139.69, 'AS923_1'],
    ['Auckland', -36.85, 174.76, 'AS923_1'],
    ['Seoul', 37.57, 126.98, 'KR920'],
    ['Delhi', 28.61, 77.21, 'IN865'],
    ['Jakarta', -6.21, 106.85, 'AS923_2'],
    ['Hanoi', 21.03, 105.85, 'AS923_2'],
    ['Manila', 14.6, 120.98, 'AS923_3'],
    ['Algiers', 36.75, 3.06, 'AS923_3'],
    ['Tel Aviv', 32.08, 34.78, 'AS923_4'],
    ['Kuala Lumpur', 3.14, 101.69, 'AS923_1B'],
    ['Vladivostok', 43.12, 131.89, 'RU864'],
  ] as const)('is the plan of its country: %s', (_, latitude, longitude, region) => {
    expect(regionAt(latitude, longitude)).toBe(region);
  });

  test.each([
    ['Basel and Lörrach', [47.56, 7.59, 'EU868'], [47.61, 7.66, 'EU868']],
    ['El Paso and Juárez', [31.76, -106.49, 'US915'], [31.69, -106.42, 'US915']],
    ['Hong Kong and Shenzhen', [22.5, 114.13, 'AS923_1'], [22.54, 114.05, 'CN470']],
    ['Macao and Zhuhai', [22.195, 113.545, 'AS923_1'], [22.27, 113.57, 'CN470']],
    ['Woodlands and Johor Bahru', [1.437, 103.786, 'AS923_1'], [1.466, 103.758, 'AS923_1B']],
    ['Singapore and Batam', [1.29, 103.85, 'AS923_1'], [1.13, 104.03, 'AS923_2']],
    ['Gdańsk and Kaliningrad', [54.35, 18.65, 'EU868'], [54.71, 20.51, 'RU864']],
    ['Blagoveshchensk and Heihe', [50.29, 127.53, 'RU864'], [50.245, 127.49, 'CN470']],
    ['Gibraltar and Tangier', [36.14, -5.35, 'EU868'], [35.77, -5.8, 'EU433']],
    ['Eilat and Aqaba', [29.56, 34.95, 'AS923_4'], [29.53, 35.0, 'IN865']],
    ['Ladybrand and Maseru', [-29.19, 27.46, 'EU868'], [-29.31, 27.48, 'EU433']],
    ['Amritsar and Lahore', [31.63, 74.87, 'IN865'], [31.55, 74.34, 'AS923_1']],
    ['Key West and Havana', [24.555, -81.78, 'US915'], [23.11, -82.37, 'AS923_3']],
    ['Nemuro and Yuzhno-Kurilsk', [43.33, 145.58, 'AS923_1'], [44.03, 145.86, 'RU864']],
    ['Seoul and Pyongyang', [37.57, 126.98, 'KR920'], [39.03, 125.75, null]],
    ['the Diomede Islands', [65.76, -168.93, 'US915'], [65.78, -169.06, 'RU864']],
  ] as const)('differs across a border as the plans do: %s', (_, one, other) => {
    expect([regionAt(one[0], one[1]), regionAt(other[0], other[1])]).toEqual([one[2], other[2]]);
  });

  test.each([
    ['Chukotka, west of it', 66.5, 179.5, 'RU864'],
    ['Chukotka, east of it', 66.5, -179.5, 'RU864'],
    ['Wrangel Island, on it', 71.2, 180, 'RU864'],
    ['the Aleutians, west of it', 52.9, 172.9, 'US915'],
    ['the Aleutians, east of it', 51.87, -176.65, 'US915'],
    ['the Chatham Islands', -43.95, -176.56, 'AS923_1'],
    ['Suva, west of it', -18.14, 178.44, null],
    ['Fiji, east of it', -16.85, -179.97, null],
    ['Tarawa', 1.45, 173, null],
    ['the sea between Alaska and Chukotka, on it', 58, 180, null],
  ] as const)('is right on both sides of the antimeridian: %s', (_, latitude, longitude, region) => {
    expect(regionAt(latitude, longitude)).toBe(region);
  });

  test.each([
    ['in the Atlantic', 30, -40],
    ['in the Pacific', -45, -130],
    ['on the Challenger Deep, where CD900_1A was tried', 11.37, 142.59],
    ['at the North Pole', 90, 0],
    ['at the South Pole', -90, 0],
    ['in Antarctica', -77.85, 166.67],
    ['in Fiji, which has no plan', -17.8, 178],
    ['in Kinshasa, which has no plan', -4.33, 15.31],
    ['in Ramallah, which has no plan', 31.9, 35.2],
    ['in Mongolia, which has no plan', 47.92, 106.92],
    ['in Crimea, which two plans claim', 45.05, 34.1],
    ['on the Siachen Glacier, which two plans claim', 35.4, 77.1],
    ['in the middle of the Caspian Sea', 41.5, 50.8],
    ['off Port-au-Prince, in the waters of a country without a plan', 18.62, -72.5],
  ])('is none %s', (_, latitude, longitude) => {
    expect(regionAt(latitude, longitude)).toBeNull();
  });

  test.each([
    ['on a pier in Brighton', 50.81, -0.14, 'EU868'],
    ['at Eddystone lighthouse, 14 km off Cornwall', 50.18, -4.265, 'EU868'],
    ['on Røst, which the map lacks', 67.51, 12.07, 'EU868'],
    ['on Nukunonu, which the map lacks', -9.17, -171.83, 'AS923_1'],
    ['on Matsu, which the map lacks, off the coast of China', 26.16, 119.95, 'AS923_1'],
    ['11 nautical miles off Sydney', -33.86, 151.51, 'AU915'],
    ['30 nautical miles off Sydney', -33.86, 151.89, null],
    ['60 nautical miles off Lisbon', 38.7, -10.6, null],
  ] as const)('reaches to sea as far as the territorial waters: %s', (_, latitude, longitude, region) => {
    expect(regionAt(latitude, longitude)).toBe(region);
  });
});

describe('the region of a cell', () => {
  const cells = fc
    .tuple(
      fc.double({ min: -90, max: 90, noNaN: true }),
      fc.double({ min: -180, max: 180, noNaN: true }),
      fc.integer({ min: 0, max: 8 }),
    )
    .map(([latitude, longitude, resolution]) => latLngToCell(latitude, longitude, resolution));
  const ofAll = (cell: string): Region | null => {
    const regions = new Set(cellToChildren(cell, getResolution(cell) + 1).map(regionOfCell));
    const [region = null, ...others] = regions;
    return others.length === 0 ? region : null;
  };

  test('is the one that all of its children have, else none', () => {
    fc.assert(
      fc.property(cells, (cell) => {
        expect(regionOfCell(cell)).toBe(ofAll(cell));
      }),
      { seed: 20, numRuns: 3000 },
    );
  });

  test('is so for every pentagon and the cells around the poles', () => {
    for (let resolution = 0; resolution <= 8; resolution += 1)
      for (const cell of [
        ...getPentagons(resolution),
        latLngToCell(90, 0, resolution),
        latLngToCell(-90, 0, resolution),
      ])
        expect([cell, regionOfCell(cell)]).toEqual([cell, ofAll(cell)]);
  });

  test('is none where the cell holds several', () => {
    const singapore = latLngToCell(1.437, 103.786, 12);
    expect(regionOfCell(cellToParent(singapore, 7))).toBe('AS923_1');
    for (const resolution of [0, 1, 2, 3, 4, 5])
      expect(regionOfCell(cellToParent(singapore, resolution))).toBeNull();
  });

  test('is found at the finest resolution as at that of a hotspot', () => {
    for (const cell of [latLngToCell(47.56, 7.59, 15), latLngToCell(47.56, 7.59, 8)])
      expect(regionOfCell(cell)).toBe('EU868');
  });
});
