import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { base58 } from '@scure/base';
import { ProtocolError } from '../errors.ts';
import {
  epochNumber,
  millis,
  type Address,
  type EpochNumber,
  type HotspotKey,
  type Millis,
} from '../units.ts';
import { toHex } from '../wire/hex.ts';
import { keyBytes, parseTaggedKey } from '../wire/key.ts';

/** What a log stamps and keeps; reports and session inits stand in it exactly as they were received. */
export type EvidenceBody =
  | { readonly kind: 'session_init'; readonly nonce: Uint8Array; readonly init: Uint8Array }
  | {
      readonly kind: 'beacon' | 'witness';
      readonly report: Uint8Array;
      /** Index of the session_init in the same log, below the report's own; null for reports without a session. */
      readonly session: number | null;
    }
  | {
      readonly kind: 'entropy';
      readonly data: Uint8Array;
      /** Whole seconds since the Unix epoch. */
      readonly timestamp: number;
      readonly version: number;
      readonly slot: bigint;
      readonly blockhash: Uint8Array;
    }
  | PacketBody
  | {
      readonly kind: 'route';
      /** The route request as its owner signed it (routing.md, "Routes"). */
      readonly request: Uint8Array;
      readonly signature: Uint8Array;
    }
  | { readonly kind: 'epoch_close'; readonly epoch: EpochNumber };

/** A packet that a route bought (routing.md, "Packets"); what was on air stands in the disclosure that it commits to. */
export interface PacketBody {
  readonly kind: 'packet';
  /** SHA-256(salt 32 || packet bytes). */
  readonly commitment: Uint8Array;
  /** Bytes of the PHYPayload, u32. */
  readonly size: number;
  /** Data credits, u32. */
  readonly credits: number;
  readonly hotspot: HotspotKey;
  readonly owner: Address;
  /** Indexes of its session_init and of its route's record in the same log. */
  readonly session: number;
  readonly route: number;
}

/** A body of a kind that this version does not know: skipped, counted, still hashed. */
export interface UnknownBody {
  readonly kind: 'unknown';
  /** Its field number in EvidenceRecord. */
  readonly field: number;
}

/** One decoded entry of a log. */
export interface EvidenceRecord {
  readonly receivedAt: Millis;
  readonly body: EvidenceBody | UnknownBody;
}

/** A record at its place in its log, with the entry that is hashed. */
export interface LocatedRecord {
  readonly index: number;
  readonly record: EvidenceRecord;
  readonly entry: Uint8Array;
}

/** An entry bundle gives each entry 16 bits of length. */
export const MAX_ENTRY_BYTES = 65_535;

const FIELD = {
  receivedAt: 1,
  sessionInit: 2,
  beacon: 3,
  witness: 4,
  entropy: 5,
  packet: 6,
  epochClose: 7,
  route: 8,
} as const;
const KIND_OF: ReadonlyMap<number, EvidenceBody['kind']> = new Map([
  [FIELD.sessionInit, 'session_init'],
  [FIELD.beacon, 'beacon'],
  [FIELD.witness, 'witness'],
  [FIELD.entropy, 'entropy'],
  [FIELD.packet, 'packet'],
  [FIELD.route, 'route'],
  [FIELD.epochClose, 'epoch_close'],
]);

/** The entry of a record: protobuf EvidenceRecord { 1 received_at; oneof body }. */
export function encodeRecord(record: {
  readonly receivedAt: Millis;
  readonly body: EvidenceBody;
}): Uint8Array {
  const writer = new BinaryWriter().tag(FIELD.receivedAt, WireType.Varint).uint64(record.receivedAt);
  writeBody(writer, record.body);
  const entry = writer.finish();
  if (entry.length > MAX_ENTRY_BYTES)
    throw new ProtocolError('oversized_report', { bytes: entry.length, limit: MAX_ENTRY_BYTES });
  return entry;
}

/** Decodes an entry; throws malformed_record unless it is a stamp and then exactly one body. */
export function decodeRecord(entry: Uint8Array): EvidenceRecord {
  return decoding(entry, (reader) => {
    const receivedAt = readStamp(reader);
    const [field, wire] = reader.tag();
    if (wire !== WireType.LengthDelimited) throw new RangeError(`body ${field} has wire type ${wire}`);
    const body = readBody(field, reader.bytes());
    if (reader.pos !== reader.len) throw new RangeError('bytes follow the body');
    return { receivedAt, body };
  });
}

