import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { blake3 } from '@noble/hashes/blake3.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { entropyData } from '#protocol/crypto/entropy';
import { encodeRecord, type EvidenceBody } from '#protocol/evidence/record';
import { millis } from '#protocol/units';
import { EPOCH_MS, START_MS } from './network.ts';

/** Of a kind that this version knows, or of one that it does not. */
export type Body = EvidenceBody | { readonly kind: 'unknown' };
/** Something that a log writes. */
export interface Event {
  readonly at: number;
  readonly body: Body;
  /** The session_init that the report names: an event of the same log. */
  readonly session?: Event | undefined;
}

/** The entropy of a minute after the start, or one of its own. */
export function entropyBody(minute: number, of = ''): Extract<EvidenceBody, { kind: 'entropy' }> {
  const blockhash = blake3(utf8ToBytes(`entropy ${minute} ${of}`));
  const timestamp = (START_MS + minute * EPOCH_MS) / 1000;
  const data = entropyData({ timestamp, blockhash });
  return { kind: 'entropy', data, timestamp, version: 0, slot: 1n, blockhash };
}

/** The entry as it stands among all of its log's. */
export function encodeEvent(
  body: Body,
  of: {
    readonly receivedAt: number;
    readonly inOrder: readonly Event[];
    readonly session: Event | undefined;
  },
): Uint8Array {
  const receivedAt = millis(of.receivedAt);
  if (body.kind === 'unknown')
    return new BinaryWriter()
      .tag(1, WireType.Varint)
      .uint64(receivedAt)
      .tag(15, WireType.LengthDelimited)
      .bytes(Uint8Array.of(1))
      .finish();
  const named = of.session === undefined ? null : of.inOrder.indexOf(of.session);
  const whole = body.kind === 'beacon' || body.kind === 'witness' ? { ...body, session: named } : body;
  return encodeRecord({ receivedAt, body: whole });
}
