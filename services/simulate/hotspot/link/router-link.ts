import { fromBinary } from '@bufbuild/protobuf';
import { envelope_down_v1Schema, type window_v1 } from '../../../runtime/grpc/generated/packet_router_pb.js';
import { dataRateName } from '#protocol/wire/data-rate';
import type { Clock } from '#services/simulate/medium/clock';
import type { Random } from '#services/simulate/medium/random';
import type { Reception } from '#services/simulate/medium/radio';
import type { Channel } from './grpc-channel.ts';
import type { KeyPair } from '../identity.ts';
import { inEnvelope, packetUp, routerRegister } from '../messages.ts';
import { openSessionLink, type LinkCounts } from './session-link.ts';

const FIELDS = { register: 1, packet: 2, session_init: 3 } as const;
/** Packets that wait for a session, and how long. */
const QUEUE = 20;
const QUEUE_MS = 60_000;

/** A device's frame that was heard. */
export interface Packet extends Reception {
  readonly payload: Uint8Array;
  readonly tmst: number;
  readonly frequency: number;
  readonly datarate: string;
  readonly region: number;
}

/** When and how a downlink may be sent. */
export interface DownlinkWindow {
  /** By the concentrator's counter; null: at once. */
  readonly tmst: number | null;
  readonly frequency: number;
  readonly datarate: string;
}

export interface Downlink {
  readonly payload: Uint8Array;
  readonly rx1: DownlinkWindow | null;
  readonly rx2: DownlinkWindow | null;
}

export interface RouterLink {
  readonly counts: Readonly<LinkCounts>;
  /** Sends now, or when there is a session; the wait is told as its hold time. */
  readonly packet: (packet: Packet) => void;
  readonly close: () => void;
}

/** The packet router's stream: register as soon as there are headers, a session for each offer, then packets both ways. */
export function openRouterLink(options: {
  readonly channel: Channel;
  readonly identity: KeyPair;
  readonly clock: Clock;
  readonly random: Random;
  readonly onDownlink: (downlink: Downlink) => void;
}): RouterLink {
  const { identity, clock } = options;
  const waiting: { readonly packet: Packet; readonly since: number }[] = [];
  const flush = (): void => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { packet, since } = next;
      const holdTime = Math.floor(clock.now() - since);
      if (holdTime > QUEUE_MS) continue;
      link.send(FIELDS.packet, ({ sign }) => packetUp({ ...packet, key: identity.key, holdTime }, sign));
    }
  };
  const link = openSessionLink({
    ...options,
    protocol: {
      path: '/helium.packet_router.packet/route',
      initField: FIELDS.session_init,
      greeting: () => inEnvelope(FIELDS.register, routerRegister(identity, Math.floor(clock.now()))),
      offeredNonce: routerNonce,
      onMessage: (message) => {
        const downlink = openDownlink(message);
        if (downlink !== null) options.onDownlink(downlink);
      },
    },
    onSession: flush,
  });
  return {
    counts: link.counts,
    packet: (packet) => {
      waiting.push({ packet, since: clock.now() });
      if (waiting.length > QUEUE) waiting.shift();
      if (link.session() !== null) flush();
    },
    close: link.close,
  };
}

/** The nonce of a router's offer; what cannot be decoded is none. */
export function routerNonce(message: Uint8Array): Uint8Array | null {
  const data = envelopeOf(message);
  return data?.case === 'sessionOffer' ? data.value.nonce : null;
}

/** A packet that a router sends down; null for anything else. */
export function openDownlink(message: Uint8Array): Downlink | null {
  const data = envelopeOf(message);
  if (data?.case !== 'packet') return null;
  const { payload, rx1, rx2 } = data.value;
  return { payload, rx1: windowOf(rx1), rx2: windowOf(rx2) };
}

function envelopeOf(message: Uint8Array) {
  try {
    return fromBinary(envelope_down_v1Schema, message).data;
  } catch {
    return null;
  }
}

function windowOf(window: window_v1 | undefined): DownlinkWindow | null {
  const datarate = window === undefined ? null : dataRateName(window.datarate);
  if (window === undefined || datarate === null) return null;
  const tmst = window.immediate ? null : Number(window.timestamp & 0xffff_ffffn);
  return { tmst, frequency: window.frequency, datarate };
}
