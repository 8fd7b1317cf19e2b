import { describe, expect, it } from 'vitest';
import { codeOf, outOf } from './support/ask.ts';
import { readVectors } from './support/read-vectors.ts';

const { vectors } = readVectors('signatures.json') as {
  readonly vectors: readonly {
    readonly name: string;
    readonly key: string;
    readonly message: string;
    readonly signature: string;
    readonly valid: boolean;
  }[];
};

describe('edge cases of signatures', () => {
  it.each(vectors)('$name is valid: $valid', ({ key, message, signature, valid }) => {
    // Where the key itself is no key, that is an error and no verdict.
    const code = codeOf('key.parse', { key });
    if (code === 'ok') expect(outOf('signature.verify', { key, message, signature })).toEqual({ valid });
    else {
      expect(valid).toBe(false);
      expect(codeOf('signature.verify', { key, message, signature })).toBe(code);
    }
  });

  it('are verdicts wherever the key is one', () => {
    const refused = vectors.filter(({ key }) => codeOf('key.parse', { key }) !== 'ok').length;
    expect(vectors.length).toBeGreaterThan(50);
    expect(refused).toBeLessThan(5);
  });
});

describe('keys', () => {
  const text = '11nYr7TBMbpGiQadiCxGCPZFZ8ENo1JNtbS7aB5U7UXn4a8Dvb3';
  const bytes = '00676cbd3ae59d2bd53c159914063c522b6b510b478b4a6bc6c2f013a8f8438f10';

  it.each([
    [bytes, 'mainnet', 'ecc_compact'],
    [`10${bytes.slice(2)}`, 'testnet', 'ecc_compact'],
    [`01${bytes.slice(2)}`, 'mainnet', 'ed25519'],
    [`11${bytes.slice(2)}`, 'testnet', 'ed25519'],
  ])('%s is of the %s and %s, in both forms', (form, network, type) => {
    const out = outOf('key.parse', { key: form });
    expect(out).toMatchObject({ hex: form, network, type });
    expect(outOf('key.parse', { key: String(out['text']) })).toEqual(out);
    expect(outOf('key.parse', { key: form.toUpperCase() })).toEqual(out);
  });

  it.each([
    ['nothing', '', 'malformed_key'],
    ['a wrong checksum', text.replace(/3$/, '4'), 'malformed_key'],
    ['a letter that base58 has not', text.replace('n', '0'), 'malformed_key'],
    ['white space', ` ${text}`, 'malformed_key'],
    ['32 bytes', bytes.slice(2), 'malformed_key'],
    ['34 bytes', `${bytes}00`, 'malformed_key'],
    ['another network', `20${bytes.slice(2)}`, 'malformed_key'],
    ['an x that is not on the curve', `00${'00'.repeat(31)}01`, 'malformed_key'],
    ['an x beyond the field', `00${'ff'.repeat(32)}`, 'malformed_key'],
    ['secp256k1', `03${'11'.repeat(33)}`, 'unsupported_key_type'],
    ['RSA', `04${'11'.repeat(270)}`, 'unsupported_key_type'],
    ['multisig', '02', 'unsupported_key_type'],
  ])('of %s are refused', (_, key, code) => {
    expect(codeOf('key.parse', { key })).toBe(code);
  });
});
