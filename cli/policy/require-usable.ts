import { ProtocolError } from '#protocol/errors';
import { parseVerifierKey } from '#protocol/evidence/verifier-key';
import { REGION_TABLE_HASH } from '#protocol/geo/regions';
import type { Policy } from '#protocol/policy';
import { JsonFields } from '#protocol/settle/json-fields';
import { shortened } from '../shown.ts';

const fields = new JsonFields('malformed_policy');

/** Refuses a policy of the right schema under which no oracle could compute an epoch; the context names the field. */
export function requireUsable(policy: Policy): void {
  if (policy.regions !== REGION_TABLE_HASH)
    throw new ProtocolError('policy_mismatch', {
      field: 'regions',
      policy: policy.regions,
      here: REGION_TABLE_HASH,
    });
  if (policy.deny !== null) requireVerifierKey('deny.keeper', policy.deny.keeper);
  const origins = new Map<string, string>();
  for (const [at, { origin, vkey, url }] of policy.logs.entries()) {
    const field = `logs.${at}`;
    if (/[\p{C}\p{Z}]/u.test(origin)) throw fields.refusal(`${field}.origin`, 'printable characters', origin);
    const id = requireVerifierKey(`${field}.vkey`, vkey);
    const other = origins.get(id);
    if (other !== undefined)
      throw fields.refusal(`${field}.vkey`, `a key of its own, not that of ${shortened(other)}`, vkey);
    origins.set(id, origin);
    if (!/^https?:\/\//.test(url) || !URL.canParse(url))
      throw fields.refusal(`${field}.url`, 'a URL that begins with http:// or https://', url);
  }
}

/** The public key, by which two names of one key are told. */
function requireVerifierKey(field: string, text: string): string {
  try {
    return Buffer.from(parseVerifierKey(text).publicKey).toString('hex');
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw fields.refusal(field, "an ed25519 log key's name+hex id+base64", text);
  }
}
