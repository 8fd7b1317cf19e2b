import type { Region } from '#protocol/geo/regions';

/** Where hotspots stand: a city with the country around it. */
export interface City {
  readonly name: string;
  readonly region: Region;
  readonly latitude: number;
  readonly longitude: number;
}

/** Alternating between EU868 (frames of 2.5 s) and US915 (0.3 s, a hundred times the power); all of them far inland. */
export const CITIES: readonly City[] = [
  { name: 'Berlin', region: 'EU868', latitude: 52.52, longitude: 13.4 },
  { name: 'Denver', region: 'US915', latitude: 39.74, longitude: -104.95 },
  { name: 'Madrid', region: 'EU868', latitude: 40.42, longitude: -3.7 },
  { name: 'Dallas', region: 'US915', latitude: 32.8, longitude: -96.9 },
  { name: 'Munich', region: 'EU868', latitude: 48.14, longitude: 11.58 },
  { name: 'Atlanta', region: 'US915', latitude: 33.75, longitude: -84.39 },
  { name: 'Budapest', region: 'EU868', latitude: 47.5, longitude: 19.06 },
  { name: 'Kansas City', region: 'US915', latitude: 39.1, longitude: -94.58 },
  { name: 'Paris', region: 'EU868', latitude: 48.86, longitude: 2.35 },
  { name: 'Nashville', region: 'US915', latitude: 36.16, longitude: -86.78 },
  { name: 'Prague', region: 'EU868', latitude: 50.08, longitude: 14.44 },
  { name: 'Minneapolis', region: 'US915', latitude: 44.98, longitude: -93.27 },
  { name: 'Lyon', region: 'EU868', latitude: 45.76, longitude: 4.84 },
  { name: 'Indianapolis', region: 'US915', latitude: 39.77, longitude: -86.16 },
  { name: 'Krakow', region: 'EU868', latitude: 50.06, longitude: 19.94 },
  { name: 'Oklahoma City', region: 'US915', latitude: 35.47, longitude: -97.52 },
  { name: 'Zaragoza', region: 'EU868', latitude: 41.65, longitude: -0.88 },
  { name: 'Salt Lake City', region: 'US915', latitude: 40.6, longitude: -111.9 },
  { name: 'Frankfurt', region: 'EU868', latitude: 50.11, longitude: 8.68 },
  { name: 'Albuquerque', region: 'US915', latitude: 35.08, longitude: -106.65 },
  { name: 'Toulouse', region: 'EU868', latitude: 43.6, longitude: 1.44 },
  { name: 'Columbus', region: 'US915', latitude: 39.96, longitude: -83.0 },
  { name: 'Sofia', region: 'EU868', latitude: 42.7, longitude: 23.32 },
  { name: 'Omaha', region: 'US915', latitude: 41.26, longitude: -95.94 },
];
