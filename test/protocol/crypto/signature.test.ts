import { readFileSync } from 'node:fs';
import { hex } from '@scure/base';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { verifyPlainly } from '#protocol/crypto/plain-signature';
import type { HotspotKey } from '#protocol/units';
import { keyBody } from '#protocol/wire/key';
import { verifySignature } from '#services/runtime/signature';

interface Vector {
  readonly name: string;
  readonly key: HotspotKey;
  readonly message: string;
  readonly signature: string;
  readonly valid: boolean;
}

const file = new URL('../../vectors/signatures.json', import.meta.url);
const { vectors } = JSON.parse(readFileSync(file, 'utf8')) as { readonly vectors: readonly Vector[] };

const inputOf = (vector: Vector) => ({
  key: vector.key,
  message: hex.decode(vector.message),
  signature: hex.decode(vector.signature),
});

describe('the signature rule', () => {
  test('is held by vectors of both curves, some of them valid', () => {
    for (const curve of ['ed25519', 'P-256'])
      for (const valid of [true, false])
        expect(vectors.filter((each) => each.name.startsWith(curve) && each.valid === valid)).not.toEqual([]);
  });

  test.each(vectors)('natively: $name is valid: $valid', (vector) => {
    expect(verifySignature(inputOf(vector))).toBe(vector.valid);
  });

  test.each(vectors)('plainly: $name is valid: $valid', (vector) => {
    expect(verifyPlainly(inputOf(vector))).toBe(vector.valid);
  });

  test('is the same for both verifiers, whatever is changed', () => {
    const change = fc.record({
      vector: fc.constantFrom(...vectors),
      part: fc.constantFrom('key' as const, 'message' as const, 'signature' as const),
      at: fc.nat(),
      value: fc.nat(255),
      length: fc.option(fc.nat(80), { nil: null }),
    });
    fc.assert(
      fc.property(change, ({ vector, part, at, value, length }) => {
        const input = inputOf(vector);
        const copy = Uint8Array.from(part === 'key' ? keyBody(input.key) : input[part]);
        if (copy.length > 0) copy[at % copy.length] = value;
        const changed = length === null || part === 'key' ? copy : copy.slice(0, length);
        const mutated =
          part === 'key'
            ? { ...input, key: (input.key.slice(0, 2) + hex.encode(changed)) as HotspotKey }
            : { ...input, [part]: changed };
        expect(verifySignature(mutated)).toBe(verifyPlainly(mutated));
      }),
      { seed: 12, numRuns: 400 },
    );
  });

  test('never throws, and refuses noise', () => {
    const noise = fc.uint8Array({ maxLength: 80 });
    const key = fc
      .tuple(fc.constantFrom('00', '01', '10', '11'), fc.uint8Array({ minLength: 32, maxLength: 32 }))
      .map(([tag, body]) => (tag + hex.encode(body)) as HotspotKey);
    fc.assert(
      fc.property(key, noise, noise, (of, message, signature) => {
        expect(verifySignature({ key: of, message, signature })).toBe(false);
      }),
      { seed: 13 },
    );
  });
});
