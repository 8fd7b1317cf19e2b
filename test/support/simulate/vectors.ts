import { readFileSync } from 'node:fs';
import { fromHex } from '#protocol/wire/hex';
import { keyPairOfFile, type KeyPair } from '#services/simulate/hotspot/identity';
import type { HotspotKey } from '#protocol/units';

/** One message of a real hotspot; bytes in hex. */
export interface Vector {
  readonly id: string;
  readonly kind: string;
  readonly gateway_rs: string;
  readonly key_type: 'ed25519' | 'ecc_compact';
  readonly signer_is: 'gateway' | 'session';
  readonly via: 'stream' | 'unary';
  readonly raw: string;
  readonly envelope?: string;
  readonly signed_bytes: string;
  readonly signature: string;
  /** Of beacons. */
  readonly entropy_timestamp?: number;
  readonly decoded: Readonly<Record<string, string | number | boolean>>;
}

interface File {
  readonly server: { readonly seed: string; readonly bin: HotspotKey };
  readonly gateways: readonly { readonly bin: HotspotKey; readonly key_file: string }[];
  readonly vectors: readonly Vector[];
  readonly server_messages: readonly {
    readonly id: string;
    readonly raw: string;
    readonly accepted_by_client?: boolean;
  }[];
  readonly udp: readonly { readonly id: string; readonly from: string; readonly hex: string }[];
}

export const VECTORS = JSON.parse(
  readFileSync(new URL('../../vectors/gateway-rs.json', import.meta.url), 'utf8'),
) as File;

/** Key pairs of the real hotspots, from their key files. */
export const KEY_PAIRS: ReadonlyMap<HotspotKey, KeyPair> = new Map(
  VECTORS.gateways.map(({ bin, key_file }) => [bin, keyPairOfFile(fromHex(key_file))]),
);

export function ofKind(kind: string): readonly Vector[] {
  return VECTORS.vectors.filter((vector) => vector.kind === kind);
}

export function serverMessage(id: string): Uint8Array {
  const found = VECTORS.server_messages.find((message) => message.id === id);
  if (found === undefined) throw new Error(`no server message ${id}`);
  return fromHex(found.raw);
}

export function datagram(id: string): Buffer {
  const found = VECTORS.udp.find((each) => each.id === id);
  if (found === undefined) throw new Error(`no datagram ${id}`);
  return Buffer.from(found.hex, 'hex');
}
