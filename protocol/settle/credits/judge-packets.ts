import { sha256Hex, type Sha256Hex } from '../../crypto/sha256-hex.ts';
import type { EpochFacts } from '../../epoch.ts';
import { ProtocolError } from '../../errors.ts';
import type { OpenedEvidence } from '../../evidence/cut.ts';
import type { PacketBody } from '../../evidence/record.ts';
import type { Policy } from '../../policy.ts';
import type { Disclosure, Disclosures } from '../../route/disclosure.ts';
import type { HotspotKey } from '../../units.ts';
import type { Position, VerifySignature } from '../../verify/poc.ts';
import { toHex } from '../../wire/hex.ts';
import { openFrame } from '../../wire/lorawan.ts';
import { openPacket } from '../../wire/packet.ts';
import type { RegistryTable } from '../registry.ts';
import type { EpochState } from '../state.ts';
import type { CreditsLeaf } from './credits-tree.ts';
import { loggedPackets, type LoggedPacket } from './logged-packets.ts';
import { PACKET_REASONS, packetReasonOf, type PacketReason } from './packet-reasons.ts';
import { PACKET_RULES, type PacketContext, type PacketInQuestion } from './packet-rules.ts';
import { addressHex } from './address-hex.ts';

/** What an epoch's packets are judged by: all disclosures at hand, or what others found with theirs. */
export type PacketEvidence =
  | { readonly kind: 'disclosed'; readonly disclosures: Disclosures }
  | {
      readonly kind: 'published';
      /** One byte of packets.bin for every packet record, in the order of judgement. */
      readonly reasons: readonly number[];
      /** Some of them: no packet that one of these speaks against counts. */
      readonly disclosures?: Disclosures;
    };

/** A packet with its verdict; null: it counts. */
export interface JudgedPacket {
  readonly position: Position;
  readonly body: PacketBody;
  readonly reason: PacketReason | null;
  /** Whether its reason, or that there is none, was believed for want of a disclosure. */
  readonly believed: boolean;
}

export interface JudgedPackets {
  /** Every packet record of the epoch, in the order of judgement. */
  readonly packets: readonly JudgedPacket[];
  /** Counted credits of each hotspot. */
  readonly credits: ReadonlyMap<HotspotKey, bigint>;
  /** Counted credits of each owner in hex ever, this epoch included. */
  readonly settled: ReadonlyMap<string, bigint>;
  readonly hasCounted: boolean;
}

/** No disclosures: nothing that needs one counts. */
export const NOTHING_DISCLOSED: PacketEvidence = { kind: 'disclosed', disclosures: new Map() };

/**
 * Judges an epoch's packets (routing.md, "What counts"). Published reasons that need a disclosure are believed where they
 * pay nothing; what they count is judged again by all that is at hand. malformed_credits: they are for other records.
 */
