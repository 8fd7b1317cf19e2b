import { hex } from '@scure/base';
import { keyFromText, keyType } from '#protocol/wire/key';
import { openReport } from '#protocol/wire/report';
import { openSessionInit } from '#protocol/wire/session';
import { verifySignature } from '#services/runtime/signature';
import { readVectors } from './vectors.ts';

export interface SignatureCount {
  /** As in "beaconReport by a P-256 gateway key". */
  readonly what: string;
  readonly verified: number;
  readonly failed: number;
}

/** Verifies every message of gateway-rs.json that a hotspot signed, with the bytes that we take to be signed. */
export function countSignatures(): readonly SignatureCount[] {
  const { vectors, add_gateway: bindings } = readVectors();
  const counts = new Map<string, { verified: number; failed: number }>();
  const count = (what: string, valid: boolean): void => {
    const { verified, failed } = counts.get(what) ?? { verified: 0, failed: 0 };
    counts.set(what, valid ? { verified: verified + 1, failed } : { verified, failed: failed + 1 });
  };
  for (const vector of vectors) {
    const key = keyFromText(vector.signer_b58);
    const { message, signature } = signedPart(vector);
    const curve = keyType(key) === 'ed25519' ? 'ed25519' : 'P-256';
    count(
      `${vector.message} by ${curve} ${vector.signer_is} key`,
      verifySignature({ key, message, signature }),
    );
  }
  for (const { pub_key_b58, signed_bytes, signature } of bindings) {
    const key = keyFromText(pub_key_b58);
    const curve = keyType(key) === 'ed25519' ? 'ed25519' : 'P-256';
    const valid = verifySignature({
      key,
      message: hex.decode(signed_bytes),
      signature: hex.decode(signature),
    });
    count(`addGateway by ${curve} gateway key`, valid);
  }
  return [...counts].map(([what, of]) => ({ what, ...of })).sort((a, b) => (a.what < b.what ? -1 : 1));
}

/** Our own cut where we decode the message, the recorded one elsewhere. */
function signedPart(vector: {
  readonly message: string;
  readonly raw: string;
  readonly signed_bytes: string;
  readonly signature: string;
}): { readonly message: Uint8Array; readonly signature: Uint8Array } {
  const raw = hex.decode(vector.raw);
  const open = (): { readonly signedBytes: Uint8Array; readonly signature: Uint8Array } | null => {
    if (vector.message === 'beaconReport') return openReport('beacon', raw);
    if (vector.message === 'witnessReport') return openReport('witness', raw);
    return vector.message === 'pocSessionInit' ? openSessionInit(raw) : null;
  };
  const opened = open();
  return opened === null
    ? { message: hex.decode(vector.signed_bytes), signature: hex.decode(vector.signature) }
    : { message: opened.signedBytes, signature: opened.signature };
}
