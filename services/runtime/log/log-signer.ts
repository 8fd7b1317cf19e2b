import type { NoteSigner } from '#protocol/evidence/note';
import { verifierKey } from '#protocol/evidence/verifier-key';
import { signingKeyOf } from '#services/runtime/signing-seed';

/** The log's key from its 32-byte seed, under the log's origin as its name. */
export function logSigner(origin: string, seed: Uint8Array): NoteSigner {
  const { publicKey, sign } = signingKeyOf(seed);
  return { key: verifierKey(origin, publicKey), sign };
}
