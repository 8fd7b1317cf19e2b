import { randomBytes } from 'node:crypto';
import type { HotspotKey } from '#protocol/units';
import { createGrpcServer, openGrpcMetrics } from '../../runtime/grpc/grpc-server.ts';
import { HOLD_LIMITS, openHolds } from '../../runtime/grpc/holds.ts';
import { shareOnePort } from '../../runtime/grpc/one-port.ts';
import { GrpcRefusal } from '../../runtime/grpc/refusals.ts';
import { openBudget } from '../../runtime/budget.ts';
import { SESSION_TIMES, SESSIONS_A_MINUTE } from '../../runtime/grpc/session-handshake.ts';
import { verifySignature } from '../../runtime/signature.ts';
import { encodePacketDown } from '#services/route/downlinks/encode-packet-down';
import type { HotspotLink, HotspotLinkHandlers } from '#services/route/hotspot-link';
import { openHotspotStreams, ROUTE_PATH } from './hotspot-streams.ts';
import type { LinkStage } from '#services/route/start-route';

/** The streams of hotspots, on the port of the router's HTTP server. */
export function openHotspotLink(handlers: HotspotLinkHandlers, stage: LinkStage): HotspotLink {
  const { logger, metrics, server, now, isRegistered, maxStreams } = stage;
  const streams = openHotspotStreams({
    rules: {
      ...SESSION_TIMES,
      random: (bytes) => new Uint8Array(randomBytes(bytes)),
      verify: verifySignature,
      admit: (key) => (isRegistered(key) ? Promise.resolve() : Promise.reject(unregistered(key))),
      budget: openBudget(SESSIONS_A_MINUTE),
      appendSession: handlers.appendSession,
      now,
    },
    holds: openHolds(HOLD_LIMITS, now),
    onPacket: (received) => {
      handlers.onPacket(received);
    },
  });
  const grpc = createGrpcServer({
    methods: new Map([[ROUTE_PATH, streams.method]]),
    logger,
    metrics: openGrpcMetrics(metrics),
    // All hotspots that ingest passes on have its address.
    bounds: { all: maxStreams, perAddress: maxStreams },
  });
  shareOnePort(server, grpc);
  return {
    send: (hotspot, down) => streams.send(hotspot, encodePacketDown(down)),
    reoffer: () => {
      streams.reoffer();
    },
  };
}

function unregistered(key: HotspotKey): GrpcRefusal {
  return new GrpcRefusal({
    code: 'unknown_key',
    status: 'PERMISSION_DENIED',
    message: `The key ${key} is not registered, as far as this router has followed the chain; register it, then connect again.`,
  });
}
