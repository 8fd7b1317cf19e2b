import { createHash } from 'node:crypto';
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import type { Antenna } from '#services/simulate/medium/radio';

/** Where a gateway-rs process listens for its forwarder, and where its antenna is. */
export interface Gateway {
  readonly host: string;
  readonly port: number;
  readonly eui: Uint8Array;
  readonly antenna: Antenna;
}

/** What cannot be taken for gateways, and why. */
export class GatewaysError extends Error {
  readonly code = 'unusable_gateways';

  constructor(reason: string) {
    super(`the gateways cannot be used: ${reason}`);
    this.name = 'GatewaysError';
  }
}

const places = Compile(
  Type.Array(
    Type.Object({
      latitude: Type.Number({ minimum: -90, maximum: 90 }),
      longitude: Type.Number({ minimum: -180, maximum: 180 }),
      /** Metres; 20 unless it is said. */
      elevation: Type.Optional(Type.Number({ minimum: 0, maximum: 9_000 })),
      /** dBi x10; 12 unless it is said. */
      gain: Type.Optional(Type.Integer({ minimum: 0, maximum: 150 })),
    }),
  ),
);

/** Gateways by their addresses, each with a place of a list in the same order. */
export function gatewaysOf(addresses: readonly string[], list: unknown): readonly Gateway[] {
  if (!places.Check(list))
    throw new GatewaysError('expected a list of { latitude, longitude, elevation?, gain? }');
  if (list.length < addresses.length)
    throw new GatewaysError(`${addresses.length} addresses and ${list.length} places`);
  return addresses.map((address, at) => {
    const [, host = '', text = ''] = /^\[?([^\]]+)\]?:(\d{1,5})$/.exec(address) ?? [];
    const port = Number(text);
    const place = list[at];
    if (host === '' || port < 1 || port > 65_535 || place === undefined)
      throw new GatewaysError(`${address} is not HOST:PORT`);
    const { latitude, longitude, elevation = 20, gain = 12 } = place;
    const eui = createHash('sha256').update(address).digest().subarray(0, 8);
    return { host, port, eui, antenna: { place: { latitude, longitude }, elevation, gain } };
  });
}
