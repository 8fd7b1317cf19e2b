import { randomInt } from 'node:crypto';
import {
  counterAfter,
  type Downlink,
  type DownlinkOutcome,
  type Window,
} from '#services/route/downlinks/downlink';
import type { Uplink } from '#services/route/uplinks/uplink';

/** One item of a downlink command: a frame and when to send it. */
type Item = { readonly payload: Uint8Array; readonly window: Window } | { readonly refused: DownlinkOutcome };

export interface DownlinkCommand {
  readonly downlinkId: number;
  /** Tried in this order: the windows RX1 and RX2 of class A, or a single one. */
  readonly items: readonly Item[];
}

/** gw.UplinkFrame in the JSON of ChirpStack v4. */
export function uplinkFrame(eui: string, uplink: Uplink): string {
  const [, spreading, bandwidth] = /^SF(\d+)BW(\d+)$/.exec(uplink.dataRate) ?? [];
  const context = Buffer.alloc(4);
  context.writeUInt32BE(uplink.tmst);
  return JSON.stringify({
    phyPayload: Buffer.from(uplink.frame).toString('base64'),
    txInfo: {
      frequency: uplink.frequency,
      modulation: {
        lora: {
          bandwidth: 1000 * Number(bandwidth ?? 0),
          spreadingFactor: Number(spreading ?? 0),
          codeRate: 'CR_4_5',
        },
      },
    },
    rxInfo: {
      gatewayId: eui,
      uplinkId: randomInt(1, 2 ** 32),
      nsTime: new Date(uplink.receivedAt).toISOString(),
      rssi: Math.round(uplink.rssi),
      snr: uplink.snr,
      context: context.toString('base64'),
      metadata: { region: uplink.region, hotspot: uplink.hotspot },
      crcStatus: 'CRC_OK',
    },
  });
}

/** Status of each item, as gw.TxAckStatus names it. */
const STATUS: Readonly<Record<DownlinkOutcome, string>> = {
  sent: 'OK',
  hotspot_gone: 'INTERNAL_ERROR',
  too_late: 'TOO_LATE',
  bad_frequency: 'TX_FREQ',
  bad_data_rate: 'INTERNAL_ERROR',
  bad_payload: 'INTERNAL_ERROR',
  gps_time: 'GPS_UNLOCKED',
  malformed: 'INTERNAL_ERROR',
};

/** gw.DownlinkTxAck: what came of each item; null: not tried. */
export function downlinkTxAck(
  eui: string,
  { downlinkId }: DownlinkCommand,
  outcomes: readonly (DownlinkOutcome | null)[],
): string {
  const items = outcomes.map((outcome) => ({ status: outcome === null ? 'IGNORED' : STATUS[outcome] }));
  return JSON.stringify({ gatewayId: eui, downlinkId, items });
}

export function connState(eui: string, state: 'ONLINE' | 'OFFLINE'): string {
  return JSON.stringify({ gatewayId: eui, state });
}

/** gw.DownlinkFrame; null where it is none. */
export function parseDownlinkFrame(json: string): DownlinkCommand | null {
  const frame = fieldsOf(parsed(json));
  const [downlinkId = 0, items] = [frame.get('downlinkId'), frame.get('items')];
  if (typeof downlinkId !== 'number' || !Array.isArray(items) || items.length === 0 || items.length > 16)
    return null;
  return { downlinkId, items: items.map((item: unknown) => itemOf(fieldsOf(item))) };
}

/**
 * What to send: two items with the same frame are the two windows of one PacketDown, so that the hotspot itself falls back
 * to the second; null where no item can be sent.
 */
export function downlinkOf(
  command: DownlinkCommand,
  hotspot: Downlink['hotspot'],
): { readonly downlink: Downlink; readonly place: number } | null {
  const place = command.items.findIndex((item) => 'payload' in item);
  const first = command.items[place];
  if (first === undefined || !('payload' in first)) return null;
  const next = command.items[place + 1];
  const same = next !== undefined && 'payload' in next && Buffer.compare(next.payload, first.payload) === 0;
  const rx2 = same ? next.window : null;
  return { downlink: { hotspot, payload: first.payload, rx1: first.window, rx2 }, place };
}

function itemOf(item: ReadonlyMap<string, unknown>): Item {
  const [phyPayload, txInfo] = [item.get('phyPayload'), fieldsOf(item.get('txInfo'))];
  const lora = fieldsOf(fieldsOf(txInfo.get('modulation')).get('lora'));
  const [frequency, bandwidth, spreading] = [
    txInfo.get('frequency'),
    lora.get('bandwidth'),
    lora.get('spreadingFactor'),
  ];
  if (typeof phyPayload !== 'string' || typeof frequency !== 'number') return { refused: 'malformed' };
  if (typeof bandwidth !== 'number' || typeof spreading !== 'number') return { refused: 'bad_data_rate' };
  const dataRate = `SF${spreading}BW${bandwidth / 1000}`;
  const when = timeOf(fieldsOf(txInfo.get('timing')), txInfo.get('context'));
  if ('refused' in when) return when;
  return {
    payload: new Uint8Array(Buffer.from(phyPayload, 'base64')),
    window: { ...when, frequency, dataRate },
  };
}

function timeOf(
  timing: ReadonlyMap<string, unknown>,
  context: unknown,
): Pick<Window, 'tmst' | 'immediate'> | { readonly refused: DownlinkOutcome } {
  if (timing.has('immediately')) return { tmst: 0, immediate: true };
  if (timing.has('gpsEpoch')) return { refused: 'gps_time' };
  const delay = fieldsOf(timing.get('delay')).get('delay') ?? '0s';
  const seconds = typeof delay === 'string' ? /^(\d{1,4}(?:\.\d{1,9})?)s$/.exec(delay)?.[1] : undefined;
  const counter = typeof context === 'string' ? Buffer.from(context, 'base64') : null;
  if (seconds === undefined || counter?.length !== 4) return { refused: 'malformed' };
  const microseconds = Math.round(Number(seconds) * 1e6);
  return { tmst: counterAfter(counter.readUInt32BE(), microseconds), immediate: false };
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}

function fieldsOf(value: unknown): ReadonlyMap<string, unknown> {
  return new Map(typeof value === 'object' && value !== null ? Object.entries(value) : []);
}
