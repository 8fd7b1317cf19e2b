import type { HotspotKey } from '#protocol/units';
import { keyBytes } from '#protocol/wire/key';

/**
 * The EUI under which a network server knows a hotspot: XXH64 of its binary key, as Helium's packet router makes it, so
 * that servers which knew a hotspot there know it here. 16 hex digits.
 */
export function gatewayEui(key: HotspotKey): string {
  const known = EUIS.get(key);
  if (known !== undefined) return known;
  const eui = xxh64(keyBytes(key)).toString(16).padStart(16, '0');
  if (EUIS.size >= KNOWN) EUIS.clear();
  EUIS.set(key, eui);
  return eui;
}

const EUIS = new Map<HotspotKey, string>();
const KNOWN = 65_536;

const P1 = 0x9e3779b185ebca87n;
const P2 = 0xc2b2ae3d27d4eb4fn;
const P3 = 0x165667b19e3779f9n;
const P4 = 0x85ebca77c2b2ae63n;
const P5 = 0x27d4eb2f165667c5n;

/** XXH64 with seed 0. */
export function xxh64(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  let hash = P5;
  if (bytes.length >= 32) {
    let lanes = [P1 + P2, P2, 0n, -P1].map(u64);
    for (; at + 32 <= bytes.length; at += 32)
      lanes = lanes.map((lane, number) => round(lane, view.getBigUint64(at + number * 8, true)));
    hash = lanes.reduce((sum, lane, number) => u64(sum + rotate(lane, ROTATIONS[number] ?? 0n)), 0n);
    for (const lane of lanes) hash = u64((hash ^ round(0n, lane)) * P1 + P4);
  }
  hash = u64(hash + BigInt(bytes.length));
  for (; at + 8 <= bytes.length; at += 8)
    hash = u64(rotate(hash ^ round(0n, view.getBigUint64(at, true)), 27n) * P1 + P4);
  if (at + 4 <= bytes.length) {
    hash = u64(rotate(hash ^ u64(BigInt(view.getUint32(at, true)) * P1), 23n) * P2 + P3);
    at += 4;
  }
  for (; at < bytes.length; at += 1) hash = u64(rotate(hash ^ u64(BigInt(view.getUint8(at)) * P5), 11n) * P1);
  hash = u64((hash ^ (hash >> 33n)) * P2);
  hash = u64((hash ^ (hash >> 29n)) * P3);
  return hash ^ (hash >> 32n);
}

const ROTATIONS = [1n, 7n, 12n, 18n];

function round(lane: bigint, input: bigint): bigint {
  return u64(rotate(u64(lane + u64(input * P2)), 31n) * P1);
}

function rotate(value: bigint, by: bigint): bigint {
  return u64((value << by) | (value >> (64n - by)));
}

function u64(value: bigint): bigint {
  return BigInt.asUintN(64, value);
}
