import { dataRateNumber } from '#protocol/wire/data-rate';
import type { HotspotKey } from '#protocol/units';
import type { HotspotLink } from '#services/route/hotspot-link';
import type { Uplink } from '#services/route/uplinks/uplink';
import {
  counterAfter,
  counterDistance,
  type Downlink,
  type DownlinkOutcome,
  type Window,
} from './downlink.ts';

/** Hands downlinks to hotspots, or says why not. */
export interface DownlinkSender {
  /** Every uplink shows where its hotspot's counter is. */
  heard(uplink: Pick<Uplink, 'hotspot' | 'tmst' | 'receivedAt'>): void;
  send(downlink: Downlink): DownlinkOutcome;
}

/** Hotspots whose counter is known, the most recently heard ones: 100 bytes each. */
const COUNTERS = 262_144;
const MAX_FRAME = 255;
const MIN_HZ = 137_000_000;
const MAX_HZ = 1_020_000_000;

export function openDownlinkSender(options: {
  readonly link: Pick<HotspotLink, 'send'>;
  readonly now: () => number;
}): DownlinkSender {
  const { link, now } = options;
  const counters = new Map<HotspotKey, { readonly tmst: number; readonly receivedAt: number }>();
  /** The counter was read before it came here, so that it is at least this now: who is late by it is late. */
  const isOver = (hotspot: HotspotKey, { tmst, immediate }: Window): boolean => {
    const counter = counters.get(hotspot);
    if (immediate || counter === undefined) return false;
    const elapsed = Math.max(0, now() - counter.receivedAt) * 1000;
    return elapsed < 2 ** 31 && counterDistance(counterAfter(counter.tmst, elapsed), tmst) < 0;
  };
  return {
    heard: ({ hotspot, tmst, receivedAt }) => {
      counters.delete(hotspot);
      counters.set(hotspot, { tmst, receivedAt });
      if (counters.size <= COUNTERS) return;
      const [oldest] = counters.keys();
      if (oldest !== undefined) counters.delete(oldest);
    },
    send: (downlink) => {
      const { hotspot, payload, rx1, rx2 } = downlink;
      if (payload.length === 0 || payload.length > MAX_FRAME) return 'bad_payload';
      for (const window of rx2 === null ? [rx1] : [rx1, rx2]) {
        if (!isSendable(window.frequency)) return 'bad_frequency';
        if (dataRateNumber(window.dataRate) < 0) return 'bad_data_rate';
      }
      if (isOver(hotspot, rx2 ?? rx1)) return 'too_late';
      return link.send(hotspot, { payload, rx1, rx2 }) ? 'sent' : 'hotspot_gone';
    },
  };
}

function isSendable(frequency: number): boolean {
  return Number.isInteger(frequency) && frequency >= MIN_HZ && frequency <= MAX_HZ;
}
