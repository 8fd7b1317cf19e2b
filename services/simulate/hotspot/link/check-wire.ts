import { ScalarType, type DescField, type DescMessage } from '@bufbuild/protobuf';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';

/** Throws where a known field has another wire type than its own, as real clients do: protobuf-es reads on regardless. */
export function checkWire(schema: DescMessage, bytes: Uint8Array): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [number, wire] = reader.tag();
    const field = schema.fields.find((each) => each.number === number);
    if (field === undefined) {
      reader.skip(wire, number);
      continue;
    }
    if (wire !== wireOf(field)) throw new RangeError(`field ${field.name} has wire type ${wire}`);
    if (field.message === undefined) reader.skip(wire, number);
    else checkWire(field.message, reader.bytes());
  }
}

/** Of the fields that this wire has: messages, bytes, varints and a float. */
function wireOf({ message, scalar }: DescField): WireType {
  if (message !== undefined || scalar === ScalarType.BYTES) return WireType.LengthDelimited;
  return scalar === ScalarType.FLOAT ? WireType.Bit32 : WireType.Varint;
}
