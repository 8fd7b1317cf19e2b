import { InvalidArgumentError } from 'commander';
import { ProtocolError } from '#protocol/errors';
import { parseVerifierKey, type VerifierKey } from '#protocol/evidence/verifier-key';

/** A log's public key as the policy lists it. */
export function parseLogKey(text: string): VerifierKey {
  try {
    return parseVerifierKey(text);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new InvalidArgumentError("expected a log's key as the policy has it: name+hex id+base64");
  }
}
