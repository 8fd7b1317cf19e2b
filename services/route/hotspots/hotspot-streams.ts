import { millis, type HotspotKey } from '#protocol/units';
import { openPacket, openRegister, type Register } from '#protocol/wire/packet';
import type { ReceivedPacket } from '#services/route/hotspot-link';
import { envelopeOf, readEnvelope } from '../../runtime/grpc/envelope.ts';
import type { GrpcStream } from '../../runtime/grpc/grpc-stream.ts';
import type { Holds } from '../../runtime/grpc/holds.ts';
import { openLiveStreams } from '../../runtime/grpc/live-streams.ts';
import type { StreamMethod } from '../../runtime/grpc/methods.ts';
import { grpcRefusal } from '../../runtime/grpc/refusals.ts';
import { opened, type SessionRules } from '../../runtime/grpc/session-handshake.ts';
import { holdingRefused, openSessionStream, type SessionStream } from '../../runtime/grpc/session-stream.ts';

export const ROUTE_PATH = '/helium.packet_router.packet/route';

export interface HotspotStreams {
  /** Serves ROUTE_PATH. */
  readonly method: StreamMethod;
  /** Hotspots' streams that have a session. */
  readonly size: number;
  /** Sends a packet_router_packet_down_v1 on the newest stream of a hotspot; false where it has none. */
  send(key: HotspotKey, packetDown: Uint8Array): boolean;
  /**
   * Offers a new session on every stream, as when an epoch begins. Packets of the session before may come for a while
   * after the new one has begun; each is handed on with the index of the session that signed it.
   */
  reoffer(): void;
}

interface Live extends SessionStream {
  readonly stream: GrpcStream;
}

const FIELD = { register: 1, packet: 2, init: 3, packetDown: 1, offer: 2 } as const;
const FIELDS = { offer: FIELD.offer, init: FIELD.init, members: [FIELD.register, FIELD.packet, FIELD.init] };

/** packet_router.packet/route: register, offer, session_init, then packets up and down. */
export function openHotspotStreams(options: {
  readonly rules: SessionRules;
  readonly holds: Holds;
  readonly onPacket: (received: ReceivedPacket) => void;
  /** How long a stream may take to register. */
  readonly registerMs?: number;
}): HotspotStreams {
  const { rules, holds } = options;
  const live = openLiveStreams<Live>();

  const take = (session: SessionStream, bytes: Uint8Array): void => {
    const packet = opened(() => openPacket(bytes));
    const { index } = session.sessions.sessionOf(packet);
    options.onPacket({ packet, session: index, receivedAt: millis(rules.now()) });
  };

  const run = async (stream: GrpcStream, named: (key: HotspotKey) => void): Promise<void> => {
    const register = await readRegister(stream, options.registerMs ?? rules.initMs);
    const { key } = register;
    if (!rules.verify({ key, message: register.signedBytes, signature: register.signature }))
      throw grpcRefusal('bad_signature');
    // Only now: anybody may name a key.
    named(key);
    await rules.admit(key);
    if (!register.sessionCapable) throw grpcRefusal('session_expected');
    const entry: Live = {
      stream,
      ...openSessionStream({
        stream,
        rules,
        hotspot: key,
        fields: FIELDS,
        opened: () => {
          holds.forgive(key);
          live.add(key, entry);
        },
      }),
    };
    try {
      entry.offer();
      for (let member = await entry.next(); member !== null; member = await entry.next()) {
        if (member.field !== FIELD.packet) throw grpcRefusal('malformed_message', 'register twice');
        take(entry, member.bytes);
      }
    } finally {
      live.remove(key, entry);
    }
  };

  return {
    method: {
      kind: 'stream',
      run: async (stream) => {
        let name = stream.address;
        await holdingRefused(
          () =>
            run(stream, (key) => {
              name = key;
            }),
          { stream, holds, nameOf: () => name },
        );
      },
    },
    get size() {
      return live.size;
    },
    send: (key, packetDown) =>
      live.newest(key)?.stream.send(envelopeOf(FIELD.packetDown, packetDown)) ?? false,
    reoffer: () => {
      for (const each of live.all()) each.offer();
    },
  };
}

async function readRegister(stream: GrpcStream, ms: number): Promise<Register> {
  const message = await stream.read({ ms, late: () => grpcRefusal('no_register') });
  if (message === null) throw grpcRefusal('no_register');
  const member = readEnvelope(message, FIELDS.members);
  if (member?.field !== FIELD.register) throw grpcRefusal('malformed_message', 'expected a register');
  return opened(() => openRegister(member.bytes));
}
