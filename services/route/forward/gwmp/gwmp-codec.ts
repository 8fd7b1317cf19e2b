import { randomInt } from 'node:crypto';
import type { HotspotKey } from '#protocol/units';
import type { Downlink, DownlinkOutcome } from '#services/route/downlinks/downlink';
import type { Uplink } from '#services/route/uplinks/uplink';

/** Semtech's UDP protocol, version 2 (GWMP), as a packet forwarder speaks it. */
const VERSION = 2;
const ID = { pushData: 0, pushAck: 1, pullData: 2, pullResp: 3, pullAck: 4, txAck: 5 } as const;

/** What a server sends. */
export type ServerMessage =
  | { readonly kind: 'push_ack' | 'pull_ack' }
  /** `request` null: its JSON cannot be read. */
  | { readonly kind: 'pull_resp'; readonly token: number; readonly request: TxRequest | DownlinkRefused };

/** A txpk, with all that says when and how. */
export type TxRequest = Pick<Downlink, 'payload' | 'rx1'> & { readonly refused: null };
interface DownlinkRefused {
  readonly refused: 'malformed' | 'gps_time' | 'bad_data_rate';
}

/** What TX_ACK answers: codes of the protocol, and ChirpStack's where it has none. */
const TX_ACK_ERRORS: Readonly<Record<DownlinkOutcome, string>> = {
  sent: 'NONE',
  hotspot_gone: 'INTERNAL_ERROR',
  too_late: 'TOO_LATE',
  bad_frequency: 'TX_FREQ',
  bad_data_rate: 'INTERNAL_ERROR',
  bad_payload: 'INTERNAL_ERROR',
  gps_time: 'GPS_UNLOCKED',
  malformed: 'INTERNAL_ERROR',
};

export function encodePullData(eui: string): Buffer {
  return message({ id: ID.pullData, token: randomInt(65_536), eui, json: null });
}

export function encodePushData(eui: string, uplink: Uplink): Buffer {
  return message({ id: ID.pushData, token: randomInt(65_536), eui, json: { rxpk: [rxpk(uplink)] } });
}

export function encodeTxAck(eui: string, token: number, outcome: DownlinkOutcome): Buffer {
  return message({ id: ID.txAck, token, eui, json: { txpk_ack: { error: TX_ACK_ERRORS[outcome] } } });
}

/** What a datagram of a server says; null where it is none of this protocol. */
export function decodeServerMessage(datagram: Buffer): ServerMessage | null {
  if (datagram.length < 4 || datagram[0] !== VERSION) return null;
  switch (datagram[3]) {
    case ID.pushAck:
      return { kind: 'push_ack' };
    case ID.pullAck:
      return { kind: 'pull_ack' };
    case ID.pullResp:
      return { kind: 'pull_resp', token: datagram.readUInt16BE(1), request: txRequest(datagram.subarray(4)) };
    default:
      return null;
  }
}

export function downlinkOf(hotspot: HotspotKey, { payload, rx1 }: TxRequest): Downlink {
  return { hotspot, payload, rx1, rx2: null };
}

function message(parts: {
  readonly id: number;
  readonly token: number;
  readonly eui: string;
  readonly json: object | null;
}): Buffer {
  const head = Buffer.from([VERSION, parts.token >> 8, parts.token & 0xff, parts.id]);
  const body = parts.json === null ? '' : JSON.stringify(parts.json);
  return Buffer.concat([head, Buffer.from(parts.eui, 'hex'), Buffer.from(body)]);
}

function rxpk(uplink: Uplink): object {
  return {
    time: new Date(uplink.receivedAt).toISOString(),
    tmst: uplink.tmst,
    chan: 0,
    rfch: 0,
    freq: uplink.frequency / 1e6,
    stat: 1,
    modu: 'LORA',
    datr: uplink.dataRate,
    codr: '4/5',
    rssi: Math.round(uplink.rssi),
    lsnr: Math.round(uplink.snr * 10) / 10,
    size: uplink.frame.length,
    data: Buffer.from(uplink.frame).toString('base64'),
  };
}

function txRequest(json: Buffer): TxRequest | DownlinkRefused {
  const txpk = fieldsOf(fieldsOf(parsed(json)).get('txpk'));
  const [data, datr, freq] = [txpk.get('data'), txpk.get('datr'), txpk.get('freq')];
  const [imme, tmst] = [txpk.get('imme') === true, txpk.get('tmst')];
  if (typeof data !== 'string' || typeof freq !== 'number' || !/^[A-Za-z0-9+/]*={0,2}$/.test(data))
    return { refused: 'malformed' };
  if (typeof datr !== 'string') return { refused: 'bad_data_rate' };
  if (!imme && !isCounter(tmst))
    return { refused: txpk.has('tmms') || txpk.has('time') ? 'gps_time' : 'malformed' };
  const window = {
    tmst: isCounter(tmst) ? tmst : 0,
    frequency: Math.round(freq * 1e6),
    dataRate: datr,
    immediate: imme,
  };
  return { payload: new Uint8Array(Buffer.from(data, 'base64')), rx1: window, refused: null };
}

function isCounter(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 2 ** 32;
}

function parsed(json: Buffer): unknown {
  try {
    return JSON.parse(json.toString('utf8'));
  } catch {
    return null;
  }
}

function fieldsOf(value: unknown): ReadonlyMap<string, unknown> {
  return new Map(typeof value === 'object' && value !== null ? Object.entries(value) : []);
}
