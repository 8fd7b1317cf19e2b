import { TableReader, TableWriter } from '../bytes/byte-table.ts';
import type { CreditsLeaf } from '../credits/credits-tree.ts';
import type { JudgedPacket } from '../credits/judge-packets.ts';
import { packetReasonNumber, packetReasonOf } from '../credits/packet-reasons.ts';

const VERSION = 1;

/** One reason for every packet record of the epoch in the order of judgement; 0: it counts. */
export function packetReasonsBytes(packets: readonly Pick<JudgedPacket, 'reason'>[]): Uint8Array {
  const writer = new TableWriter().u8(VERSION).u32(packets.length);
  for (const { reason } of packets) writer.u8(packetReasonNumber(reason));
  return writer.finish();
}

/** Inverse of `packetReasonsBytes`; malformed_credits for a number that stands for no reason. */
export function openPacketReasons(bytes: Uint8Array): readonly number[] {
  const reader = new TableReader(bytes, 'malformed_credits');
  reader.version(VERSION);
  const reasons = Array.from({ length: reader.count(1) }, () => {
    const reason = reader.u8();
    if (packetReasonOf(reason) === undefined) throw reader.error({ expected: 'a reason', reason });
    return reason;
  });
  reader.finish();
  return reasons;
}

/** Every leaf of the credits tree, by owner. */
export function creditsBytes(leaves: readonly CreditsLeaf[]): Uint8Array {
  const writer = new TableWriter().u8(VERSION).u32(leaves.length);
  for (const { owner, settled } of leaves) writer.hex(owner, 32).u64(settled);
  return writer.finish();
}

/** Inverse of `creditsBytes`; malformed_credits for another order. */
export function openCredits(bytes: Uint8Array): readonly CreditsLeaf[] {
  const reader = new TableReader(bytes, 'malformed_credits');
  reader.version(VERSION);
  let last = '';
  const leaves = Array.from({ length: reader.count(40) }, () => {
    const owner = reader.hex(32);
    if (owner <= last) throw reader.error({ expected: 'ascending owners', owner });
    last = owner;
    return { owner, settled: reader.u64() };
  });
  reader.finish();
  return leaves;
}
