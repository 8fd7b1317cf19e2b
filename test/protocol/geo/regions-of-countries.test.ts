import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cellToCenterChild, cellToChildren, cellToLatLng, getRes0Cells, latLngToCell } from 'h3-js';
import { feature } from 'topojson-client';
import { describe, expect, test } from 'vitest';
import { regionOf, type Region } from '#protocol/geo/regions';
import type { Cell } from '#protocol/units';
import { COUNTRIES } from '../../../scripts/regions/countries.ts';

// Reads the map again in a way of its own: nothing of the script that makes the table but the plans of countries.
interface Area {
  readonly country: string;
  readonly region: Region | null;
  readonly rings: readonly (readonly (readonly [number, number])[])[];
  readonly west: number;
  readonly east: number;
  readonly south: number;
  readonly north: number;
}

const areas = readAreas();
const regionAt = (latitude: number, longitude: number): Region | null =>
  regionOf(BigInt(`0x${latLngToCell(latitude, longitude, 12)}`) as Cell);

describe('every cell of resolution 4', () => {
  test('has at its centre the plan of the country that it lies in, or none where that has none', () => {
    const byDegree = Array.from({ length: 180 }, (_, at) =>
      areas.filter(({ south, north }) => south <= at - 89 && north >= at - 90),
    );
    const wrong: string[] = [];
    const found = new Map<string, number>();
    for (const cell of getRes0Cells().flatMap((base) => cellToChildren(base, 4))) {
      const [latitude, longitude] = cellToLatLng(cell);
      const area = byDegree[Math.floor(latitude + 90)]?.find((each) => isIn(each, latitude, longitude));
      if (area === undefined) continue;
      found.set(area.country, (found.get(area.country) ?? 0) + 1);
      const inCrimea = area.country === 'Russia' && latitude < 46.5 && longitude > 32 && longitude < 37;
      const region = regionOf(BigInt(`0x${cellToCenterChild(cell, 12)}`) as Cell);
      if (region !== (inCrimea ? null : area.region))
        wrong.push(`${area.country} ${latitude}, ${longitude}: ${region ?? 'none'}`);
    }
    expect(wrong).toEqual([]);
    const cells = [...found.values()].reduce((sum, count) => sum + count, 0);
    expect(cells).toBeGreaterThan(74_000);
    expect(found.size).toBeGreaterThan(170);
  }, 240_000);
});

describe('the coast', () => {
  // Islands and island countries with no other plan near.
  test.each(['Iceland', 'Madagascar', 'Jamaica', 'New Zealand', 'Fr. Polynesia'])(
    'of %s has its plan up to 12 nautical miles to sea',
    (country) => {
      const lost: string[] = [];
      for (const { region, rings } of areas.filter((area) => area.country === country))
        for (const [longitude, latitude] of rings.flat().filter((_, at) => at % 20 === 0))
          for (let turn = 0; turn < 8; turn += 1)
            for (const kilometres of [0, 3, 10, 22]) {
              const north = (kilometres / 111.2) * Math.sin((turn * Math.PI) / 4);
              const east = (kilometres / 111.2) * Math.cos((turn * Math.PI) / 4);
              const place = [
                latitude + north,
                longitude + east / Math.cos((latitude * Math.PI) / 180),
              ] as const;
              if (regionAt(...place) !== region) lost.push(place.join(', '));
            }
      expect(lost).toEqual([]);
    },
  );
});

/** Without Antarctica, whose ring goes around the pole. */
function readAreas(): readonly Area[] {
  const path = createRequire(import.meta.url).resolve('world-atlas/countries-10m.json');
  const atlas = JSON.parse(readFileSync(path, 'utf8')) as Parameters<typeof feature>[0];
  const collection = feature(
    atlas,
    atlas.objects['countries'] ?? { type: 'GeometryCollection', geometries: [] },
  );
  if (!('features' in collection)) throw new Error('the map is no collection');
  return collection.features.flatMap(({ properties, geometry }) => {
    const country = String(properties?.['name']);
    const row = COUNTRIES.find(([, name]) => name === country);
    if (row === undefined) throw new Error(`${country} is in no row`);
    if (country === 'Antarctica') return [];
    const polygons =
      geometry.type === 'MultiPolygon'
        ? geometry.coordinates
        : geometry.type === 'Polygon'
          ? [geometry.coordinates]
          : [];
    return polygons.map((polygon) => areaOf(country, row[2], polygon));
  });
}

/** Longitudes east of the antimeridian follow those west of it where the area lies on both sides. */
function areaOf(country: string, region: Region | null, polygon: readonly (readonly number[][])[]): Area {
  const across = polygon.flat().some(([x = 0]) => x > 170) && polygon.flat().some(([x = 0]) => x < -160);
  const rings = polygon.map((ring) =>
    ring.map(([x = 0, y = 0]): readonly [number, number] => [across && x < 0 ? x + 360 : x, y]),
  );
  const box = { west: 999, east: -999, south: 99, north: -99 };
  for (const [x, y] of rings.flat()) {
    box.west = Math.min(box.west, x);
    box.east = Math.max(box.east, x);
    box.south = Math.min(box.south, y);
    box.north = Math.max(box.north, y);
  }
  return { country, region, rings, ...box };
}

function isIn(area: Area, latitude: number, longitude: number): boolean {
  if (latitude < area.south || latitude > area.north) return false;
  const x = longitude < area.west ? longitude + 360 : longitude;
  if (x < area.west || x > area.east) return false;
  let inside = false;
  for (const ring of area.rings)
    for (let at = 1; at < ring.length; at += 1) {
      const [[x1, y1], [x2, y2]] = [ring[at - 1] ?? [0, 0], ring[at] ?? [0, 0]];
      if (y1 < latitude === y2 < latitude) continue;
      // Northwards, the area lies on the left.
      const side = (x2 - x1) * (latitude - y1) - (x - x1) * (y2 - y1);
      if (side > 0 === y2 > y1) inside = !inside;
    }
  return inside;
}
