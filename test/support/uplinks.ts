import type { Address, HotspotKey } from '#protocol/units';
import { millis } from '#protocol/units';
import type { ForwardContext, ForwardEvent } from '#services/route/forward/forwarder';
import type { Downlink, DownlinkOutcome } from '#services/route/downlinks/downlink';
import type { Uplink } from '#services/route/uplinks/uplink';
import { SILENT } from './service-world.ts';

/** A key that is none of anybody's. */
export function hotspotKey(number: number): HotspotKey {
  return `01${number.toString(16).padStart(64, '0')}` as HotspotKey;
}

export const OWNER = '4uQeVj5tqViQh7yWWGStvkEG1Zmhx6uasJtWCJziofM' as Address;

/** A frame as a hotspot heard it; the number is in the frame. */
export function testUplink(number: number, of: Partial<Uplink> = {}): Uplink {
  const frame = Uint8Array.from([0x40, 1, 2, 3, 0x26, 0, number & 0xff, number >> 8, 1, 9, 9, 9, 9]);
  return {
    hotspot: hotspotKey(1),
    frame,
    tmst: 4_294_000_000,
    rssi: -103,
    snr: 7.5,
    frequency: 868_100_000,
    dataRate: 'SF7BW125',
    region: 'EU868',
    receivedAt: millis(1_764_565_200_123),
    ...of,
  };
}

/** What forwarders are given, with all that they did. */
export interface ForwardWorld {
  readonly context: ForwardContext;
  readonly events: ForwardEvent[];
  readonly downlinks: Downlink[];
  count(event: ForwardEvent): number;
  /** What hotspots answer from now on. */
  outcome: DownlinkOutcome;
}

export function forwardWorld(route = 'meters', owner: Address = OWNER): ForwardWorld {
  const events: ForwardEvent[] = [];
  const downlinks: Downlink[] = [];
  const world: ForwardWorld = {
    events,
    downlinks,
    outcome: 'sent',
    count: (event) => events.filter((each) => each === event).length,
    context: {
      of: { owner, route },
      rules: { allowPrivate: true },
      now: Date.now,
      logger: SILENT,
      count: (event) => events.push(event),
      sendDownlink: (downlink) => {
        downlinks.push(downlink);
        return world.outcome;
      },
    },
  };
  return world;
}

export async function eventually<Value>(read: () => Value | undefined | false | null): Promise<Value> {
  for (let tries = 0; tries < 600; tries += 1) {
    const value = read();
    if (value !== undefined && value !== false && value !== null) return value;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('this took too long');
}
