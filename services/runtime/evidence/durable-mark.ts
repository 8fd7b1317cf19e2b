import { crc32 } from 'node:zlib';

/**
 * How far the journal is known to be on disk: the writer overwrites this small file after each fsync of the journal and
 * never before, readers go no further. It is not synced itself: after a power loss it may lag, and never leads.
 */
export interface DurableMark {
  /** Index of the next entry. */
  readonly next: number;
  /** First index of the segment in which the next entry goes, and the offset there. */
  readonly segment: number;
  readonly offset: number;
}

export const DURABLE_MARK_NAME = 'durable';
const BYTES = 28;

export function encodeDurableMark(mark: DurableMark): Buffer {
  const bytes = Buffer.alloc(BYTES);
  bytes.writeBigUInt64LE(BigInt(mark.next), 0);
  bytes.writeBigUInt64LE(BigInt(mark.segment), 8);
  bytes.writeBigUInt64LE(BigInt(mark.offset), 16);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 24)), 24);
  return bytes;
}

/** undefined where the bytes are no mark, as while one is being overwritten. */
export function decodeDurableMark(bytes: Buffer): DurableMark | undefined {
  if (bytes.length !== BYTES || crc32(bytes.subarray(0, 24)) !== bytes.readUInt32LE(24)) return undefined;
  return {
    next: Number(bytes.readBigUInt64LE(0)),
    segment: Number(bytes.readBigUInt64LE(8)),
    offset: Number(bytes.readBigUInt64LE(16)),
  };
}
