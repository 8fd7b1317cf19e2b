import { utf8 } from '@scure/base';
import type { CarriedSession, SealedEvidence } from '../../evidence/cut.ts';
import { TableReader, TableWriter } from '../bytes/byte-table.ts';

const VERSION = 1;

/** One log's part of an epoch, as docs/formats.md lays it out. */
export function evidenceBytes(evidence: SealedEvidence): Uint8Array {
  const origin = utf8.decode(evidence.origin);
  const writer = new TableWriter().u8(VERSION).u16(origin.length).bytes(origin);
  writer.u64(BigInt(evidence.from)).u64(BigInt(evidence.size)).bytes(hash(evidence.root));
  writeHashes(writer, evidence.left);
  writer.u32(evidence.entries.length);
  for (const entry of evidence.entries) writer.u16(entry.length).bytes(entry);
  writer.u32(evidence.sessions.length);
  for (const session of evidence.sessions) {
    writer.u64(BigInt(session.index)).u16(session.entry.length).bytes(session.entry);
    writeHashes(writer, session.proof);
  }
  return writer.finish();
}

/** Inverse of `evidenceBytes`; malformed_folder names the offset. Whether the bytes are evidence says `openEvidence`. */
export function openEvidenceFile(bytes: Uint8Array): SealedEvidence {
  const reader = new TableReader(bytes, 'malformed_folder');
  reader.version(VERSION);
  const origin = text(reader, reader.u16());
  const from = reader.safe();
  const size = reader.safe();
  const root = reader.bytes(32);
  const left = readHashes(reader);
  const entries: Uint8Array[] = [];
  for (let rest = reader.count(2); rest > 0; rest -= 1) entries.push(reader.view(reader.u16()));
  const sessions: CarriedSession[] = [];
  for (let rest = reader.count(11); rest > 0; rest -= 1)
    sessions.push({
      index: reader.safe(),
      entry: reader.bytes(reader.u16()),
      proof: readHashes(reader),
    });
  reader.finish();
  return { origin, from, left, entries, size, root, sessions };
}

function text(reader: TableReader, length: number): string {
  const bytes = reader.bytes(length);
  try {
    return utf8.encode(bytes);
  } catch {
    throw reader.error({ expected: 'an origin in UTF-8' });
  }
}

function writeHashes(writer: TableWriter, hashes: readonly Uint8Array[]): void {
  writer.u8(hashes.length);
  for (const value of hashes) writer.bytes(hash(value));
}

function readHashes(reader: TableReader): Uint8Array[] {
  return Array.from({ length: reader.u8() }, () => reader.bytes(32));
}

function hash(value: Uint8Array): Uint8Array {
  if (value.length !== 32) throw new RangeError(`expected a hash of 32 bytes, got ${value.length}`);
  return value;
}
