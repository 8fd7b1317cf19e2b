import type { Region } from '#protocol/geo/channel-plans';

/** Inhabited islands that the map lacks, where its nearest shore is too far or another country's. */
export const ISLETS: readonly {
  readonly name: string;
  readonly region: Region;
  readonly latitude: number;
  readonly longitude: number;
}[] = [
  { name: 'Røst', region: 'EU868', latitude: 67.51, longitude: 12.07 },
  { name: 'Atafu, Tokelau', region: 'AS923_1', latitude: -8.55, longitude: -172.5 },
  { name: 'Nukunonu, Tokelau', region: 'AS923_1', latitude: -9.17, longitude: -171.83 },
  { name: 'Fakaofo, Tokelau', region: 'AS923_1', latitude: -9.38, longitude: -171.25 },
  { name: 'Nangan, Matsu', region: 'AS923_1', latitude: 26.15, longitude: 119.93 },
  { name: 'Beigan, Matsu', region: 'AS923_1', latitude: 26.22, longitude: 119.99 },
  { name: 'Dongyin, Matsu', region: 'AS923_1', latitude: 26.37, longitude: 120.49 },
  { name: 'Xiju, Matsu', region: 'AS923_1', latitude: 25.97, longitude: 119.94 },
];
