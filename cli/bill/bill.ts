import type { Disclosures } from '#protocol/route/disclosure';
import { addressHex } from '#protocol/settle/credits/address-hex';
import { judgePackets, type JudgedPacket } from '#protocol/settle/credits/judge-packets';
import { packetReasonOf, type PacketReason } from '#protocol/settle/credits/packet-reasons';
import { openEpochEvidence } from '#protocol/settle/epoch/open-evidence';
import { proveCredits, type EpochFolder } from '#protocol/settle/folder';
import type { Address, EpochNumber, HotspotKey } from '#protocol/units';
import type { VerifySignature } from '#protocol/verify/poc';
import { nativeHashes, nativeSha256Hex } from '#services/runtime/evidence/native-hash';

/** What an owner pays for: packets, the bytes of their frames, and data credits. */
export interface Usage {
  readonly packets: number;
  readonly bytes: number;
  readonly credits: bigint;
}

/** A packet that was billed, and what is wrong with it; the codes' sentences stand in bill-problems.ts. */
export interface WrongPacket {
  readonly code: 'undisclosed' | PacketReason;
  readonly origin: string;
  readonly index: number;
  readonly hotspot: HotspotKey;
  readonly credits: number;
}

/** An owner's bill of an epoch, as oracles published it and as it follows from the owner's disclosures. */
export interface EpochBill {
  readonly epoch: EpochNumber;
  /** What was billed, by hotspot in the order of keys. */
  readonly hotspots: ReadonlyMap<HotspotKey, Usage>;
  readonly billed: Usage;
  /** Packets that cost nothing, by reason. */
  readonly refused: ReadonlyMap<PacketReason, number>;
  readonly wrong: readonly WrongPacket[];
  /** The owner's settled total before the epoch and after it, by the state and by its leaf in the credits tree. */
  readonly before: bigint;
  readonly after: bigint;
}

const NONE: Usage = { packets: 0, bytes: 0, credits: 0n };

/**
 * Verifies every packet of an owner in an epoch whose inputs the final tuple names. What other owners' packets were
 * found to be is believed: they are not on this bill. Throws ProtocolError where the folder does not fit together.
 */
export function billOf(input: {
  readonly owner: Address;
  readonly folder: EpochFolder;
  /** Seconds, by the chain. */
  readonly bounds: { readonly start: number; readonly end: number };
  readonly disclosures: Disclosures;
  readonly verify: VerifySignature;
}): EpochBill {
  const { owner, folder, disclosures, verify } = input;
  const { tuple, policy, registry, stateBefore } = folder;
  const facts = { network: tuple.network, epoch: tuple.epoch, ...input.bounds };
  const logs = openEpochEvidence({ facts, policy, evidence: folder.evidence, hashes: nativeHashes });
  const { packets } = judgePackets({
    facts,
    policy,
    registry,
    state: stateBefore,
    logs,
    evidence: { ...folder.packets, disclosures },
    verify,
    sha256Hex: nativeSha256Hex,
  });
  const own = packets
    .map((packet, at) => ({ packet, said: packetReasonOf(folder.packets.reasons[at] ?? 0) ?? null }))
    .filter(({ packet }) => packet.body.owner === owner);
  const billed = own.flatMap(({ packet, said }) => (said === null ? [packet] : []));
  const refused = new Map<PacketReason, number>();
  for (const { said } of own) if (said !== null) refused.set(said, (refused.get(said) ?? 0) + 1);
  const name = addressHex(owner);
  return {
    epoch: tuple.epoch,
    hotspots: byHotspot(billed),
    billed: usageOf(billed),
    refused,
    wrong: billed.flatMap(wrongOf),
    before: stateBefore.settledCredits.get(name) ?? 0n,
    after: proveCredits(folder, name)?.leaf.settled ?? 0n,
  };
}

/** All of them together. */
export function totalOf(bills: readonly Pick<EpochBill, 'billed'>[]): Usage {
  return bills.reduce((sum, { billed }) => added(sum, billed), NONE);
}

function wrongOf({ position, body, reason, believed }: JudgedPacket): readonly WrongPacket[] {
  const code = reason ?? (believed ? 'undisclosed' : null);
  if (code === null) return [];
  const { origin, index } = position;
  return [{ code, origin, index, hotspot: body.hotspot, credits: body.credits }];
}

function byHotspot(packets: readonly JudgedPacket[]): ReadonlyMap<HotspotKey, Usage> {
  const usage = new Map<HotspotKey, Usage>();
  for (const packet of packets) {
    const { hotspot } = packet.body;
    usage.set(hotspot, added(usage.get(hotspot) ?? NONE, usageOf([packet])));
  }
  return new Map([...usage].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function usageOf(packets: readonly JudgedPacket[]): Usage {
  return packets.reduce(
    (sum, { body }) => added(sum, { packets: 1, bytes: body.size, credits: BigInt(body.credits) }),
    NONE,
  );
}

function added(a: Usage, b: Usage): Usage {
  return { packets: a.packets + b.packets, bytes: a.bytes + b.bytes, credits: a.credits + b.credits };
}
