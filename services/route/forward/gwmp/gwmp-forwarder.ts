import type { HotspotKey } from '#protocol/units';
import type { ForwardContext, Forwarder } from '../forwarder.ts';
import { requireTargetHost } from '../target.ts';
import { openGwmpSocket, type GwmpSocket } from './gwmp-socket.ts';

/** How many sockets all routes together may hold. */
export interface SocketBudget {
  take(): boolean;
  release(): void;
}

export function openSocketBudget(limit: number): SocketBudget {
  let taken = 0;
  return {
    take: () => taken < limit && (taken += 1) > 0,
    release: () => {
      taken -= 1;
    },
  };
}

/** A server that needs the hotspot no more for a device's answer needs no socket of its either. */
const IDLE_MS = 600_000;
const SWEEP_MS = 30_000;

/** Semtech UDP to `host`:`port`, as that many packet forwarders. */
export function openGwmpForwarder(options: {
  readonly host: string;
  readonly port: number;
  readonly context: ForwardContext;
  readonly budget: SocketBudget;
  /** Of this route alone, so that one cannot take them all. */
  readonly maxSockets?: number;
  readonly idleMs?: number;
}): Forwarder {
  const { context, budget, maxSockets = 1024, idleMs = IDLE_MS } = options;
  requireTargetHost(options.host, context.rules);
  /** Least recently used first. */
  const sockets = new Map<HotspotKey, GwmpSocket>();
  const drop = (hotspot: HotspotKey, socket: GwmpSocket): void => {
    sockets.delete(hotspot);
    budget.release();
    void socket.close();
  };
  const dropOldest = (): boolean => {
    const [oldest] = sockets;
    if (oldest === undefined) return false;
    drop(...oldest);
    return true;
  };
  const socketOf = (hotspot: HotspotKey): GwmpSocket | null => {
    const known = sockets.get(hotspot);
    if (known !== undefined && known.usedAt > -Infinity) {
      sockets.delete(hotspot);
      sockets.set(hotspot, known);
      return known;
    }
    if (known !== undefined) drop(hotspot, known);
    if (sockets.size >= maxSockets) dropOldest();
    if (!budget.take() && !(dropOldest() && budget.take())) return null;
    const opened = openGwmpSocket({ ...options, hotspot });
    sockets.set(hotspot, opened);
    return opened;
  };
  const sweeper = setInterval(
    () => {
      const before = context.now() - idleMs;
      for (const [hotspot, socket] of sockets) if (socket.usedAt < before) drop(hotspot, socket);
    },
    Math.min(SWEEP_MS, idleMs),
  );
  sweeper.unref();
  return {
    forward: (uplink) => {
      const socket = socketOf(uplink.hotspot);
      if (socket === null) context.count('dropped');
      else socket.push(uplink);
    },
    close: () => {
      clearInterval(sweeper);
      for (const [hotspot, socket] of sockets) drop(hotspot, socket);
    },
  };
}
