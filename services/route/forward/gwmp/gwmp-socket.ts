import { createSocket, type Socket } from 'node:dgram';
import type { LookupAddress } from 'node:dns';
import { isIPv6 } from 'node:net';
import type { HotspotKey } from '#protocol/units';
import type { Closeable } from '../../../runtime/shutdown.ts';
import type { Uplink } from '#services/route/uplinks/uplink';
import type { ForwardContext } from '../forwarder.ts';
import { gatewayEui } from '../gateway-eui.ts';
import { resolveTarget } from '../target.ts';
import {
  decodeServerMessage,
  downlinkOf,
  encodePullData,
  encodePushData,
  encodeTxAck,
} from './gwmp-codec.ts';

/** One hotspot towards one server: PULL_RESP names no gateway, so that each needs a port of its own. */
export interface GwmpSocket extends Closeable {
  push(uplink: Uplink): void;
  /** ms, when the last packet went. */
  readonly usedAt: number;
}

const KEEP_ALIVE_MS = 10_000;
/** Packets that wait until the target's name has an address. */
const MAX_WAITING = 16;

export function openGwmpSocket(options: {
  readonly hotspot: HotspotKey;
  readonly host: string;
  readonly port: number;
  readonly context: ForwardContext;
}): GwmpSocket {
  const { hotspot, host, port, context } = options;
  const eui = gatewayEui(hotspot);
  const waiting: Uplink[] = [];
  let socket: Socket | null = null;
  let timer: NodeJS.Timeout | null = null;
  let usedAt = context.now();
  let closed = false;

  const send = (to: Socket, datagram: Buffer, done?: () => void): void => {
    to.send(datagram, (error) => {
      // Nothing listens there: the kernel says so at the next packet.
      if (error !== null) context.count('failed');
      else done?.();
    });
  };
  const sendUplink = (to: Socket, uplink: Uplink): void => {
    send(to, encodePushData(eui, uplink), () => {
      context.count('sent');
    });
  };
  const answer = (from: Socket, datagram: Buffer): void => {
    const message = decodeServerMessage(datagram);
    if (message === null) context.count('malformed');
    if (message?.kind !== 'pull_resp') return;
    const { request, token } = message;
    if (request.refused === 'malformed') context.count('malformed');
    const outcome = request.refused ?? context.sendDownlink(downlinkOf(hotspot, request));
    send(from, encodeTxAck(eui, token, outcome));
  };
  const open = async (): Promise<void> => {
    const opened = await connectTo(await resolveTarget(host, context.rules), port);
    opened.on('error', () => {
      context.count('failed');
    });
    opened.on('message', (datagram) => {
      answer(opened, datagram);
    });
    if (closed) {
      opened.close();
      return;
    }
    socket = opened;
    send(opened, encodePullData(eui));
    timer = setInterval(() => {
      send(opened, encodePullData(eui));
    }, KEEP_ALIVE_MS);
    timer.unref();
    for (const uplink of waiting.splice(0)) sendUplink(opened, uplink);
  };
  open().catch((error: unknown) => {
    context.logger.debug({ error, ...context.of }, 'a GWMP target cannot be spoken to');
    waiting.splice(0).forEach(() => {
      context.count('refused');
    });
    // Looked up anew with the next packet.
    closed = true;
  });
  return {
    get usedAt() {
      return closed ? -Infinity : usedAt;
    },
    push: (uplink) => {
      usedAt = context.now();
      if (socket !== null) sendUplink(socket, uplink);
      else if (closed) context.count('refused');
      else {
        if (waiting.push(uplink) <= MAX_WAITING) return;
        waiting.shift();
        context.count('dropped');
      }
    },
    close: () => {
      closed = true;
      if (timer !== null) clearInterval(timer);
      socket?.close();
      socket = null;
    },
  };
}

/** A socket to the first address to which there is a way; rejects with what the last one said. */
async function connectTo(addresses: readonly LookupAddress[], port: number): Promise<Socket> {
  let problem: unknown = null;
  for (const { address } of addresses) {
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    socket.unref();
    try {
      // Connected: the kernel drops what comes from anywhere else.
      await new Promise<void>((resolve, reject) => {
        socket.once('error', reject);
        socket.connect(port, address, (error?: Error) => {
          socket.removeListener('error', reject);
          if (error === undefined) resolve();
          else reject(error);
        });
      });
      return socket;
    } catch (error) {
      problem = error;
      socket.close();
    }
  }
  throw problem;
}
