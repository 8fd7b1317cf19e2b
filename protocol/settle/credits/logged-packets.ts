import type { EpochFacts } from '../../epoch.ts';
import { ProtocolError } from '../../errors.ts';
import type { OpenedEvidence } from '../../evidence/cut.ts';
import type { PacketBody } from '../../evidence/record.ts';
import {
  isRouteSigned,
  LONGEST_ROUTE_S,
  openRouteRequest,
  type RouteRequest,
} from '../../route/route-request.ts';
import type { HotspotKey } from '../../units.ts';
import type { Position, VerifySignature } from '../../verify/poc.ts';
import { comparePositions } from '../../verify/position.ts';
import { Sessions } from '../signer.ts';

/** A packet record of the epoch with what its log holds on it. */
export interface LoggedPacket {
  readonly position: Position;
  readonly body: PacketBody;
  /** The key that must have signed it; null where its session does not hold. */
  readonly signer: HotspotKey | null;
  /** null where its route does not hold. */
  readonly route: RouteRequest | null;
}

/** The packets received in an epoch, in the order of judgement. */
export function loggedPackets(input: {
  readonly facts: Pick<EpochFacts, 'network' | 'start' | 'end'>;
  readonly logs: readonly OpenedEvidence[];
  readonly verify: VerifySignature;
}): LoggedPacket[] {
  const packets = input.logs.flatMap((log) => packetsOf(log, input));
  return packets.sort((a, b) => comparePositions(a.position, b.position));
}

function packetsOf(
  log: OpenedEvidence,
  input: {
    readonly facts: Pick<EpochFacts, 'network' | 'start' | 'end'>;
    readonly verify: VerifySignature;
  },
): LoggedPacket[] {
  const { facts, verify } = input;
  const sessions = new Sessions({ sessions: log.sessions, verify });
  const routes = new Map<number, RouteRequest>();
  /** The highest sequence of each route so far. */
  const latest = new Map<string, number>();
  const packets: LoggedPacket[] = [];
  const inEpoch = (receivedAt: number | undefined): boolean =>
    receivedAt !== undefined && facts.start * 1000 < receivedAt && receivedAt <= facts.end * 1000;
  // In order of index: a route that came later than a packet says nothing about it.
  for (const { index, receivedAt, body } of log.records) {
    if (!inEpoch(receivedAt)) continue;
    if (body.kind === 'route') {
      const request = openedRoute(body, { network: facts.network, receivedAt, verify });
      if (request === null) continue;
      routes.set(index, request);
      latest.set(nameOf(request), Math.max(request.sequence, latest.get(nameOf(request)) ?? 0));
    }
    if (body.kind !== 'packet') continue;
    const { hotspot: key, session } = body;
    const signer = inEpoch(log.sessions.get(session)?.receivedAt)
      ? sessions.signerOf({ key, index, receivedAt, session })
      : null;
    const named = routes.get(body.route);
    const holds =
      named?.owner === body.owner &&
      named.devAddrs.length > 0 &&
      named.sequence === latest.get(nameOf(named)) &&
      receivedAt <= named.until * 1000;
    const position = { receivedAt, origin: log.origin, index };
    packets.push({ position, body, signer, route: holds ? named : null });
  }
  return packets;
}

function nameOf({ owner, route }: RouteRequest): string {
  return `${owner} ${route}`;
}

function openedRoute(
  body: { readonly request: Uint8Array; readonly signature: Uint8Array },
  of: {
    readonly network: RouteRequest['network'];
    readonly receivedAt: number;
    readonly verify: VerifySignature;
  },
): RouteRequest | null {
  const { request: bytes, signature } = body;
  try {
    const request = openRouteRequest(bytes);
    if (request.network !== of.network) return null;
    if (request.until * 1000 > of.receivedAt + LONGEST_ROUTE_S * 1000) return null;
    return isRouteSigned({ owner: request.owner, bytes, signature }, of.verify) ? request : null;
  } catch (error) {
    if (error instanceof ProtocolError) return null;
    throw error;
  }
}
