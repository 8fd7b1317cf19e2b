import { PAYLOAD_BYTES } from '../../crypto/payload.ts';
import { regionPlan } from '../../geo/regions.ts';
import type { HotspotFacts } from '../../verify/poc.ts';
import { assertedRegion } from '../../verify/rules/participant.ts';

/** A LoRaWAN proprietary frame has one byte before the payload. */
const FRAME_BYTES = PAYLOAD_BYTES + 1;

/** Whole milliseconds that a hotspot's beacons are on air, by the plan of its region; null without one. */
export function beaconAirtime(facts: HotspotFacts): number | null {
  const region = assertedRegion(facts);
  if (region === null) return null;
  const { spreading, bandwidth } = regionPlan(region);
  const factor = spreading.find(({ maxPacketSize }) => maxPacketSize >= PAYLOAD_BYTES)?.factor;
  return factor === undefined ? null : airtimeMs({ factor, bandwidth, bytes: FRAME_BYTES });
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
