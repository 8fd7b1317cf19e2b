import { create, toBinary, type DescMessage, type MessageShape } from '@bufbuild/protobuf';
import type { HotspotKey } from '#protocol/units';
import { dataRateNumber } from '#protocol/wire/data-rate';
import { encodeSessionInit } from '#protocol/wire/encode';
import { keyBytes } from '#protocol/wire/key';
import { gateway_region_params_req_v1Schema } from '../../runtime/grpc/generated/iot_config_pb.js';
import {
  packet_router_packet_up_v1Schema,
  packet_router_register_v1Schema,
} from '../../runtime/grpc/generated/packet_router_pb.js';
import type { Reception } from '#services/simulate/medium/radio';
import type { KeyPair, Sign } from './identity.ts';

/*
 * Messages that a hotspot signs, byte for byte as gateway-rs encodes them: the signature is over the message without it,
 * ascending tags, defaults omitted.
 */

/** Asks for channel plan, power and clock; `region` is the number of the one that it used last. */
export function regionRequest(by: KeyPair, region: number): Uint8Array {
  const fields = { region, address: keyBytes(by.key) };
  return signed(gateway_region_params_req_v1Schema, fields, by.sign);
}

/** Vouches for a session key, on report streams and to routers alike: the messages have the same form. */
export function sessionInit(
  by: KeyPair,
  of: { readonly nonce: Uint8Array; readonly sessionKey: HotspotKey },
): Uint8Array {
  const fields = { ...of, key: by.key };
  return encodeSessionInit({ ...fields, signature: by.sign(encodeSessionInit(fields)) });
}

/** First message to a router. */
export function routerRegister(by: KeyPair, now: number): Uint8Array {
  const fields = { timestamp: BigInt(now), gateway: keyBytes(by.key), sessionCapable: true };
  return signed(packet_router_register_v1Schema, fields, by.sign);
}

/** A device's frame as it goes up to a router. */
export function packetUp(
  of: Reception & {
    readonly key: HotspotKey;
    readonly payload: Uint8Array;
    readonly tmst: number;
    /** Hz */
    readonly frequency: number;
    readonly datarate: string;
    /** Number of the region in force. */
    readonly region: number;
    /** Milliseconds that it waited for the router. */
    readonly holdTime: number;
  },
  sign: Sign,
): Uint8Array {
  const fields = {
    payload: of.payload,
    timestamp: BigInt(of.tmst),
    rssi: of.rssi,
    frequency: of.frequency,
    datarate: dataRateNumber(of.datarate),
    snr: of.snr,
    region: of.region,
    holdTime: BigInt(of.holdTime),
    gateway: keyBytes(of.key),
  };
  return signed(packet_router_packet_up_v1Schema, fields, sign);
}

/** A message in the one field of an envelope that is set. */
export function inEnvelope(field: number, message: Uint8Array): Uint8Array {
  const head = [8 * field + 2];
  for (let left = message.length; ; left >>>= 7) {
    head.push(left > 0x7f ? (left & 0x7f) | 0x80 : left);
    if (left <= 0x7f) break;
  }
  return Buffer.concat([Uint8Array.from(head), message]);
}

/** Enums as plain numbers: what is in no enum is sent all the same. */
type Fields<Desc extends DescMessage> = {
  readonly [Name in keyof MessageShape<Desc>]?: MessageShape<Desc>[Name] extends number
    ? number
    : MessageShape<Desc>[Name];
};

function signed<Desc extends DescMessage>(schema: Desc, fields: Fields<Desc>, sign: Sign): Uint8Array {
  const message = Object.assign(create(schema), fields);
  const signature = sign(toBinary(schema, message));
  return toBinary(schema, Object.assign(message, { signature }));
}
