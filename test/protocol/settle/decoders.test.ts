import { ProtocolError } from '#protocol/errors';
import { openEpochFacts } from '#protocol/settle/folder/epoch-file';
import { openEvidenceFile } from '#protocol/settle/folder/evidence-file';
import { openLeaves } from '#protocol/settle/folder/leaves-file';
import { openManifest } from '#protocol/settle/folder/manifest-file';
import { openPolicy } from '#protocol/settle/policy-codec';
import { openRegistry } from '#protocol/settle/registry';
import { openState } from '#protocol/settle/state';
import { openTuple } from '#protocol/settle/tuple';
import { canonicalJson } from '#protocol/settle/bytes/canonical-json';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const DECODERS: Readonly<Record<string, (bytes: Uint8Array) => unknown>> = {
  openEpochFacts,
  openEvidenceFile,
  openLeaves,
  openManifest,
  openPolicy,
  openRegistry,
  openState,
  openTuple,
};
const binary = fc.uint8Array({ maxLength: 400 });
/** Bytes that get past the version, and JSON that gets past the parser. */
const bytes = fc.oneof(
  binary,
  binary.map((rest) => Uint8Array.of(1, ...rest)),
  fc.array(fc.constantFrom(0, 1, 2, 32), { maxLength: 300 }).map((few) => Uint8Array.of(1, ...few)),
  fc.json().map((text) => canonicalJson(JSON.parse(text))),
  fc
    .dictionary(
      fc.constantFrom('version', 'files', 'epoch', 'network', 'emission'),
      fc.constantFrom(1, '1', {}, null),
    )
    .map(canonicalJson),
);

describe('decoders of settlement', () => {
  for (const [name, open] of Object.entries(DECODERS))
    it(`${name} throws nothing but ProtocolError`, () => {
      fc.assert(
        fc.property(bytes, (input) => {
          try {
            open(input);
          } catch (error) {
            expect(error).toBeInstanceOf(ProtocolError);
          }
        }),
        { seed: 51, numRuns: 1000 },
      );
    });
});
