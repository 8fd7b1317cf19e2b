import type { HotspotKey } from '#protocol/units';
import { dataRateName } from '#protocol/wire/data-rate';
import { openFrame, type LoraFrame } from '#protocol/wire/lorawan';
import { regionName } from '#protocol/wire/region';
import type { DownlinkSender } from '#services/route/downlinks/send-downlink';
import type { ReceivedPacket } from '#services/route/hotspot-link';
import type { RouteTable } from '#services/route/routes/route-table';
import type { Collector } from './collector.ts';
import { shortId } from './epoch-memory.ts';
import type { HeardCopy } from './uplink.ts';

/** Why a packet goes nowhere, by name. */
export type UplinkDrop =
  | 'malformed'
  | 'unregistered_hotspot'
  /** A downlink that was heard on air. */
  | 'downlink'
  /** A proprietary frame: beacons are such. */
  | 'proprietary'
  | 'no_route';

export interface UplinkContext {
  readonly routes: Pick<RouteTable, 'matcher' | 'byNumber'>;
  readonly collector: Pick<Collector<HeardCopy>, 'add'>;
  readonly downlinks: Pick<DownlinkSender, 'heard'>;
  readonly isRegistered: (key: HotspotKey) => boolean;
  readonly received: () => void;
  readonly dropped: (why: UplinkDrop) => void;
}

/** What happens to a packet between its hotspot's stream and the window in which its copies are gathered. */
export function handleUplink(received: ReceivedPacket, context: UplinkContext): void {
  context.received();
  const drop = takeUplink(received, context);
  if (drop !== null) context.dropped(drop);
}

/** Why it goes nowhere, or null. */
function takeUplink(received: ReceivedPacket, context: UplinkContext): UplinkDrop | null {
  const { routes, collector, downlinks } = context;
  const { packet } = received;
  if (!context.isRegistered(packet.key)) return 'unregistered_hotspot';
  const heard = copyOf(received);
  if (heard === null) return 'malformed';
  downlinks.heard(heard);
  const frame = openFrame(packet.payload);
  const drop = dropOf(frame, packet.payload);
  if (drop !== null) return drop;
  const numbers = routesOf(frame, routes);
  if (numbers.length === 0) return 'no_route';
  const copy = { ...heard, isJoin: frame.kind !== 'data_up' };
  for (const number of numbers) {
    const route = routes.byNumber(number);
    if (route === undefined) continue;
    const id = shortId(packet.payload, number);
    collector.add({ id, route: number, maxCopies: route.maxCopies, copy });
  }
  return null;
}

function copyOf({ packet, session, receivedAt }: ReceivedPacket): Omit<HeardCopy, 'isJoin'> | null {
  const dataRate = dataRateName(packet.datarate);
  if (dataRate === null) return null;
  return {
    hotspot: packet.key,
    frame: packet.payload,
    tmst: Number(BigInt.asUintN(32, packet.timestamp)),
    rssi: packet.rssi,
    snr: packet.snr,
    frequency: packet.frequency,
    dataRate,
    region: regionName(packet.region) ?? 'UNKNOWN',
    receivedAt,
    packet: { bytes: packet.bytes, session },
  };
}

/** Downlinks of other gateways and beacons are heard as well, and are nobody's to buy. */
function dropOf(frame: LoraFrame, [header = 0]: Uint8Array): UplinkDrop | null {
  if (frame.kind !== 'other') return null;
  return DROPPED_TYPES[header >> 5] ?? 'malformed';
}

/** By MType: join accept, and data down unconfirmed and confirmed; proprietary. */
const DROPPED_TYPES: Readonly<Record<number, UplinkDrop>> = {
  1: 'downlink',
  3: 'downlink',
  5: 'downlink',
  7: 'proprietary',
};

function routesOf(frame: LoraFrame, { matcher }: UplinkContext['routes']): readonly number[] {
  if (frame.kind === 'data_up') return matcher.byDevAddr(frame.devAddr);
  if (frame.kind === 'other' || frame.joinEui === null) return [];
  return matcher.byJoin(frame.joinEui, frame.devEui);
}
