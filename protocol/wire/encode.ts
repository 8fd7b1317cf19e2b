import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { HotspotKey } from '../units.ts';
import { keyBytes } from './key.ts';

/** Fields of a beacon report as a hotspot fills them; an empty or absent signature gives the bytes to sign. */
export interface BeaconFields {
  readonly key: HotspotKey;
  readonly localEntropy: Uint8Array;
  readonly remoteEntropy: Uint8Array;
  readonly data: Uint8Array;
  readonly frequency: bigint;
  readonly channel: number;
  readonly datarate: number;
  readonly txPower: number;
  readonly timestamp: bigint;
  readonly tmst: number;
  readonly signature?: Uint8Array;
}

/** Fields of a witness report as a hotspot fills them; an empty or absent signature gives the bytes to sign. */
export interface WitnessFields {
  readonly key: HotspotKey;
  readonly data: Uint8Array;
  readonly timestamp: bigint;
  readonly tmst: number;
  readonly signal: number;
  readonly snr: number;
  readonly frequency: bigint;
  readonly datarate: number;
  readonly signature?: Uint8Array;
}

/** Fields of a session_init; an empty or absent signature gives the bytes to sign. */
export interface SessionInitFields {
  readonly key: HotspotKey;
  readonly nonce: Uint8Array;
  readonly sessionKey: HotspotKey;
  readonly signature?: Uint8Array;
}

/** Fields of a packet_router_packet_up_v1; an empty or absent signature gives the bytes to sign. */
export interface PacketFields {
  readonly key: HotspotKey;
  readonly payload: Uint8Array;
  readonly timestamp: bigint;
  readonly rssi: number;
  readonly frequency: number;
  readonly datarate: number;
  readonly snr: number;
  readonly region: number;
  readonly holdTime: bigint;
  readonly signature?: Uint8Array;
}

/** Fields of a packet_router_register_v1; an empty or absent signature gives the bytes to sign. */
export interface RegisterFields {
  readonly key: HotspotKey;
  readonly timestamp: bigint;
  readonly sessionCapable: boolean;
  readonly packetAckInterval: number;
  readonly signature?: Uint8Array;
}

/** Canonical beacon_report_req: ascending tags, defaults omitted. */
export function encodeBeacon(fields: BeaconFields): Uint8Array {
  return new CanonicalWriter()
    .bytes(2, keyBytes(fields.key))
    .bytes(3, fields.localEntropy)
    .bytes(4, fields.remoteEntropy)
    .bytes(5, fields.data)
    .uint64(6, fields.frequency)
    .int32(7, fields.channel)
    .int32(8, fields.datarate)
    .int32(9, fields.txPower)
    .uint64(10, fields.timestamp)
    .bytes(11, fields.signature)
    .uint64(12, BigInt(fields.tmst))
    .finish();
}

/** Canonical witness_report_req: ascending tags, defaults omitted. */
export function encodeWitness(fields: WitnessFields): Uint8Array {
  return new CanonicalWriter()
    .bytes(2, keyBytes(fields.key))
    .bytes(3, fields.data)
    .uint64(4, fields.timestamp)
    .uint64(5, BigInt(fields.tmst))
    .sint32(6, fields.signal)
    .int32(7, fields.snr)
    .uint64(8, fields.frequency)
    .int32(10, fields.datarate)
    .bytes(11, fields.signature)
    .finish();
}

/** Canonical session_init: ascending tags, defaults omitted. */
export function encodeSessionInit(fields: SessionInitFields): Uint8Array {
  return new CanonicalWriter()
    .bytes(1, keyBytes(fields.key))
    .bytes(2, fields.nonce)
    .bytes(3, keyBytes(fields.sessionKey))
    .bytes(4, fields.signature)
    .finish();
}

/** Canonical packet_router_packet_up_v1: ascending tags, defaults omitted. */
export function encodePacket(fields: PacketFields): Uint8Array {
  return new CanonicalWriter()
    .bytes(1, fields.payload)
    .uint64(2, fields.timestamp)
    .sint32(3, fields.rssi)
    .uint64(4, BigInt(fields.frequency))
    .int32(5, fields.datarate)
    .float(6, fields.snr)
    .int32(7, fields.region)
    .uint64(8, fields.holdTime)
    .bytes(9, keyBytes(fields.key))
    .bytes(10, fields.signature)
    .finish();
}

/** Canonical packet_router_register_v1: ascending tags, defaults omitted. */
export function encodeRegister(fields: RegisterFields): Uint8Array {
  return new CanonicalWriter()
    .uint64(1, fields.timestamp)
    .bytes(2, keyBytes(fields.key))
    .bytes(3, fields.signature)
    .uint64(4, fields.sessionCapable ? 1n : 0n)
    .uint64(5, BigInt(fields.packetAckInterval))
    .finish();
}

class CanonicalWriter {
  readonly #writer = new BinaryWriter();

  bytes(field: number, value: Uint8Array | undefined): this {
    if (value !== undefined && value.length > 0)
      this.#writer.tag(field, WireType.LengthDelimited).bytes(value);
    return this;
  }

  uint64(field: number, value: bigint): this {
    if (value !== 0n) this.#writer.tag(field, WireType.Varint).uint64(value);
    return this;
  }

  int32(field: number, value: number): this {
    if (value !== 0) this.#writer.tag(field, WireType.Varint).int32(value);
    return this;
  }

  float(field: number, value: number): this {
    // Minus zero is not the default: prost writes it.
    if (!Object.is(value, 0)) this.#writer.tag(field, WireType.Bit32).float(value);
    return this;
  }

  sint32(field: number, value: number): this {
    if (value !== 0) this.#writer.tag(field, WireType.Varint).sint32(value);
    return this;
  }

  finish(): Uint8Array {
    return this.#writer.finish();
  }
}