/** The stamp alone, without decoding the body. */
export function entryReceivedAt(entry: Uint8Array): Millis {
  return decoding(entry, readStamp);
}

/** The body's kind alone, of an entry that `decodeRecord` reads; cheap, because nothing is decoded for it. */
export function entryKind(entry: Uint8Array): EvidenceBody['kind'] | 'unknown' {
  // A log may write varints longer than they need to be: after the stamp's tag and the stamp comes the body's tag.
  const tag = varint32(entry, varintEnd(entry, varintEnd(entry, 0)));
  return KIND_OF.get(tag >>> 3) ?? 'unknown';
}

function varintEnd(bytes: Uint8Array, start: number): number {
  let at = start;
  while ((bytes[at] ?? 0) >= 0x80) at += 1;
  return at + 1;
}

/** The low 32 bits, as protobuf reads tags. */
function varint32(bytes: Uint8Array, start: number): number {
  let value = 0;
  for (let at = start, shift = 0; shift < 35; at += 1, shift += 7) {
    const byte = bytes[at] ?? 0;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  return value;
}

function writeBody(writer: BinaryWriter, body: EvidenceBody): void {
  switch (body.kind) {
    case 'session_init':
      writer.tag(FIELD.sessionInit, WireType.LengthDelimited).fork();
      writer.tag(1, WireType.LengthDelimited).bytes(body.nonce);
      writer.tag(2, WireType.LengthDelimited).bytes(body.init).join();
      return;
    case 'beacon':
    case 'witness':
      writer.tag(FIELD[body.kind], WireType.LengthDelimited).fork();
      writer.tag(1, WireType.LengthDelimited).bytes(body.report);
      // Stored plus one, so that 0 stays the absent value of protobuf.
      if (body.session !== null) writer.tag(2, WireType.Varint).uint64(body.session + 1);
      writer.join();
      return;
    case 'entropy':
      writer.tag(FIELD.entropy, WireType.LengthDelimited).fork();
      writer.tag(1, WireType.LengthDelimited).bytes(body.data);
      writer.tag(2, WireType.Varint).uint64(body.timestamp);
      writer.tag(3, WireType.Varint).uint32(body.version);
      writer.tag(4, WireType.Varint).uint64(body.slot);
      writer.tag(5, WireType.LengthDelimited).bytes(body.blockhash).join();
      return;
    case 'packet':
      writer.tag(FIELD.packet, WireType.LengthDelimited).fork();
      writer.tag(1, WireType.LengthDelimited).bytes(sized(body.commitment, 32));
      writer.tag(2, WireType.Varint).uint32(body.size);
      writer.tag(3, WireType.Varint).uint32(body.credits);
      writer.tag(4, WireType.LengthDelimited).bytes(keyBytes(body.hotspot));
      writer.tag(5, WireType.LengthDelimited).bytes(base58.decode(body.owner));
      writer.tag(6, WireType.Varint).uint64(body.session + 1);
      writer
        .tag(7, WireType.Varint)
        .uint64(body.route + 1)
        .join();
      return;
    case 'route':
      writer.tag(FIELD.route, WireType.LengthDelimited).fork();
      writer.tag(1, WireType.LengthDelimited).bytes(body.request);
      writer.tag(2, WireType.LengthDelimited).bytes(body.signature).join();
      return;
    case 'epoch_close':
      writer.tag(FIELD.epochClose, WireType.LengthDelimited).fork();
      // Plus one as well: 0 means unspecified.
      writer
        .tag(1, WireType.Varint)
        .uint64(body.epoch + 1n)
        .join();
      return;
  }
}

function readStamp(reader: BinaryReader): Millis {
  const [field, wire] = reader.tag();
  if (field !== FIELD.receivedAt || wire !== WireType.Varint)
    throw new RangeError('received_at is not first');
  return millis(toNumber(reader.uint64()));
}

function readBody(field: number, bytes: Uint8Array): EvidenceBody | UnknownBody {
  switch (field) {
    case FIELD.sessionInit: {
      const fields = readFields(bytes);
      return { kind: 'session_init', nonce: fields.bytes(1), init: fields.bytes(2) };
    }
    case FIELD.beacon:
    case FIELD.witness: {
      const fields = readFields(bytes);
      const session = toNumber(fields.integer(2));
      return {
        kind: field === FIELD.beacon ? 'beacon' : 'witness',
        report: fields.bytes(1),
        session: session === 0 ? null : session - 1,
      };
    }
    case FIELD.entropy: {
      const fields = readFields(bytes);
      return {
        kind: 'entropy',
        data: fields.bytes(1),
        timestamp: toNumber(fields.integer(2)),
        version: toNumber(fields.integer(3)),
        slot: fields.integer(4),
        blockhash: fields.bytes(5),
      };
    }
    case FIELD.packet: {
      const fields = readFields(bytes);
      return {
        kind: 'packet',
        commitment: sized(fields.bytes(1), 32),
        size: toU32(fields.integer(2)),
        credits: toU32(fields.integer(3)),
        hotspot: parseTaggedKey(fields.bytes(4)),
        owner: addressOf(fields.bytes(5)),
        session: toIndex(fields.integer(6)),
        route: toIndex(fields.integer(7)),
      };
    }
    case FIELD.route: {
      const fields = readFields(bytes);
      return { kind: 'route', request: fields.bytes(1), signature: fields.bytes(2) };
    }
    case FIELD.epochClose: {
      const stored = readFields(bytes).integer(1);
      if (stored === 0n) throw new RangeError('epoch_close names no epoch');
      return { kind: 'epoch_close', epoch: epochNumber(stored - 1n) };
    }
    default:
      return { kind: 'unknown', field };
  }
}

/** Known fields of a body; unknown ones are skipped, a repeated one is refused because readers could differ. */
function readFields(bytes: Uint8Array): { bytes(field: number): Uint8Array; integer(field: number): bigint } {
  const fields: number[] = [];
  const values: (Uint8Array | bigint)[] = [];
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag();
    if (fields.includes(field)) throw new RangeError(`field ${field} stands twice`);
    fields.push(field);
    if (wire === WireType.LengthDelimited) values.push(reader.bytes());
    else if (wire === WireType.Varint) values.push(BigInt(reader.uint64()));
    else throw new RangeError(`field ${field} has wire type ${wire}`);
  }
  return {
    bytes: (field) => {
      const value = values[fields.indexOf(field)] ?? EMPTY;
      if (typeof value === 'bigint') throw new RangeError(`field ${field} is no byte string`);
      return value;
    },
    integer: (field) => {
      const value = values[fields.indexOf(field)] ?? 0n;
      if (typeof value !== 'bigint') throw new RangeError(`field ${field} is no integer`);
      return value;
    },
  };
}

