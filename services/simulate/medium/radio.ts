import { seededRandom } from './random.ts';
import type { Coordinates } from './place.ts';
import { freeSpaceLoss, metresBetween, placeText } from './place.ts';

const EARTH_RADIUS_M = 6_371_007.18;
/** Thermal noise in 1 Hz with a receiver's 6 dB, dBm. */
const NOISE_DBM_HZ = -168;
/** What a concentrator says of the strongest signals, dB. */
const MOST_SNR_DB = 12;
/** From here on the ground takes more than free space, by the exponent. */
const REFERENCE_M = 1_000;
const EXPONENT = 2.7;
/** Between two antennas of one room, metres. */
const ROOM_M = 3;
/** Antenna gains in tenths of a dB and places by cells are rounded by the rules: less would cross their bound. */
const LEAST_SHADOW_DB = 3;
const MOST_SHADOW_DB = 30;
/** The SNR at which each spreading factor is still made out, dB. */
const LEAST_SNR: ReadonlyMap<number, number> = new Map([
  [7, -6],
  [8, -9],
  [9, -12],
  [10, -15],
  [11, -17.5],
  [12, -20],
]);

/** How a frame is sent, as far as it matters to who hears it. */
export interface Setting {
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
  /** dB lost in its cable; none unless it says so. */
  readonly attenuation?: number;
}

export interface Reception {
  /** Whole dBm, as forwarders report it. */
  readonly rssi: number;
  /** dB in steps of a quarter. */
  readonly snr: number;
}

/** What `to` receives of a frame that `from` sends; null below the sensitivity. The same seed, the same air. */
export function receive(options: {
  readonly frame: Setting;
  readonly from: Antenna;
  readonly to: Antenna;
  readonly seed: string;
}): Reception | null {
  const { frame, from, to, seed } = options;
  const { factor, bandwidth } = spreadingOf(frame.datarate);
  const rssi = frame.txPower + from.gain / 10 + to.gain / 10 - pathLoss({ ...frame, from, to, seed });
  const snr = rssi - (NOISE_DBM_HZ + 10 * Math.log10(bandwidth * 1000));
  if (snr < (LEAST_SNR.get(factor) ?? Infinity)) return null;
  return { rssi: Math.floor(rssi), snr: Math.floor(4 * Math.min(snr, MOST_SNR_DB)) / 4 };
}

/**
 * dB between two antennas, the same in both directions: free space, what the ground adds with the logarithm of the
 * distance, and the walls and hills of this path, which stand still. Infinite behind the horizon.
 */
export function pathLoss(options: {
  readonly frequency: number;
  readonly from: Antenna;
  readonly to: Antenna;
  readonly seed: string;
}): number {
  const { frequency, from, to, seed } = options;
  const metres = Math.max(ROOM_M, metresBetween(from.place, to.place));
  if (metres > horizon(from.elevation) + horizon(to.elevation)) return Infinity;
  const ground = 10 * (EXPONENT - 2) * Math.log10(Math.max(1, metres / REFERENCE_M));
  const cables = (from.attenuation ?? 0) + (to.attenuation ?? 0);
  return freeSpaceLoss(metres, frequency) + ground + shadowing(seed, from, to) + cables;
}

/** Milliseconds that a LoRa frame of `bytes` is on air: coding rate 4/5, explicit header, 8 symbols of preamble. */
export function airtimeMs(datarate: string, bytes: number): number {
  const { factor, bandwidth } = spreadingOf(datarate);
  const symbolMs = 2 ** factor / bandwidth;
  const lowRate = symbolMs > 16 ? 2 : 0;
  const symbols = 8 + Math.max(0, 5 * Math.ceil((8 * bytes - 4 * factor + 44) / (4 * (factor - lowRate))));
  return Math.round((12.25 + symbols) * symbolMs);
}

/** Metres to where the ground bends away from an antenna, refraction included (4/3 of the Earth's radius). */
function horizon(elevation: number): number {
  return Math.sqrt(((2 * 4) / 3) * EARTH_RADIUS_M * Math.max(elevation, 1));
}

/** Only ever a loss; antennas of one place are behind the same walls, and hardly anything is between them. */
function shadowing(seed: string, from: Antenna, to: Antenna): number {
  const ends = [from, to].map(({ place }) => placeText(place)).sort();
  if (ends[0] === ends[1]) return LEAST_SHADOW_DB;
  const random = seededRandom('shadow', seed, ...ends);
  return LEAST_SHADOW_DB + ((random() + random()) / 2) * (MOST_SHADOW_DB - LEAST_SHADOW_DB);
}

/** kHz */
function spreadingOf(datarate: string): { readonly factor: number; readonly bandwidth: number } {
  const [, factor, bandwidth] = /^SF(\d+)BW(\d+)$/.exec(datarate) ?? [];
  return { factor: Number(factor), bandwidth: Number(bandwidth) };
}
