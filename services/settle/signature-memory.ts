import { createHash } from 'node:crypto';
import type { VerifySignature } from '#protocol/verify/poc';
import { remember } from '#services/runtime/remember';

/** A verifier that remembers what it has verified: reports are verified as they arrive, an epoch's end then is quick. */
export function rememberSignatures(verify: VerifySignature, limit: number): VerifySignature {
  const results = new Map<string, boolean>();
  return (input) => {
    const id = createHash('sha256')
      .update(`${input.key} ${input.signature.length} `)
      .update(input.signature)
      .update(input.message)
      .digest('base64');
    const known = results.get(id);
    if (known !== undefined) return known;
    const valid = verify(input);
    remember(results, { key: id, value: valid, most: limit });
    return valid;
  };
}
