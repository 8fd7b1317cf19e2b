import { openCheckpointHead } from '#protocol/evidence/checkpoint';
import { COSIGNATURE, NOTE, parseVerifierKey, type VerifierKey } from '#protocol/evidence/verifier-key';
import { toHex } from '#protocol/wire/hex';
import { verifySignature } from '#services/runtime/signature';
import { listOf, type Read } from '../input/fields.ts';
import type { Op } from '../op.ts';
import { malformed } from '../refusal.ts';
import { text } from '../input/values.ts';

/** Longer than any name with its key. */
const LONGEST_KEY = 4096;

/** Opens a checkpoint by keys of logs and witnesses (evidence.md). */
export const parse: Op = (input) => {
  const note = input.get('text', unicode);
  const keys = input.get('vkeys', listOf(verifierKey));
  const bytes = new Uint8Array(Buffer.from(note, 'utf8'));
  const { head, signers } = openCheckpointHead(bytes, { keys, verify: verifySignature });
  return {
    origin: head.origin,
    size: String(head.size),
    root: toHex(head.root),
    valid_signers: [...new Set(signers.map(({ name }) => name))],
  };
};

const verifierKey: Read<VerifierKey> = (value, path) => {
  const given = unicode(value, path);
  if (given.length > LONGEST_KEY) throw malformed(path, `at most ${LONGEST_KEY} characters`, given);
  return parseVerifierKey(given, [NOTE, COSIGNATURE]);
};

/** Half of a surrogate pair has no bytes in UTF-8. */
const unicode: Read<string> = (value, path) => {
  const given = text(value, path);
  if (/\p{Cs}/u.test(given)) throw malformed(path, 'Unicode text', given);
  return given;
};
