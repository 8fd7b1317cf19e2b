import { createHash } from 'node:crypto';
import type { Coordinates } from './sites.ts';

const SPEED_OF_LIGHT = 2.998e8;
const EARTH_RADIUS_M = 6_371_007.18;
/** Thermal noise in 125 kHz with a receiver's 6 dB, dBm. */
const NOISE_DBM = -117;
/** Antenna gains in tenths of a dB and places by cells are rounded by the rules: less would cross their bound. */
const LEAST_SHADOW_DB = 3;
const MOST_SHADOW_DB = 15;
/** dBm at 125 kHz, by spreading factor. */
const SENSITIVITY: ReadonlyMap<number, number> = new Map([
  [7, -123],
  [8, -126],
  [9, -129],
  [10, -132],
  [11, -134.5],
  [12, -137],
]);

export interface Frame {
  readonly data: Uint8Array;
  /** Hz */
  readonly frequency: number;
  /** As in `SF12BW125`. */
  readonly datarate: string;
  /** Conducted, dBm. */
  readonly txPower: number;
}

export interface Antenna {
  readonly place: Coordinates;
  /** Metres. */
  readonly elevation: number;
  /** dBi x10 */
  readonly gain: number;
}

export interface Reception {
  /** RSSI in tenths of a dBm. */
  readonly signal: number;
  /** Tenths of a dB. */
  readonly snr: number;
}

/** What `to` receives of a frame that `from` sends; null below the sensitivity. The same seed, the same air. */
export function receive(options: {
  readonly frame: Frame;
  readonly from: Antenna;
  readonly to: Antenna;
  readonly seed: string;
}): Reception | null {
  const { frame, from, to, seed } = options;
  const metres = metresBetween(from.place, to.place);
  if (metres > horizon(from.elevation) + horizon(to.elevation)) return null;
  const loss = freeSpaceLoss(metres, frame.frequency) + shadowing({ seed, from, to, data: frame.data });
  const rssi = frame.txPower + from.gain / 10 + to.gain / 10 - loss;
  const sensitivity = SENSITIVITY.get(spreadingOf(frame.datarate).factor) ?? 0;
  if (rssi < sensitivity) return null;
  return { signal: Math.floor(rssi * 10), snr: Math.trunc(Math.min(rssi - NOISE_DBM, 12) * 10) };
}

/** Metres to where the ground bends away from an antenna, refraction included (4/3 of the Earth's radius). */
function horizon(elevation: number): number {
  return Math.sqrt(((2 * 4) / 3) * EARTH_RADIUS_M * Math.max(elevation, 1));
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

/** Milliseconds that a LoRa frame of `bytes` is on air: coding rate 4/5, explicit header, 8 symbols of preamble. */
export function airtimeMs(datarate: string, bytes: number): number {
  const { factor, bandwidth } = spreadingOf(datarate);
  const symbolMs = 2 ** factor / bandwidth;
  const lowRate = symbolMs > 16 ? 2 : 0;
  const symbols = 8 + Math.max(0, 5 * Math.ceil((8 * bytes - 4 * factor + 44) / (4 * (factor - lowRate))));
  return Math.round((12.25 + symbols) * symbolMs);
}

/** Walls and hills between two places, other for each frame: only ever a loss. */
function shadowing(options: {
  readonly seed: string;
  readonly from: Antenna;
  readonly to: Antenna;
  readonly data: Uint8Array;
}): number {
  const ends = [options.from, options.to].map(({ place }) => `${place.latitude},${place.longitude}`);
  const digest = createHash('sha256')
    .update([options.seed, ...ends.sort()].join(' '))
    .update(options.data)
    .digest();
  // The mean of four even draws is nearly normal and stays within the limits.
  const draws = [0, 4, 8, 12].map((at) => digest.readUInt32LE(at) / 2 ** 32);
  const mean = draws.reduce((sum, draw) => sum + draw, 0) / draws.length;
  return LEAST_SHADOW_DB + mean * (MOST_SHADOW_DB - LEAST_SHADOW_DB);
}

function spreadingOf(datarate: string): { readonly factor: number; readonly bandwidth: number } {
  const [, factor, bandwidth] = /^SF(\d+)BW(\d+)$/.exec(datarate) ?? [];
  return { factor: Number(factor), bandwidth: Number(bandwidth) };
}
