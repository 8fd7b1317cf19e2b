import { ed25519 } from '@noble/curves/ed25519.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { base58, hex } from '@scure/base';
import type { EvidenceBody, PacketBody } from '#protocol/evidence/record';
import { commitmentOf, type Disclosure } from '#protocol/route/disclosure';
import { encodeRouteRequest, routeMessage, type RouteRequest } from '#protocol/route/route-request';
import type { Address, Hash } from '#protocol/units';
import { encodePacket } from '#protocol/wire/encode';
import type { TestLog } from './log.ts';
import { GENESIS, sessionInit, testKey, type TestHotspot, type TestKey } from './world.ts';

/** An owner of routes, whose secret is the hash of its name. */
export interface TestOwner {
  readonly address: Address;
  readonly secret: Uint8Array;
}

export function testOwner(name: string): TestOwner {
  const secret = sha256(utf8ToBytes(`owner ${name}`));
  return { secret, address: base58.encode(ed25519.getPublicKey(secret)) as Address };
}

/** A data frame up of a DevAddr; the counter makes it another one. */
export function dataFrame(devAddr: number, counter: number, bytes = 17): Uint8Array {
  const frame = new Uint8Array(bytes);
  const view = new DataView(frame.buffer);
  view.setUint8(0, 0x40);
  view.setUint32(1, devAddr, true);
  view.setUint16(6, counter, true);
  return frame;
}

/** The bytes that a hotspot's session sends to its router. */
export function packetBytes(hotspot: TestKey, session: TestKey, payload: Uint8Array): Uint8Array {
  const fields = {
    key: hotspot.key,
    payload,
    timestamp: 1n,
    rssi: -88,
    frequency: 868_100_000,
    datarate: 5,
    snr: 5.5,
    region: 1,
    holdTime: 0n,
  };
  return encodePacket({ ...fields, signature: ed25519.sign(encodePacket(fields), session.secret) });
}

/**
 * What a router appends to its log and keeps besides. TestLog has records by time: whoever appends out of order has other
 * indexes than these.
 */
export class TestRouter {
  readonly log: TestLog;
  readonly network: Address;
  readonly disclosures: Disclosure[] = [];
  #index: number;

  constructor(input: { readonly log: TestLog; readonly network: Address; readonly from?: number }) {
    this.log = input.log;
    this.network = input.network;
    this.#index = input.from ?? 0;
  }

  append(receivedAt: number, body: EvidenceBody): number {
    this.log.add({ receivedAt, body });
    return this.#index++;
  }

  /** Somebody else has appended a record. */
  skip(): void {
    this.#index += 1;
  }

  session(hotspot: TestHotspot, at: number, session: TestKey = testKey(`session ${hotspot.key}`)): number {
    const nonce = sha256(utf8ToBytes(`nonce ${hotspot.key} ${at}`));
    return this.append(at, { kind: 'session_init', nonce, init: sessionInit(hotspot, session, nonce) });
  }

  route(
    owner: TestOwner,
    at: number,
    of: Partial<RouteRequest> & { readonly signer?: TestOwner } = {},
  ): number {
    const { signer = owner, ...fields } = of;
    const request = encodeRouteRequest({
      network: this.network,
      owner: owner.address,
      route: 'meters',
      sequence: 1,
      until: GENESIS + 86_400,
      devAddrs: [[0x26000000, 0x260000ff]],
      maxCopies: 2,
      maxPacketCredits: 100,
      private: 'ab'.repeat(32) as Hash,
      ...fields,
    });
    return this.append(at, {
      kind: 'route',
      request,
      signature: ed25519.sign(routeMessage(request), signer.secret),
    });
  }

  /** A packet that counts, unless something of it is said otherwise. */
  packet(input: {
    readonly at: number;
    readonly hotspot: TestHotspot;
    readonly owner: TestOwner;
    readonly session: number;
    readonly route: number;
    readonly payload?: Uint8Array;
    readonly bytes?: Uint8Array;
    readonly body?: Partial<PacketBody>;
    readonly isWithheld?: boolean;
  }): Disclosure {
    const { hotspot, owner, session, route } = input;
    const payload = input.payload ?? dataFrame(0x26000001, this.disclosures.length);
    const packet = input.bytes ?? packetBytes(hotspot, testKey(`session ${hotspot.key}`), payload);
    const salt = sha256(utf8ToBytes(`salt ${this.#index}`));
    const disclosure = { salt, packet };
    if (input.isWithheld !== true) this.disclosures.push(disclosure);
    this.append(input.at, {
      kind: 'packet',
      commitment: hex.decode(commitmentOf(disclosure)),
      size: payload.length,
      credits: Math.ceil(payload.length / 24),
      hotspot: hotspot.key,
      owner: owner.address,
      session,
      route,
      ...input.body,
    });
    return disclosure;
  }
}
