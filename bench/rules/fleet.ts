import { latLngToCell } from 'h3-js';
import type { Cell } from '#protocol/units';

/** Degrees north and east. */
type Place = readonly [number, number];

/** Centres of large cities: 24 in Europe, 12 in the United States. */
// prettier-ignore
const CITIES: readonly Place[] = [
  [52.52, 13.4], [48.86, 2.35], [40.42, -3.7], [41.39, 2.17], [45.46, 9.19], [41.9, 12.5],
  [48.21, 16.37], [47.5, 19.04], [50.08, 14.44], [52.23, 21.01], [50.06, 19.94], [59.33, 18.07],
  [55.68, 12.57], [60.17, 24.94], [52.37, 4.9], [50.85, 4.35], [53.55, 9.99], [48.14, 11.58],
  [50.11, 8.68], [50.94, 6.96], [38.72, -9.14], [37.98, 23.73], [44.43, 26.1], [45.81, 15.98],
  [40.71, -74.01], [34.05, -118.24], [41.88, -87.63], [29.76, -95.37], [33.45, -112.07], [39.95, -75.17],
  [29.42, -98.49], [32.78, -96.8], [37.77, -122.42], [47.61, -122.33], [39.74, -104.99], [25.76, -80.19],
];

/** Kilometres from a city's centre to its outermost hotspots; half of all are within half of it. */
const CITY_KM = 12;
const KM_PER_DEGREE = 111.2;

/** The same numbers in [0, 1) on every run. */
export function sequence(seed: number): () => number {
  let last = seed;
  return () => {
    last = (Math.imul(last, 1_664_525) + 1_013_904_223) >>> 0;
    return last / 2 ** 32;
  };
}

export const CITY_COUNT: number = CITIES.length;

/** Cells of hotspots in cities, in turn one of each, or all over the globe. */
export function fleetCells(count: number, where: 'cities' | 'globe'): Cell[] {
  const next = sequence(1);
  return Array.from({ length: count }, (_, at) => {
    const [latitude, longitude] = where === 'globe' ? anywhere(next) : inCity(at % CITIES.length, next);
    return BigInt(`0x${latLngToCell(latitude, longitude, 12)}`) as Cell;
  });
}

function inCity(city: number, next: () => number): Place {
  const [latitude, longitude] = CITIES[city] ?? [0, 0];
  const degrees = (next() * CITY_KM) / KM_PER_DEGREE;
  const bearing = 2 * Math.PI * next();
  const north = degrees * Math.cos(bearing);
  return [latitude + north, longitude + (degrees * Math.sin(bearing)) / Math.cos((latitude * Math.PI) / 180)];
}

function anywhere(next: () => number): Place {
  return [(Math.asin(2 * next() - 1) * 180) / Math.PI, 360 * next() - 180];
}