export function judgePackets(input: {
  readonly facts: Pick<EpochFacts, 'network' | 'start' | 'end'>;
  readonly policy: Pick<Policy, 'credit_bytes'>;
  readonly registry: Pick<RegistryTable, 'hotspots' | 'credits'>;
  readonly state: Pick<EpochState, 'settledCredits'>;
  readonly logs: readonly OpenedEvidence[];
  readonly evidence: PacketEvidence;
  readonly verify: VerifySignature;
  readonly sha256Hex?: Sha256Hex | undefined;
}): JudgedPackets {
  const { evidence, registry, policy, verify, sha256Hex: hash = sha256Hex } = input;
  const logged = loggedPackets(input);
  if (evidence.kind === 'published' && evidence.reasons.length !== logged.length)
    throw new ProtocolError('malformed_credits', {
      expected: `${logged.length} reasons`,
      found: evidence.reasons.length,
    });
  const balances = new Map<string, bigint>(registry.credits.map(({ owner, balance }) => [owner, balance]));
  const settled = new Map(input.state.settledCredits);
  const credits = new Map<HotspotKey, bigint>();
  const seen = new Set<string>();
  const copies = new Map<string, number>();
  const context: PacketContext = {
    registry: registry.hotspots,
    policy,
    verify,
    seen,
    copies,
    available: (owner) => (balances.get(owner) ?? 0n) - (settled.get(addressHex(owner)) ?? 0n),
  };
  let hasCounted = false;
  const packets = logged.map((packet, at): JudgedPacket => {
    const { position, body } = packet;
    const published = evidence.kind === 'published' ? (evidence.reasons[at] ?? 0) : null;
    const disclosure = evidence.disclosures?.get(toHex(body.commitment));
    const question = inQuestion(packet, { disclosure, believed: published !== null, hash });
    const reason = reasonFor(question, { context, published });
    if (reason === null || WAS_THERE.has(reason)) seen.add(question.packetId);
    if (reason === null) {
      hasCounted = true;
      const { frameId } = question;
      if (frameId !== null) copies.set(frameId, (copies.get(frameId) ?? 0) + 1);
      credits.set(body.hotspot, (credits.get(body.hotspot) ?? 0n) + BigInt(body.credits));
      const owner = addressHex(body.owner);
      const total = (settled.get(owner) ?? 0n) + BigInt(body.credits);
      if (total > 0n) settled.set(owner, total);
    }
    const needs = reason === null ? 'disclosure' : PACKET_REASONS[reason].needs;
    const believed = published !== null && needs === 'disclosure' && disclosure === undefined;
    return { position, body, reason, believed };
  });
  return { packets, credits, settled, hasCounted };
}

/** A leaf for every owner with a balance in the registry or a settled total. */
export function creditsLeaves(input: {
  readonly registry: Pick<RegistryTable, 'credits'>;
  readonly settled: ReadonlyMap<string, bigint>;
}): readonly CreditsLeaf[] {
  const owners = new Set([
    ...input.registry.credits.map(({ owner }) => addressHex(owner)),
    ...input.settled.keys(),
  ]);
  return [...owners].sort().map((owner) => ({ owner, settled: input.settled.get(owner) ?? 0n }));
}

/** Their signed bytes were good ones: the same again are a duplicate. */
const WAS_THERE: ReadonlySet<PacketReason> = new Set(['too_many_copies', 'no_credits']);

function reasonFor(
  packet: PacketInQuestion,
  of: { readonly context: PacketContext; readonly published: number | null },
): PacketReason | null {
  const said = of.published === null ? null : packetReasonOf(of.published);
  if (said === undefined) throw new ProtocolError('malformed_credits', { reason: of.published });
  const isSaidWithDisclosure = said !== null && PACKET_REASONS[said].needs === 'disclosure';
  for (const rule of PACKET_RULES) {
    if (isSaidWithDisclosure && PACKET_REASONS[rule.reason].number > 3) return said;
    if (rule.objects(packet, of.context)) return rule.reason;
  }
  return null;
}

function inQuestion(
  packet: LoggedPacket,
  of: { readonly disclosure: Disclosure | undefined; readonly believed: boolean; readonly hash: Sha256Hex },
): PacketInQuestion {
  const { disclosure, believed, hash } = of;
  const { body, route } = packet;
  const opened = disclosure === undefined ? undefined : openedPacket(disclosure.packet);
  if (opened === undefined || opened === null)
    return { ...packet, opened, believed, packetId: toHex(body.commitment), frameId: null };
  return {
    ...packet,
    opened,
    believed,
    packetId: hash(opened.packet.signedBytes),
    frameId: route === null ? null : `${route.owner} ${route.route} ${hash(opened.packet.payload)}`,
  };
}

function openedPacket(bytes: Uint8Array): NonNullable<PacketInQuestion['opened']> | null {
  try {
    const packet = openPacket(bytes);
    return { packet, frame: openFrame(packet.payload) };
  } catch (error) {
    if (error instanceof ProtocolError) return null;
    throw error;
  }
}
