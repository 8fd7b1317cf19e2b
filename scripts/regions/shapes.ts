import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { feature } from 'topojson-client';
import { CHANNEL_PLANS } from '#protocol/geo/channel-plans';
import { COUNTRIES } from './countries.ts';
import { ISLETS } from './islets.ts';

/** What holds at a place: the number of a region, or one of the two below. */
export type Claim = number;
/** Land and near waters of a country without a plan. */
export const NO_PLAN: Claim = 15;
export const HIGH_SEAS: Claim = 16;

/** Longitude and latitude in degrees; longitudes run on beyond 180 where a ring crosses the antimeridian. */
export type Point = readonly [longitude: number, latitude: number];

export interface Shape {
  readonly name: string;
  readonly claim: Claim;
  /** Outlines and holes, closed; an islet is a line to itself. */
  readonly rings: readonly (readonly Point[])[];
}

type Atlas = Parameters<typeof feature>[0];

/**
 * The countries of the map. Antarctica is left out: nobody's plan holds there, and its ring goes around the pole. Crimea is
 * a shape of its own, though the map draws it as an island of Russia: by resolution 68/262 of the United Nations' General
 * Assembly it is Ukraine's, and the two plans differ.
 */
export function openShapes(): readonly Shape[] {
  const path = createRequire(import.meta.url).resolve('world-atlas/countries-10m.json');
  const atlas: unknown = JSON.parse(readFileSync(path, 'utf8'));
  const countries = isAtlas(atlas) ? atlas.objects['countries'] : undefined;
  if (!isAtlas(atlas) || countries === undefined) throw new Error(`${path} holds no countries`);
  const collection = feature(atlas, countries);
  if (!('features' in collection)) throw new Error(`${path} holds no collection of countries`);

  const rows = new Map(COUNTRIES.map((row) => [row[1], row]));
  const shapes: Shape[] = [];
  for (const { id = '---', properties, geometry } of collection.features) {
    const name = String(properties?.['name']);
    const [code, , region] = rows.get(name) ?? [];
    if (region === undefined || code !== id) throw new Error(`countries.ts lacks ${name}, ${id}`);
    if (name === 'Antarctica') continue;
    if (geometry.type !== 'Polygon' && geometry.type !== 'MultiPolygon')
      throw new Error(`${name} has no area`);
    const polygons = geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates;
    const own = polygons.filter((polygon) => name !== 'Russia' || !polygon.every(isInCrimea));
    shapes.push(shape(name, region === null ? NO_PLAN : CHANNEL_PLANS[region].number, own));
    if (own.length < polygons.length)
      shapes.push(
        shape(
          'Crimea',
          NO_PLAN,
          polygons.filter((polygon) => !own.includes(polygon)),
        ),
      );
  }
  for (const { name, region, latitude, longitude } of ISLETS) {
    const point: Point = [longitude, latitude];
    shapes.push({ name, claim: CHANNEL_PLANS[region].number, rings: [[point, point]] });
  }
  return shapes;
}

type Polygon = readonly (readonly (readonly number[])[])[];

function shape(name: string, claim: Claim, polygons: readonly Polygon[]): Shape {
  return { name, claim, rings: polygons.flat().flatMap(besideTheAntimeridian) };
}

/** The ring without jumps, and once more on the other side of the map if it reaches over its edge. */
function besideTheAntimeridian(ring: readonly (readonly number[])[]): readonly (readonly Point[])[] {
  let turns = 0;
  let before: number | undefined;
  const points = ring.map(([longitude = 0, latitude = 0]): Point => {
    if (before !== undefined && Math.abs(longitude - before) > 180) turns += longitude > before ? -360 : 360;
    before = longitude;
    return [longitude + turns, latitude];
  });
  const over = points.some(([longitude]) => longitude > 180) ? -360 : 0;
  const under = points.some(([longitude]) => longitude < -180) ? 360 : 0;
  if (over === 0 && under === 0) return [points];
  return [points, points.map(([longitude, latitude]): Point => [longitude + over + under, latitude])];
}

function isInCrimea(ring: readonly (readonly number[])[]): boolean {
  return ring.every(([x = 0, y = 0]) => x > 32 && x < 37 && y > 44 && y < 46.5);
}

function isAtlas(value: unknown): value is Atlas {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === 'Topology';
}
