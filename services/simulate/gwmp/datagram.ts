/*
 * Semtech UDP, version 2 (gateway.md, "The radio side"): a forwarder sends PUSH_DATA, PULL_DATA and TX_ACK with its EUI,
 * gateway-rs answers with acknowledgements and sends PULL_RESP.
 */

const VERSION = 2;
export const IDS = {
  push_data: 0,
  push_ack: 1,
  pull_data: 2,
  pull_resp: 3,
  pull_ack: 4,
  tx_ack: 5,
} as const;

const HEAD_BYTES = 4;
const EUI_BYTES = 8;

/** What a forwarder receives. */
export type FromGateway =
  | { readonly kind: 'push_ack' | 'pull_ack'; readonly token: number }
  | { readonly kind: 'pull_resp'; readonly token: number; readonly frame: TxFrame };

/** A frame that a gateway wants sent. */
export interface TxFrame {
  readonly payload: Uint8Array;
  /** Hz */
  readonly frequency: number;
  readonly datarate: string;
  /** dBm */
  readonly txPower: number;
  readonly inverted: boolean;
  /** By the concentrator's counter; null: at once. */
  readonly tmst: number | null;
}

/** A frame that was heard. */
export interface RxFrame {
  readonly payload: Uint8Array;
  readonly frequency: number;
  readonly datarate: string;
  readonly rssi: number;
  readonly snr: number;
  readonly tmst: number;
  /** Milliseconds since 1970. */
  readonly time: number;
}

/** Opens what a gateway sent; null for anything else, garbage included. */
export function openDatagram(bytes: Uint8Array): FromGateway | null {
  const [version, high = 0, low = 0, id] = bytes;
  if (bytes.length < HEAD_BYTES || version !== VERSION) return null;
  const token = 256 * high + low;
  if (id === IDS.push_ack) return { kind: 'push_ack', token };
  if (id === IDS.pull_ack) return { kind: 'pull_ack', token };
  if (id !== IDS.pull_resp) return null;
  const frame = openTxpk(bytes.subarray(HEAD_BYTES));
  return frame === null ? null : { kind: 'pull_resp', token, frame };
}

export function pullData(eui: Uint8Array, token: number): Buffer {
  return headed('pull_data', { eui, token });
}

export function txAck(eui: Uint8Array, of: { token: number; error: string; tmst: number }): Buffer {
  const { token, error, tmst } = of;
  return Buffer.concat([
    headed('tx_ack', { eui, token }),
    Buffer.from(JSON.stringify({ txpk_ack: { error, tmst } })),
  ]);
}

export function pushData(eui: Uint8Array, of: { readonly token: number; readonly frame: RxFrame }): Buffer {
  const { payload, frequency, datarate, rssi, snr, tmst, time } = of.frame;
  const rxpk = {
    tmst,
    time: new Date(Math.floor(time)).toISOString(),
    chan: 0,
    rfch: 0,
    freq: frequency / 1e6,
    stat: 1,
    modu: 'LORA',
    datr: datarate,
    codr: '4/5',
    lsnr: snr,
    rssi,
    size: payload.length,
    data: Buffer.from(payload).toString('base64'),
  };
  return Buffer.concat([
    headed('push_data', { eui, token: of.token }),
    Buffer.from(JSON.stringify({ rxpk: [rxpk] })),
  ]);
}

function headed(
  id: keyof typeof IDS,
  { eui, token }: { readonly eui: Uint8Array; readonly token: number },
): Buffer {
  if (eui.length !== EUI_BYTES) throw new RangeError(`an EUI has ${EUI_BYTES} bytes, not ${eui.length}`);
  return Buffer.concat([Uint8Array.of(VERSION, token >> 8, token & 0xff, IDS[id]), eui]);
}

/** LoRa frames alone, sent at once or by the counter; null where anything is missing or of another kind. */
function openTxpk(bytes: Uint8Array): TxFrame | null {
  const { imme, tmst, freq, powe, modu, datr, ipol, data, size } = fieldsOf(parsed(bytes)['txpk']);
  if (typeof data !== 'string' || typeof freq !== 'number' || typeof powe !== 'number') return null;
  if (modu !== 'LORA' || typeof datr !== 'string' || !/^SF([7-9]|1[0-2])BW(125|250|500)$/.test(datr))
    return null;
  const isTimed = imme !== true;
  if (isTimed && !(typeof tmst === 'number' && Number.isInteger(tmst) && tmst >= 0 && tmst < 2 ** 32))
    return null;
  const payload = Uint8Array.from(Buffer.from(data, 'base64'));
  if (payload.length === 0 || payload.length > 255 || (size !== undefined && size !== payload.length))
    return null;
  // MHz are written with up to six decimals: rounded, so that no frequency is a hertz off.
  const frequency = Math.round(freq * 1e6);
  const timing = isTimed ? Number(tmst) : null;
  return { payload, frequency, datarate: datr, txPower: powe, inverted: ipol === true, tmst: timing };
}

function parsed(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    return fieldsOf(JSON.parse(Buffer.from(bytes).toString('utf8')));
  } catch {
    return {};
  }
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
