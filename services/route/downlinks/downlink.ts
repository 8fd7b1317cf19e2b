import type { HotspotKey } from '#protocol/units';

/** When and how a downlink is sent. */
export interface Window {
  /** Microseconds of the hotspot's concentrator counter, u32; without meaning where it is immediate. */
  readonly tmst: number;
  /** Hz. */
  readonly frequency: number;
  /** As the wire names it, such as SF12BW125. */
  readonly dataRate: string;
  readonly immediate: boolean;
}

/** What a network server wants sent by the hotspot that heard its device. */
export interface Downlink {
  readonly hotspot: HotspotKey;
  /** The PHYPayload. */
  readonly payload: Uint8Array;
  readonly rx1: Window;
  /** Tried by the hotspot where it could not keep the first. */
  readonly rx2: Window | null;
}

/** Why a downlink was not handed to a hotspot; each sentence goes to the server. */
export const DOWNLINK_REFUSALS = {
  hotspot_gone: 'The hotspot has no stream to this router any more; the packet was not sent.',
  too_late: 'The window is over by the counter of the hotspot.',
  bad_frequency: 'The frequency is none that a hotspot of this kind sends on.',
  bad_data_rate: 'The data rate is no LoRa rate from SF7 to SF12 at 125, 250 or 500 kHz.',
  bad_payload: 'The payload is empty or longer than a LoRaWAN frame.',
  gps_time: 'Hotspots have no GPS time; give the time by the counter of the uplink.',
  malformed: 'The request cannot be read; see docs/routing.md.',
} as const;

export type DownlinkRefusal = keyof typeof DOWNLINK_REFUSALS;
export type DownlinkOutcome = 'sent' | DownlinkRefusal;

/** Microseconds later on a counter of 32 bits. */
export function counterAfter(tmst: number, microseconds: number): number {
  return (tmst + microseconds) % 2 ** 32;
}

/** Microseconds from one reading of a counter to another, at most half of its way round; negative: it lies before. */
export function counterDistance(from: number, to: number): number {
  return (to - from) | 0;
}
