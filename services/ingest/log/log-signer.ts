import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import type { NoteSigner } from '#protocol/evidence/note';
import { verifierKey } from '#protocol/evidence/verifier-key';

/** RFC 8410: what stands before the 32-byte seed in the PKCS #8 form of an ed25519 key. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/** The log's key from its 32-byte seed, under the log's origin as its name. */
export function logSigner(origin: string, seed: Uint8Array): NoteSigner {
  const der = Buffer.concat([PKCS8_PREFIX, seed]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  // The raw key is the last 32 bytes of its SPKI form.
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  return {
    key: verifierKey(origin, new Uint8Array(spki.subarray(-32))),
    sign: (message) => new Uint8Array(sign(null, message, privateKey)),
  };
}
