const SPEED_OF_LIGHT = 2.998e8;
const EARTH_RADIUS_M = 6_371_007.18;

/** Degrees. */
export interface Coordinates {
  readonly latitude: number;
  readonly longitude: number;
}

/** dB between isotropic antennas. */
export function freeSpaceLoss(metres: number, hertz: number): number {
  return 20 * Math.log10((4 * Math.PI * Math.max(metres, 1) * hertz) / SPEED_OF_LIGHT);
}

/** Great-circle metres. */
export function metresBetween(a: Coordinates, b: Coordinates): number {
  const radians = (degrees: number): number => (degrees * Math.PI) / 180;
  const north = Math.sin(radians(b.latitude - a.latitude) / 2) ** 2;
  const east = Math.sin(radians(b.longitude - a.longitude) / 2) ** 2;
  const chord = north + Math.cos(radians(a.latitude)) * Math.cos(radians(b.latitude)) * east;
  return 2 * EARTH_RADIUS_M * Math.asin(Math.min(1, Math.sqrt(chord)));
}

/** The place some metres from another, clockwise from the north. */
export function placeAt(from: Coordinates, metres: number, degrees: number): Coordinates {
  const radians = (degrees * Math.PI) / 180;
  const north = metres / 111_195;
  const east = Math.cos((from.latitude * Math.PI) / 180);
  return {
    latitude: from.latitude + north * Math.cos(radians),
    longitude: from.longitude + (north * Math.sin(radians)) / east,
  };
}

/** Ten metres or so are one place. */
export function placeText({ latitude, longitude }: Coordinates): string {
  return `${latitude.toFixed(4)},${longitude.toFixed(4)}`;
}
