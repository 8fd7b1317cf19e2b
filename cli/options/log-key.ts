import { parseVerifierKey, type VerifierKey } from '#protocol/evidence/verifier-key';
import { argument } from './argument.ts';

/** A log's public key as the policy lists it. */
export function parseLogKey(text: string): VerifierKey {
  return argument(
    () => parseVerifierKey(text),
    "expected a log's key as the policy has it: name+hex id+base64",
  );
}
