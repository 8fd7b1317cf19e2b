import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes } from '@noble/hashes/utils.js';
import { ProtocolError } from '../errors.ts';
import { TableReader, TableWriter } from '../settle/bytes/byte-table.ts';
import type { Hash } from '../units.ts';
import { hashOf } from '../wire/hex.ts';

/** What opens a packet record: the salt, and the packet bytes as the router received them. */
export interface Disclosure {
  readonly salt: Uint8Array;
  readonly packet: Uint8Array;
}

/** Disclosures by their commitment in hex. */
export type Disclosures = ReadonlyMap<string, Disclosure>;

const SALT_BYTES = 32;

/** `salt 32 || u16 LE length || packet bytes`; files hold one after the other. */
export function encodeDisclosure({ salt, packet }: Disclosure): Uint8Array {
  if (salt.length !== SALT_BYTES) throw new RangeError(`expected a salt of 32 bytes, got ${salt.length}`);
  return new TableWriter().bytes(salt).u16(packet.length).bytes(packet).finish();
}

/** SHA-256(salt || packet bytes), which the packet's record holds. */
export function packetCommitment({ salt, packet }: Disclosure): Uint8Array {
  return sha256(concatBytes(salt, packet));
}

/** The commitment in hex, by which disclosures are looked up. */
export function commitmentOf(disclosure: Disclosure): Hash {
  return hashOf(packetCommitment(disclosure));
}

/** Every disclosure of a file in its order; malformed_disclosure names the offset of one that is cut. */
export function readDisclosures(bytes: Uint8Array): readonly Disclosure[] {
  const { disclosures, rest } = readDisclosurePart(bytes);
  if (rest > 0) throw new ProtocolError('malformed_disclosure', { offset: bytes.length - rest, rest });
  return disclosures;
}

/** As many whole disclosures as a part of a file holds, and how many bytes of the next one follow. */
export function readDisclosurePart(bytes: Uint8Array): {
  readonly disclosures: readonly Disclosure[];
  readonly rest: number;
} {
  const reader = new TableReader(bytes, 'malformed_disclosure');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const disclosures: Disclosure[] = [];
  for (;;) {
    const lengthAt = reader.offset + SALT_BYTES;
    if (lengthAt + 2 > bytes.length || lengthAt + 2 + view.getUint16(lengthAt, true) > bytes.length) break;
    const salt = reader.bytes(SALT_BYTES);
    disclosures.push({ salt, packet: reader.bytes(reader.u16()) });
  }
  return { disclosures, rest: reader.remaining };
}

/** Disclosures by their commitment. */
export function disclosuresByCommitment(disclosures: Iterable<Disclosure>): Disclosures {
  return new Map(Array.from(disclosures, (disclosure) => [commitmentOf(disclosure), disclosure]));
}
