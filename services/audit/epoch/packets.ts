import type { ComputedEpoch, EpochFacts } from '#protocol/epoch';
import type { OpenedEvidence } from '#protocol/evidence/cut';
import type { Disclosures } from '#protocol/route/disclosure';
import type { JudgedPacket, PacketEvidence } from '#protocol/settle/credits/judge-packets';
import { loggedPackets } from '#protocol/settle/credits/logged-packets';
import {
  PACKET_REASONS,
  packetReasonNumber,
  packetReasonOf,
  type PacketReason,
} from '#protocol/settle/credits/packet-reasons';
import type { VerifySignature } from '#protocol/verify/poc';
import { toHex } from '#protocol/wire/hex';
import { keyText } from '#protocol/wire/key';
import type { Difference, Finding } from '#services/audit/report/report';

const check = 'packets';
const UNDISCLOSED = packetReasonNumber('undisclosed');

type Published = Extract<PacketEvidence, { kind: 'published' }>;

/**
 * The evidence that packets are judged by again: what a disclosure opens is judged by it, the rest is believed. That oracles
 * had no disclosure no later one refutes.
 */
export function packetEvidence(input: {
  readonly published: Published;
  readonly logs: readonly OpenedEvidence[];
  readonly facts: Pick<EpochFacts, 'network' | 'start' | 'end'>;
  readonly disclosures: Disclosures;
  readonly verify: VerifySignature;
}): Published {
  const { published, disclosures } = input;
  const logged = loggedPackets(input);
  const reasons = published.reasons.map((reason, at) => {
    const commitment = logged[at]?.body.commitment;
    const isOpen = commitment !== undefined && disclosures.has(toHex(commitment));
    return isOpen && reason !== UNDISCLOSED ? 0 : reason;
  });
  return { kind: 'published', reasons, disclosures };
}

/** Packets of which something else is published than follows, and those that count with nothing to prove them. */
export function packetDifferences(input: {
  readonly published: Published;
  readonly packets: readonly JudgedPacket[];
  /** null: none were given, and what needs one is believed. */
  readonly disclosures: Disclosures | null;
}): readonly Difference[] {
  return input.packets.flatMap((packet, at): Difference[] => {
    const said = packetReasonOf(input.published.reasons[at] ?? 0) ?? null;
    const expected = expectedOf(packet, { said, hasDisclosures: input.disclosures !== null });
    if (expected === null) return [];
    return [{ check, where: placeOf(packet), found: textOf(said), expected }];
  });
}

/** What was judged again, and what was believed of it. */
export function packetFindings(
  packets: ComputedEpoch['packets'],
  disclosures: Disclosures | null,
): readonly Finding[] {
  const counted = packets.filter(({ reason }) => reason === null);
  const credits = counted.reduce((sum, { body }) => sum + body.credits, 0);
  const others = reasonCounts(packets.filter(({ reason }) => reason !== null));
  const says = `${packets.length} packets judged again: ${counted.length} count, of ${credits} credits${others === '' ? '' : `; ${others}`}`;
  const findings: Finding[] = [{ kind: 'agrees', check, says }];
  const late = packets.filter(
    ({ reason, body }) => reason === 'undisclosed' && disclosures?.has(toHex(body.commitment)) === true,
  );
  if (late.length > 0)
    findings.push({
      kind: 'not_checked',
      check,
      says: `that oracles lacked the disclosures of ${late.length} packets, which are here now`,
    });
  const believed = packets.filter((packet) => packet.believed);
  if (believed.length === 0) return findings;
  const paid = believed.filter(({ reason }) => reason === null).length;
  const unpaid = reasonCounts(believed.filter(({ reason }) => reason !== null));
  findings.push({
    kind: 'not_checked',
    check,
    says:
      `the signatures of ${believed.length} packets, for want of disclosures (--disclosures): ` +
      `${paid} that count and ${unpaid === '' ? 'none that do not' : unpaid} as packets.bin says`,
  });
  return findings;
}

/** Packets by reason as text, in the order of the reasons. */
export function reasonCounts(packets: readonly Pick<JudgedPacket, 'reason'>[]): string {
  const counts = new Map<PacketReason, number>();
  for (const { reason } of packets) if (reason !== null) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts]
    .sort(([a], [b]) => PACKET_REASONS[a].number - PACKET_REASONS[b].number)
    .map(([reason, count]) => `${count} ${reason}`)
    .join(', ');
}

/** Where a packet's record stands, and whose it is. */
export function placeOf({ position, body }: Pick<JudgedPacket, 'position' | 'body'>): string {
  return `${position.origin} entry ${position.index}: the packet of ${keyText(body.hotspot)} that ${body.owner} pays for`;
}

/** null: it is as published. */
function expectedOf(
  { reason, believed }: JudgedPacket,
  of: { readonly said: PacketReason | null; readonly hasDisclosures: boolean },
): string | null {
  if (of.hasDisclosures && believed && reason === null) return 'a disclosure that proves it';
  return reason === of.said ? null : textOf(reason);
}

function textOf(reason: PacketReason | null): string {
  return reason === null ? 'it counts' : `it does not count: ${reason}`;
}
