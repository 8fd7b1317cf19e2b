import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { denyFileBytes, denyFileHash, denyMessage, type DenyFile } from '#protocol/deny/deny-file';
import { formatVerifierKey, verifierKey } from '#protocol/evidence/verifier-key';
import type { Policy } from '#protocol/policy';

/** PKCS #8 of an ed25519 seed (RFC 8410). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const keeper = createPrivateKey({
  key: Buffer.concat([PKCS8_PREFIX, Buffer.alloc(32, 7)]),
  format: 'der',
  type: 'pkcs8',
});
const publicKey = createPublicKey(keeper).export({ format: 'der', type: 'spki' }).subarray(-32);

/** The keeper of the tests' deny lists. */
export const KEEPER = verifierKey('keeper/test', Uint8Array.from(publicKey));

/** A list that the keeper signed, and how a policy names it. */
export function signedDenyFile(list: Partial<Pick<DenyFile, 'keys' | 'edges'>>): {
  readonly denyFile: Uint8Array;
  readonly deny: Policy['deny'];
} {
  const unsigned = { version: 1, keys: [], edges: [], ...list } as const;
  const signature = sign(null, denyMessage(unsigned), keeper).toString('base64');
  const denyFile = denyFileBytes({ ...unsigned, signature });
  return { denyFile, deny: { keeper: formatVerifierKey(KEEPER), hash: denyFileHash(denyFile) } };
}
