import { ProtocolError } from '../errors.ts';
import type { HotspotKey } from '../units.ts';
import {
  flag,
  float32,
  lengthDelimited,
  readSignedMessage,
  signed32,
  unsigned32,
  unsigned64,
  zigzag32,
} from './fields.ts';
import { parseKey } from './key.ts';

/** packet_router_packet_up_v1: a LoRaWAN frame as a hotspot heard it, signed by its key or its session's. */
export interface PacketUp {
  readonly key: HotspotKey;
  /** The PHYPayload. */
  readonly payload: Uint8Array;
  /** Microseconds of the concentrator's counter. */
  readonly timestamp: bigint;
  /** dBm. */
  readonly rssi: number;
  /** Hz. */
  readonly frequency: number;
  /** Number in the wire's data_rate enum; unknown ones are kept. */
  readonly datarate: number;
  /** dB. */
  readonly snr: number;
  /** Number in the wire's region enum; unknown ones are kept. */
  readonly region: number;
  /** Milliseconds for which the hotspot held it. */
  readonly holdTime: bigint;
  readonly signature: Uint8Array;
  /** The message as received without its signature field. */
  readonly signedBytes: Uint8Array;
  /** The message as received. */
  readonly bytes: Uint8Array;
}

/** packet_router_register_v1: what a hotspot opens its stream to a router with. */
export interface Register {
  readonly key: HotspotKey;
  /** Milliseconds since the Unix epoch by the hotspot's clock. */
  readonly timestamp: bigint;
  readonly sessionCapable: boolean;
  /** Packets between acknowledgements; 0: none. */
  readonly packetAckInterval: number;
  readonly signature: Uint8Array;
  readonly signedBytes: Uint8Array;
  readonly bytes: Uint8Array;
}

/** Largest packet_up or register in bytes; a PHYPayload has at most 255. */
export const MAX_PACKET_BYTES = 512;

const EMPTY: Uint8Array = new Uint8Array(0);

/** Decodes a packet; throws malformed_packet, malformed_key or unsupported_key_type. */
export function openPacket(bytes: Uint8Array): PacketUp {
  let payload: Uint8Array = EMPTY;
  let gateway: Uint8Array = EMPTY;
  let signature: Uint8Array = EMPTY;
  let [timestamp, holdTime] = [0n, 0n];
  let [rssi, frequency, datarate, snr, region] = [0, 0, 0, 0, 0];
  requireSize('packet_up', bytes);
  const signedBytes = readSignedMessage(bytes, {
    code: 'malformed_packet',
    kind: 'packet_up',
    signature: 10,
    onSignature: (value) => {
      signature = value;
    },
    onField: (field, wire, reader) => {
      if (field === 1) payload = lengthDelimited(field, wire, reader);
      else if (field === 2) timestamp = unsigned64(field, wire, reader);
      else if (field === 3) rssi = zigzag32(field, wire, reader);
      else if (field === 4) frequency = unsigned32(field, wire, reader);
      else if (field === 5) datarate = signed32(field, wire, reader);
      else if (field === 6) snr = float32(field, wire, reader);
      else if (field === 7) region = signed32(field, wire, reader);
      else if (field === 8) holdTime = unsigned64(field, wire, reader);
      else if (field === 9) gateway = lengthDelimited(field, wire, reader);
      else return false;
      return true;
    },
  });
  const key = parseKey(gateway);
  return {
    key,
    payload,
    timestamp,
    rssi,
    frequency,
    datarate,
    snr,
    region,
    holdTime,
    signature,
    signedBytes,
    bytes,
  };
}

/** Decodes a register; throws like `openPacket`. */
export function openRegister(bytes: Uint8Array): Register {
  let gateway: Uint8Array = EMPTY;
  let signature: Uint8Array = EMPTY;
  let timestamp = 0n;
  let sessionCapable = false;
  let packetAckInterval = 0;
  requireSize('register', bytes);
  const signedBytes = readSignedMessage(bytes, {
    code: 'malformed_packet',
    kind: 'register',
    signature: 3,
    onSignature: (value) => {
      signature = value;
    },
    onField: (field, wire, reader) => {
      if (field === 1) timestamp = unsigned64(field, wire, reader);
      else if (field === 2) gateway = lengthDelimited(field, wire, reader);
      else if (field === 4) sessionCapable = flag(field, wire, reader);
      else if (field === 5) packetAckInterval = unsigned32(field, wire, reader);
      else return false;
      return true;
    },
  });
  const key = parseKey(gateway);
  return { key, timestamp, sessionCapable, packetAckInterval, signature, signedBytes, bytes };
}

function requireSize(kind: string, bytes: Uint8Array): void {
  if (bytes.length > MAX_PACKET_BYTES)
    throw new ProtocolError('malformed_packet', { kind, bytes: bytes.length, limit: MAX_PACKET_BYTES });
}
