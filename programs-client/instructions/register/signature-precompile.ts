import { p256 } from '@noble/curves/nist.js';
import { Ed25519Program, PublicKey, TransactionInstruction } from '@solana/web3.js';
import type { HotspotKey } from '#protocol/units';
import { ClientError } from '../../client-error.ts';
import { KEY_TYPE, keyParts } from '../../hotspot-key.ts';

const SECP256R1_PROGRAM_ID: PublicKey = new PublicKey('Secp256r1SigVerify1111111111111111111111111');
const HEADER_LENGTH = 16;
/** Instruction index that stands for the precompile instruction itself. */
const SELF = 0xffff;

interface SignedMessage {
  readonly key: HotspotKey;
  readonly message: Uint8Array;
  /** As hotspots make it: 64 bytes for ed25519, DER for P-256 (either half of s). */
  readonly signature: Uint8Array;
}

/** The precompile instruction that verifies one hotspot signature; it must stand directly before its use. */
export function signaturePrecompile(signed: SignedMessage): TransactionInstruction {
  const { type, body } = keyParts(signed.key);
  if (type === KEY_TYPE.ed25519) {
    if (signed.signature.length !== 64) throw unverifiable(signed.key);
    return precompile(Ed25519Program.programId, body, signed.signature, signed.message);
  }
  if (type === KEY_TYPE.eccCompact) {
    const signature = compactLowS(signed);
    return precompile(SECP256R1_PROGRAM_ID, sec1Key(signed, signature), signature, signed.message);
  }
  throw new ClientError('invalid_argument', { key: signed.key, expected: 'key type 0 or 1' });
}

/** r || s with s in the lower half, as the precompile demands; every P-256 signature has both forms. */
const compactLowS = ({ key, signature }: SignedMessage): Uint8Array => {
  const { r, s } = parseDer(key, signature);
  const order = p256.Point.CURVE().n;
  return new p256.Signature(r, s > order / 2n ? order - s : s).toBytes('compact');
};

const parseDer = (key: HotspotKey, der: Uint8Array): { readonly r: bigint; readonly s: bigint } => {
  try {
    return p256.Signature.fromBytes(der, 'der');
  } catch (cause) {
    throw unverifiable(key, { cause });
  }
};

/** A hotspot key is only the x coordinate: of the two points with it, the one that verifies. */
const sec1Key = ({ key, message }: SignedMessage, signature: Uint8Array): Uint8Array => {
  const { body } = keyParts(key);
  for (const parity of [0x02, 0x03]) {
    const candidate = Uint8Array.of(parity, ...body);
    if (verifies(signature, message, candidate)) return candidate;
  }
  throw unverifiable(key);
};

const verifies = (signature: Uint8Array, message: Uint8Array, key: Uint8Array): boolean => {
  try {
    return p256.verify(signature, message, key, { prehash: true, lowS: true, format: 'compact' });
  } catch {
    return false; // x is on no point of the curve
  }
};

/** One signature, complete in itself: offsets of key, signature and message, in this order, inside this instruction. */
const precompile = (
  programId: PublicKey,
  key: Uint8Array,
  signature: Uint8Array,
  message: Uint8Array,
): TransactionInstruction => {
  const signatureOffset = HEADER_LENGTH + key.length;
  const messageOffset = signatureOffset + signature.length;
  const offsets = [signatureOffset, SELF, HEADER_LENGTH, SELF, messageOffset, message.length, SELF];
  const header = Buffer.alloc(HEADER_LENGTH);
  header.writeUInt8(1, 0);
  offsets.forEach((offset, i) => header.writeUInt16LE(offset, 2 + 2 * i));
  return new TransactionInstruction({
    programId,
    keys: [],
    data: Buffer.concat([header, key, signature, message]),
  });
};

const unverifiable = (key: HotspotKey, options?: ErrorOptions): ClientError =>
  new ClientError('unverifiable_signature', { key }, options);
