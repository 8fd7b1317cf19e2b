import { createPublicKey, verify } from 'node:crypto';
import type { VerifySignature } from '#protocol/verify/poc';

/** RFC 8410: what stands before the raw key in its SPKI form. */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/** ed25519 by node:crypto, independent of the services' own verifier. */
export const verifyEd25519: VerifySignature = ({ key, message, signature }) => {
  const der = Buffer.concat([SPKI_PREFIX, Buffer.from(key.slice(2), 'hex')]);
  return (
    key.startsWith('01') &&
    verify(null, message, createPublicKey({ key: der, format: 'der', type: 'spki' }), signature)
  );
};
