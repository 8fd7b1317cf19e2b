import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { ProtocolError, type ProtocolErrorCode } from '../errors.ts';

/** Receives one field; false means that it is unknown and to be skipped. */
export type FieldHandler = (field: number, wire: WireType, reader: BinaryReader) => boolean;

/**
 * Walks a protobuf message as received and returns it without every occurrence (tag, length, value) of the field
 * `signature`. Throws a ProtocolError with the given code, and nothing else, for bytes that are no such message.
 */
export function readSignedMessage(
  bytes: Uint8Array,
  message: {
    readonly code: ProtocolErrorCode;
    readonly kind: string;
    readonly signature: number;
    readonly onSignature: (value: Uint8Array) => void;
    readonly onField: FieldHandler;
  },
): Uint8Array {
  try {
    const reader = new BinaryReader(bytes);
    const kept: Uint8Array[] = [];
    let from = 0;
    while (reader.pos < reader.len) {
      const start = reader.pos;
      const [field, wire] = reader.tag();
      if (field === message.signature) {
        message.onSignature(lengthDelimited(field, wire, reader));
        if (start > from) kept.push(bytes.subarray(from, start));
        from = reader.pos;
      } else if (!message.onField(field, wire, reader)) {
        reader.skip(wire, field);
      }
    }
    if (reader.pos !== reader.len) throw new RangeError('the last field is cut');
    if (from < bytes.length) kept.push(bytes.subarray(from));
    return concatenated(kept);
  } catch (error) {
    if (error instanceof ProtocolError) throw error;
    const cause = error instanceof Error ? error.message : 'unknown';
    throw new ProtocolError(message.code, { kind: message.kind, bytes: bytes.length, cause });
  }
}

/** A field's bytes; throws where the wire type is another. */
export function lengthDelimited(field: number, wire: WireType, reader: BinaryReader): Uint8Array {
  expectWire(field, wire, WireType.LengthDelimited);
  return reader.bytes();
}

/** A u64 varint. */
export function unsigned64(field: number, wire: WireType, reader: BinaryReader): bigint {
  expectWire(field, wire, WireType.Varint);
  return BigInt(reader.uint64());
}

/** A u32 varint. */
export function unsigned32(field: number, wire: WireType, reader: BinaryReader): number {
  expectWire(field, wire, WireType.Varint);
  return reader.uint32() >>> 0;
}

/** An int32 or enum varint. */
export function signed32(field: number, wire: WireType, reader: BinaryReader): number {
  expectWire(field, wire, WireType.Varint);
  return reader.int32();
}

/** A zig-zag sint32 varint. */
export function zigzag32(field: number, wire: WireType, reader: BinaryReader): number {
  expectWire(field, wire, WireType.Varint);
  return reader.sint32();
}

/** An IEEE single. */
export function float32(field: number, wire: WireType, reader: BinaryReader): number {
  expectWire(field, wire, WireType.Bit32);
  return reader.float();
}

/** A bool varint. */
export function flag(field: number, wire: WireType, reader: BinaryReader): boolean {
  expectWire(field, wire, WireType.Varint);
  return reader.bool();
}

function expectWire(field: number, wire: WireType, expected: WireType): void {
  if (wire !== expected) throw new RangeError(`field ${field} has wire type ${wire}`);
}

function concatenated(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
