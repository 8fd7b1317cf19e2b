import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { grpcRefusal } from './refusals.ts';

/** The one member of a oneof of messages: its field number, and its bytes as they came. */
export interface EnvelopeMember {
  readonly field: number;
  readonly bytes: Uint8Array;
}

/**
 * Reads an envelope that is nothing but a oneof of messages. A sub-message and `bytes` are the same on the wire, so that
 * the member is cut out instead of being decoded and encoded again: what is signed and logged is what was sent. null where
 * there is none: a member of a later version of the envelope. Throws a GrpcRefusal for bytes that are no such message.
 */
export function readEnvelope(message: Uint8Array, members: readonly number[]): EnvelopeMember | null {
  let found: EnvelopeMember | null = null;
  try {
    const reader = new BinaryReader(message);
    while (reader.pos < reader.len) {
      const [field, wire] = reader.tag();
      if (!members.includes(field)) {
        reader.skip(wire, field);
        continue;
      }
      if (wire !== WireType.LengthDelimited) throw new RangeError(`field ${field} has wire type ${wire}`);
      // Decoders would merge the two, and nobody signed what comes out.
      if (found !== null) throw new RangeError('more than one member');
      found = { field, bytes: reader.bytes().slice() };
    }
    if (reader.pos !== reader.len) throw new RangeError('the last field is cut');
  } catch (error) {
    throw grpcRefusal('malformed_message', error instanceof Error ? error.message : '');
  }
  return found;
}

/** An envelope with one member. */
export function envelopeOf(field: number, member: Uint8Array): Uint8Array {
  const head: number[] = [(field << 3) | WireType.LengthDelimited];
  let rest = member.length;
  while (rest > 127) {
    head.push((rest & 127) | 128);
    rest >>>= 7;
  }
  head.push(rest);
  return Uint8Array.of(...head, ...member);
}
