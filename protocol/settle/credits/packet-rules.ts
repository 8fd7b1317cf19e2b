import type { Policy } from '../../policy.ts';
import { packetCredits } from '../../reward/credits.ts';
import { covers } from '../../route/route-request.ts';
import type { Registry, VerifySignature } from '../../verify/poc.ts';
import { isRegistered } from '../../verify/rules/participant.ts';
import type { LoraFrame } from '../../wire/lorawan.ts';
import type { PacketUp } from '../../wire/packet.ts';
import type { LoggedPacket } from './logged-packets.ts';
import type { PacketReason } from './packet-reasons.ts';

/** A packet as its rules see it. */
export interface PacketInQuestion extends LoggedPacket {
  /** What its disclosure opens to: null where that cannot be decoded, undefined where there is none. */
  readonly opened: { readonly packet: PacketUp; readonly frame: LoraFrame } | null | undefined;
  /** Whether its disclosure may be missing: others have judged by it, and they are believed. */
  readonly believed: boolean;
  /** Ids of its signed bytes, and of its frame on its route; of its commitment where there is no disclosure. */
  readonly packetId: string;
  readonly frameId: string | null;
}

/** What was counted before it, and what its epoch is judged by. */
export interface PacketContext {
  readonly registry: Registry;
  readonly policy: Pick<Policy, 'credit_bytes'>;
  readonly verify: VerifySignature;
  readonly seen: ReadonlySet<string>;
  readonly copies: ReadonlyMap<string, number>;
  /** What an owner has left. */
  readonly available: (owner: string) => bigint;
}

export interface PacketRule {
  readonly reason: PacketReason;
  /** Whether the packet does not count for this reason; rules before it had no objection. */
  readonly objects: (packet: PacketInQuestion, context: PacketContext) => boolean;
}

/** Routing.md, "What counts": the first that objects gives the reason. */
export const PACKET_RULES: readonly PacketRule[] = [
  {
    reason: 'unknown_hotspot',
    objects: ({ body, position }, { registry }) =>
      !isRegistered(registry.get(body.hotspot), position.receivedAt),
  },
  { reason: 'no_session', objects: ({ signer }) => signer === null },
  { reason: 'no_route', objects: ({ route }) => route === null },
  { reason: 'undisclosed', objects: ({ opened, believed }) => opened === undefined && !believed },
  {
    reason: 'malformed',
    objects: ({ opened, body }) =>
      opened === null || (opened !== undefined && opened.packet.key !== body.hotspot),
  },
  {
    reason: 'bad_signature',
    objects: ({ opened, signer }, { verify }) => {
      if (opened === null || opened === undefined) return false;
      const { signedBytes: message, signature } = opened.packet;
      return signer === null || !verify({ key: signer, message, signature });
    },
  },
  { reason: 'not_uplink', objects: ({ opened }) => opened?.frame.kind === 'other' },
  { reason: 'wrong_price', objects: hasWrongPrice },
  {
    reason: 'not_routed',
    objects: ({ opened, route }) =>
      opened?.frame.kind === 'data_up' && (route === null || !covers(route, opened.frame.devAddr)),
  },
  { reason: 'duplicate', objects: ({ packetId }, { seen }) => seen.has(packetId) },
  {
    reason: 'too_many_copies',
    objects: ({ frameId, route }, { copies }) =>
      frameId !== null && (copies.get(frameId) ?? 0) >= (route?.maxCopies ?? 0),
  },
  {
    reason: 'no_credits',
    objects: ({ body }, { available }) => body.credits > 0 && BigInt(body.credits) > available(body.owner),
  },
];

/** Without a disclosure it is not known whether the frame is a join request, which costs nothing. */
function hasWrongPrice({ body, opened, route }: PacketInQuestion, { policy }: PacketContext): boolean {
  const credits = BigInt(body.credits);
  if (route === null || body.credits > route.maxPacketCredits) return true;
  const price = packetCredits(body.size, policy);
  if (opened === null || opened === undefined) return credits !== 0n && credits !== price;
  if (body.size !== opened.packet.payload.length) return true;
  return credits !== (opened.frame.kind === 'data_up' ? price : 0n);
}
