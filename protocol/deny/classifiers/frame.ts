import { regionPlan, type Region } from '../../geo/regions.ts';
import { PAYLOAD_BYTES } from '../../crypto/payload.ts';
import type { HotspotFacts } from '../../verify/poc.ts';
import { assertedRegion } from '../../verify/rules/participant.ts';

/** Of a region's beacons: how long they are on air, and the weakest signal that a receiver makes out. */
export interface Frame {
  readonly airtimeMs: number;
  /** Tenths of a dBm: thermal noise in 125 kHz, 6 dB of a receiver's own, and the SNR that the spreading needs. */
  readonly sensitivity: number;
}

/** A LoRaWAN proprietary frame has one byte before the payload. */
const FRAME_BYTES = PAYLOAD_BYTES + 1;
const NOISE_DDBM = -1170;
/** Tenths of a dB: SF12 is made out 20 dB below the noise, every step faster needs 2.5 dB more. */
const SF12_SNR_DDB = -200;
const SNR_STEP_DDB = 25;

const frames = new Map<Region, Frame>();

/** The frame that a hotspot's beacons have; null without an asserted region. */
export function frameOf(facts: HotspotFacts): Frame | null {
  const region = assertedRegion(facts);
  if (region === null) return null;
  let frame = frames.get(region);
  if (frame === undefined) {
    frame = frameIn(region);
    frames.set(region, frame);
  }
  return frame;
}

function frameIn(region: Region): Frame {
  const { spreading, bandwidth } = regionPlan(region);
  const factor = spreading.find(({ maxPacketSize }) => maxPacketSize >= PAYLOAD_BYTES)?.factor;
  if (factor === undefined) throw new RangeError(`${region} has no spreading for a beacon`);
  return {
    airtimeMs: airtimeMs({ factor, bandwidth, bytes: FRAME_BYTES }),
    sensitivity: NOISE_DDBM + SF12_SNR_DDB + (12 - factor) * SNR_STEP_DDB,
  };
}

/**
 * Whole milliseconds of a LoRa frame, rounded down: 8 symbols of preamble, explicit header, CRC, coding rate 4/5, and the
 * low data rate where a symbol takes more than 16 ms (Semtech AN1200.13).
 */
export function airtimeMs(of: {
  readonly factor: number;
  readonly bandwidth: number;
  readonly bytes: number;
}): number {
  const { factor, bandwidth, bytes } = of;
  const chips = 2 ** factor;
  const slow = chips * 1000 > 16 * bandwidth ? 2 : 0;
  const coded = Math.max(0, Math.ceil((8 * bytes - 4 * factor + 44) / (4 * (factor - slow))));
  // 12.25 symbols of preamble, 8 of header, 5 for every block: in quarters, so that all of it is whole.
  const quarters = 49 + 4 * (8 + 5 * coded);
  return Math.floor((quarters * chips * 1000) / (4 * bandwidth));
}