const EMPTY = new Uint8Array(0);

function toNumber(value: bigint | string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new RangeError(`${value} is beyond 2^53 - 1`);
  return number;
}

function toU32(value: bigint): number {
  if (value > 0xffff_ffffn) throw new RangeError(`${value} is beyond 2^32 - 1`);
  return Number(value);
}

/** Stored plus one, so that 0 stays the absent value of protobuf. */
function toIndex(stored: bigint): number {
  if (stored === 0n) throw new RangeError('an index is missing');
  return toNumber(stored - 1n);
}

function sized(bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length !== length) throw new RangeError(`expected ${length} bytes, got ${bytes.length}`);
  return bytes;
}

/** base58 takes longer than all the rest of a record, and owners have many packets: bounded. */
const addresses = new Map<string, Address>();
const MOST_ADDRESSES = 4096;

function addressOf(bytes: Uint8Array): Address {
  const digits = toHex(sized(bytes, 32));
  const known = addresses.get(digits);
  if (known !== undefined) return known;
  const address = base58.encode(bytes) as Address;
  if (addresses.size >= MOST_ADDRESSES) addresses.clear();
  addresses.set(digits, address);
  return address;
}

function decoding<Value>(entry: Uint8Array, read: (reader: BinaryReader) => Value): Value {
  try {
    return read(new BinaryReader(entry));
  } catch (error) {
    throw new ProtocolError('malformed_record', {
      bytes: entry.length,
      cause: error instanceof Error ? error.message : String(error),
    });
  }
}
