import { keyNetwork, keyType } from '#protocol/wire/key';
import { verifySignature } from '#services/runtime/signature';
import { textOf } from '../input/key-forms.ts';
import type { Op } from '../op.ts';
import { bytes, key } from '../input/values.ts';

/** A key's forms (poc.md 1). */
export const parse: Op = (input) => {
  const parsed = input.get('key', key);
  return { hex: parsed, text: textOf(parsed), network: keyNetwork(parsed), type: keyType(parsed) };
};

/** The one strict signature rule (poc.md 1). */
export const verify: Op = (input) => ({
  valid: verifySignature({
    key: input.get('key', key),
    message: input.get('message', bytes),
    signature: input.get('signature', bytes),
  }),
});
