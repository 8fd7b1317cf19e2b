import { hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { MAX_ENTRY_BYTES } from '#protocol/evidence/record';

/*
 * A journal is a folder of segments, each named by the index of its first entry:
 *   segment = magic 8 | first index u64 | SHA-256(origin) 32 | frames
 *   frame   = entry length u32 | crc32 u32 | base u32 | entry          (all little-endian)
 * base is the offset of the first frame that was written together with this one: by the time those bytes were written,
 * everything before base was durable. So a broken frame with a whole later frame whose base lies behind it is damage,
 * while a broken frame without one is the torn tail of a write that nobody was told of.
 */

export const SEGMENT_HEADER_BYTES = 48;
export const FRAME_HEADER_BYTES = 12;
const MAGIC = Buffer.from('CVNTJNL1', 'ascii');
const NAME = /^([0-9]{16})\.journal$/;

export interface Frame {
  readonly entry: Uint8Array;
  readonly base: number;
  /** Offset after the frame. */
  readonly end: number;
}

export function segmentName(first: number): string {
  return `${String(first).padStart(16, '0')}.journal`;
}

/** First index of a segment by its name; undefined for any other file. */
export function segmentFirst(name: string): number | undefined {
  const digits = NAME.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

export function segmentHeader(first: number, origin: string): Buffer {
  const header = Buffer.alloc(SEGMENT_HEADER_BYTES);
  MAGIC.copy(header);
  header.writeBigUInt64LE(BigInt(first), 8);
  hash('sha256', origin, 'buffer').copy(header, 16);
  return header;
}

/** Bytes of one write: the entries as frames, to stand at offset `base`. */
export function encodeFrames(entries: readonly Uint8Array[], base: number): Buffer {
  const size = entries.reduce((sum, entry) => sum + FRAME_HEADER_BYTES + entry.length, 0);
  const bytes = Buffer.allocUnsafe(size);
  let at = 0;
  for (const entry of entries) {
    bytes.writeUInt32LE(entry.length, at);
    bytes.writeUInt32LE(frameCrc(entry, base), at + 4);
    bytes.writeUInt32LE(base, at + 8);
    bytes.set(entry, at + FRAME_HEADER_BYTES);
    at += FRAME_HEADER_BYTES + entry.length;
  }
  return bytes;
}

/** The whole frame at `at`; undefined where there is none. Entries are never empty, so zeros are no frame. */
export function readFrame(bytes: Buffer, at: number): Frame | undefined {
  if (at + FRAME_HEADER_BYTES > bytes.length) return undefined;
  const length = bytes.readUInt32LE(at);
  const end = at + FRAME_HEADER_BYTES + length;
  if (length === 0 || length > MAX_ENTRY_BYTES || end > bytes.length) return undefined;
  const base = bytes.readUInt32LE(at + 8);
  const entry = bytes.subarray(at + FRAME_HEADER_BYTES, end);
  return frameCrc(entry, base) === bytes.readUInt32LE(at + 4) ? { entry, base, end } : undefined;
}

/** Whether a write that began behind `at` left a whole first frame: then all before it had been durable. */
export function hasLaterWrite(bytes: Buffer, at: number): boolean {
  for (let later = at + 1; later + FRAME_HEADER_BYTES <= bytes.length; later++)
    if (bytes.readUInt32LE(later + 8) === later && readFrame(bytes, later) !== undefined) return true;
  return false;
}

/** The start value binds length and base as well as the entry. */
function frameCrc(entry: Uint8Array, base: number): number {
  return crc32(entry, (entry.length ^ Math.imul(base, 0x9e3779b1)) >>> 0);
}
