import { freeSpaceLoss, metresBetween } from '#services/simulate/medium/place';
import { Draws } from './draws.ts';
import type { Coordinates, Hotspot } from './hotspot.ts';

const EARTH_RADIUS_M = 6_371_007.18;
/** Distance at which the surroundings begin to take more than free space, metres. */
const REFERENCE_M = 100;
/** Between two antennas of a room, metres. */
const ROOM_M = 3;
/** What walls and hills between two sites add or take, dB; multipath within a room less. */
const SHADOWING_DB = { least: 6, most: 8 };
const ROOM_SHADOWING_DB = 1.5;
/** From frame to frame on one path, by channel and weather. */
const FADING_DB = 2.5;
const ROOM_FADING_DB = 1;
/** dBm at 125 kHz, by spreading factor. */
const SENSITIVITY: Readonly<Record<string, number>> = { SF12BW125: -137, SF9BW125: -129 };

/** Metres to where the ground bends away, refraction included (4/3 of the Earth's radius). */
function horizon({ height }: Hotspot): number {
  return Math.sqrt(2 * (4 / 3) * EARTH_RADIUS_M * height);
}

/** Loss between two antennas, dB, without fading: the same in both directions. */
export function pathLoss(link: {
  readonly seed: number;
  readonly from: Hotspot;
  readonly to: Hotspot;
  readonly hertz: number;
}): number {
  const { seed, from, to, hertz } = link;
  const [low, high] = from.index < to.index ? [from, to] : [to, from];
  const attenuation = from.attenuation + to.attenuation;
  if (from.site === to.site) {
    const draws = new Draws(seed, low.index, high.index);
    return freeSpaceLoss(ROOM_M, hertz) + draws.normal(ROOM_SHADOWING_DB) + attenuation;
  }
  const metres = Math.max(metresBetween(from.place, to.place), 20);
  if (metres > horizon(from) + horizon(to)) return Infinity;
  const draws = new Draws(seed, Math.min(from.site, to.site), Math.max(from.site, to.site));
  const shadowing = draws.normal(draws.between(SHADOWING_DB.least, SHADOWING_DB.most));
  // Antennas of one room differ by what multipath makes of the last metres.
  const nearField = new Draws(seed, low.index, high.index).normal(ROOM_SHADOWING_DB);
  const exponent = (from.exponent + to.exponent) / 2;
  const beyond = 10 * exponent * Math.log10(Math.max(metres, REFERENCE_M) / REFERENCE_M);
  const surroundings = beyond + from.clutter + to.clutter + shadowing + nearField;
  const loss = freeSpaceLoss(Math.min(metres, REFERENCE_M), hertz) + surroundings;
  return Math.max(freeSpaceLoss(metres, hertz), loss) + attenuation;
}

/** What arrives, in whole dBm as concentrators say it; null below what the receiver can make out. */
export function receive(of: {
  readonly loss: number;
  readonly from: Hotspot;
  readonly to: Hotspot;
  readonly power: number;
  readonly datarate: string;
  readonly draws: Draws;
}): number | null {
  const { loss, from, to, power, draws } = of;
  const fading = draws.normal(from.site === to.site ? ROOM_FADING_DB : FADING_DB);
  const arrives = power + from.gain + from.transmitOffset - loss + fading + to.gain;
  if (arrives < floorOf(to, of.datarate)) return null;
  return Math.round(arrives + to.readOffset);
}

/** Weakest signal that a hotspot makes out, dBm. */
export function floorOf(hotspot: Hotspot, datarate: string): number {
  return (SENSITIVITY[datarate] ?? 0) + hotspot.noise;
}

/** The place some metres from another in a direction. */
export function placeAt(
  from: Coordinates,
  of: { readonly metres: number; readonly radians: number },
): Coordinates {
  const degrees = of.metres / 111_195;
  return {
    latitude: from.latitude + degrees * Math.cos(of.radians),
    longitude: from.longitude + (degrees * Math.sin(of.radians)) / Math.cos((from.latitude * Math.PI) / 180),
  };
}
