import { InvalidArgumentError } from 'commander';
import { isKeyName, parseVerifierKey } from '#protocol/evidence/verifier-key';
import { argument } from './argument.ts';

const LONGEST_NAME = 255;

/** A keeper's name as its key file and the policy hold it. */
export function parseKeeperName(text: string): string {
  if (!isKeyName(text) || text.length > LONGEST_NAME || /[\p{C}\p{Z}]/u.test(text))
    throw new InvalidArgumentError(
      `expected 1 to ${LONGEST_NAME} printable characters without space and plus, as in example.org/keeper`,
    );
  return text;
}

/** A keeper's public key as `deny keygen` prints it. */
export function parseKeeper(text: string): string {
  argument(() => parseVerifierKey(text), 'expected what "coverant deny keygen" printed: name+hex id+base64');
  return text;
}
