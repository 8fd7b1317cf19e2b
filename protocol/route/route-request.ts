import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { base58 } from '@scure/base';
import { ProtocolError } from '../errors.ts';
import { canonicalJson, openCanonicalJson } from '../settle/bytes/canonical-json.ts';
import { JsonFields } from '../settle/json-fields.ts';
import type { Address, Hash, HotspotKey } from '../units.ts';
import type { VerifySignature } from '../verify/poc.ts';
import { hashOf, toHex } from '../wire/hex.ts';
import { devAddrText } from '../wire/lorawan.ts';

/** First and last DevAddr, u32, both included. */
export type DevAddrRange = readonly [first: number, last: number];

/** What an owner buys, as it signs it (routing.md, "Routes"); the private part stands in it as a hash alone. */
export interface RouteRequest {
  readonly network: Address;
  readonly owner: Address;
  /** Its name among the owner's. */
  readonly route: string;
  /** Of the requests for one route the highest holds. */
  readonly sequence: number;
  /** Seconds since the Unix epoch; afterwards the route is void. */
  readonly until: number;
  /** Ascending and disjoint; none at all revokes the route. */
  readonly devAddrs: readonly DevAddrRange[];
  readonly maxCopies: number;
  readonly maxPacketCredits: number;
  /** Of the part that goes to the router alone (`privatePartHash`). */
  readonly private: Hash;
}

/** `until` is at most so many seconds after the request's reception. */
export const LONGEST_ROUTE_S: number = 400 * 86_400;
const MOST_RANGES = 1024;
/** 1,024 ranges take 24 KiB. */
const MOST_BYTES = 32_768;
const MOST_COPIES = 16;
const VERSION = 1;
const FIELDS = [
  'version',
  'network',
  'owner',
  'route',
  'sequence',
  'until',
  'dev_addrs',
  'max_copies',
  'max_packet_credits',
  'private',
] as const;
const DOMAIN = utf8ToBytes('coverant/route/v1');
const json = new JsonFields('malformed_route');

/** The canonical JSON (RFC 8785) that the owner signs. */
export function encodeRouteRequest(request: RouteRequest): Uint8Array {
  return canonicalJson({
    version: VERSION,
    network: request.network,
    owner: request.owner,
    route: request.route,
    sequence: request.sequence,
    until: request.until,
    dev_addrs: request.devAddrs.map(([first, last]) => [devAddrText(first), devAddrText(last)]),
    max_copies: request.maxCopies,
    max_packet_credits: request.maxPacketCredits,
    private: request.private,
  });
}

/** Inverse of `encodeRouteRequest`; malformed_route names the field of whatever it would not have written. */
export function openRouteRequest(bytes: Uint8Array): RouteRequest {
  if (bytes.length > MOST_BYTES)
    throw new ProtocolError('malformed_route', { bytes: bytes.length, limit: MOST_BYTES });
  const value = openCanonicalJson(bytes);
  if (value === undefined) throw json.refusal('request', 'canonical JSON', value);
  const field = json.object(value, 'request', FIELDS);
  json.integer(field('version'), 'version', { least: VERSION, most: VERSION });
  const whole = (name: (typeof FIELDS)[number], least: number, most: number): number =>
    json.integer(field(name), name, { least, most });
  return {
    network: addressOf(field('network'), 'network'),
    owner: addressOf(field('owner'), 'owner'),
    route: json.text(field('route'), 'route', /^[a-z0-9-]{1,32}$/),
    sequence: whole('sequence', 0, Number.MAX_SAFE_INTEGER),
    until: whole('until', 0, Number.MAX_SAFE_INTEGER),
    devAddrs: rangesOf(field('dev_addrs')),
    maxCopies: whole('max_copies', 1, MOST_COPIES),
    maxPacketCredits: whole('max_packet_credits', 0, 0xffff_ffff),
    private: json.text(field('private'), 'private', /^[0-9a-f]{64}$/) as Hash,
  };
}

/** The bytes that the owner's key signs. */
export function routeMessage(request: Uint8Array): Uint8Array {
  return concatBytes(DOMAIN, request);
}

/** Whether the owner that a request names signed exactly these bytes. */
export function isRouteSigned(
  request: { readonly owner: Address; readonly bytes: Uint8Array; readonly signature: Uint8Array },
  verify: VerifySignature,
): boolean {
  const { owner, bytes, signature } = request;
  return verify({ key: addressKey(owner), message: routeMessage(bytes), signature });
}

/** A Solana address as the ed25519 key that it is, for whoever verifies signatures. */
export function addressKey(address: Address): HotspotKey {
  return `01${toHex(base58.decode(address))}` as HotspotKey;
}

/** Whether a data frame of this DevAddr is a route's. */
export function covers(route: Pick<RouteRequest, 'devAddrs'>, devAddr: number): boolean {
  let [low, high] = [0, route.devAddrs.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const [first, last] = route.devAddrs[middle] ?? [0, 0];
    if (devAddr < first) high = middle;
    else if (devAddr > last) low = middle + 1;
    else return true;
  }
  return false;
}

/** What `private` names: SHA-256 of the private part's canonical JSON. */
export function privatePartHash(part: unknown): Hash {
  return hashOf(sha256(canonicalJson(part)));
}

function rangesOf(value: unknown): readonly DevAddrRange[] {
  const list = json.list(value, 'dev_addrs');
  if (list.length > MOST_RANGES)
    throw json.refusal('dev_addrs', `at most ${MOST_RANGES} ranges`, list.length);
  let before = -1;
  return list.map((entry, at) => {
    const path = `dev_addrs.${at}`;
    const ends = json.list(entry, path);
    if (ends.length !== 2) throw json.refusal(path, 'a first and a last DevAddr', ends.length);
    const [first = 0, last = 0] = ends.map((end) =>
      Number.parseInt(json.text(end, path, /^[0-9a-f]{8}$/), 16),
    );
    if (first <= before || last < first)
      throw json.refusal(path, 'ascending and disjoint ranges', devAddrText(first));
    before = last;
    return [first, last] as const;
  });
}

function addressOf(value: unknown, path: string): Address {
  const text = json.text(value, path, /^[1-9A-HJ-NP-Za-km-z]{32,44}$/);
  if (base58.decode(text).length !== 32) throw json.refusal(path, 'an address of 32 bytes', text);
  return text as Address;
}
