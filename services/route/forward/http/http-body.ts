import { createHash, createHmac } from 'node:crypto';
import type { HotspotKey } from '#protocol/units';
import type { Downlink, DownlinkOutcome, Window } from '#services/route/downlinks/downlink';
import { counterAfter, DOWNLINK_REFUSALS } from '#services/route/downlinks/downlink';
import type { RouteName, Uplink } from '#services/route/uplinks/uplink';
import { gatewayEui } from '../gateway-eui.ts';

/** Name of the header that signs a body: `t=<seconds>,v1=<hex HMAC-SHA256 of "<seconds>.<body>">`. */
export const SIGNATURE_HEADER = 'coverant-signature';

export function signBody(options: {
  readonly body: string;
  readonly secret: string;
  /** Seconds since the Unix epoch. */
  readonly at: number;
}): string {
  const { body, secret, at } = options;
  return `t=${at},v1=${createHmac('sha256', secret).update(`${at}.${body}`).digest('hex')}`;
}

/** What is posted for a packet. `frame_id` is the same for all copies of a frame. */
export function uplinkBody({ owner, route }: RouteName, uplink: Uplink): string {
  return JSON.stringify({
    event: 'uplink',
    owner,
    route,
    frame: Buffer.from(uplink.frame).toString('base64'),
    frame_id: createHash('sha256').update(uplink.frame).digest('hex').slice(0, 32),
    hotspot: uplink.hotspot,
    gateway_eui: gatewayEui(uplink.hotspot),
    rssi: uplink.rssi,
    snr: uplink.snr,
    frequency: uplink.frequency,
    datarate: uplink.dataRate,
    region: uplink.region,
    tmst: uplink.tmst,
    received_at: uplink.receivedAt,
  });
}

/** What is posted where the downlink of an answer was not sent. */
export function refusalBody(
  { owner, route }: RouteName,
  refused: {
    readonly hotspot: HotspotKey;
    readonly code: Exclude<DownlinkOutcome, 'sent'>;
    readonly id: string | null;
  },
): string {
  const { hotspot, code, id } = refused;
  return JSON.stringify({
    event: 'downlink_refused',
    owner,
    route,
    hotspot,
    id,
    code,
    message: DOWNLINK_REFUSALS[code],
  });
}

/** The downlink that an answer carries. */
export interface AnsweredDownlink {
  /** The server's own name for it, given back where it is refused. */
  readonly id: string | null;
  readonly downlink: Downlink | null;
}

/**
 * Reads `{ "downlink": { "frame": base64, "id"?, "rx1": window, "rx2"?: window } }` of an answer, where a window is
 * `{ "delay_us" | "tmst" | "immediate": true, "frequency": Hz, "datarate": "SF7BW125" }`; null where it has none.
 */
export function parseAnswer(text: string, uplink: Pick<Uplink, 'hotspot' | 'tmst'>): AnsweredDownlink | null {
  const value = fieldsOf(fieldsOf(parsed(text)).get('downlink'));
  if (value.size === 0) return null;
  const [frame, id] = [value.get('frame'), value.get('id')];
  const rx1 = windowOf(value.get('rx1'), uplink.tmst);
  const rx2 = value.has('rx2') ? windowOf(value.get('rx2'), uplink.tmst) : null;
  const named = { id: typeof id === 'string' ? id.slice(0, 100) : null };
  if (typeof frame !== 'string' || rx1 === null || (rx2 === null && value.has('rx2')))
    return { ...named, downlink: null };
  const payload = new Uint8Array(Buffer.from(frame, 'base64'));
  return { ...named, downlink: { hotspot: uplink.hotspot, payload, rx1, rx2 } };
}

function windowOf(value: unknown, heardAt: number): Window | null {
  const window = fieldsOf(value);
  const [frequency, dataRate] = [window.get('frequency'), window.get('datarate')];
  const [delay, tmst, immediate] = [
    window.get('delay_us'),
    window.get('tmst'),
    window.get('immediate') === true,
  ];
  if (typeof frequency !== 'number' || !Number.isInteger(frequency) || typeof dataRate !== 'string')
    return null;
  if (immediate) return { tmst: 0, frequency, dataRate, immediate };
  if (isU32(delay)) return { tmst: counterAfter(heardAt, delay), frequency, dataRate, immediate };
  return isU32(tmst) ? { tmst, frequency, dataRate, immediate } : null;
}

function isU32(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 2 ** 32;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function fieldsOf(value: unknown): ReadonlyMap<string, unknown> {
  return new Map(typeof value === 'object' && value !== null ? Object.entries(value) : []);
}
