import { ed25519 } from '@noble/curves/ed25519.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  denyFileBytes,
  denyFileHash,
  MAX_REFERENCES,
  openDenyFile,
  parseDenyEntries,
  requireDenyFile,
  type DeniedEdge,
  type DeniedKey,
  type DenyEntries,
  type DenyFile,
} from '#protocol/deny/deny-file';
import { DENY_REASONS, type DenyReason } from '#protocol/deny/deny-reasons';
import { mergeEntries } from '#protocol/deny/entries';
import { formatVerifierKey, verifierKey } from '#protocol/evidence/verifier-key';
import { canonicalJson } from '#protocol/settle/bytes/canonical-json';
import { keyText } from '#protocol/wire/key';
import { verifySignature } from '#services/runtime/signature';
import { signedDenyFile } from '../../support/deny-file.ts';
import { keyNumber } from '../../support/poc-world.ts';

const grounds = {
  from: 3,
  reason: 'impossible_lag',
  epoch: 4,
  evidence: [{ origin: 'log/a/1', index: 7 }],
} as const;
const texts = [1, 2, 3, 4].map((number) => keyText(keyNumber(number))).sort();
const [A = '', B = '', C = '', D = ''] = texts;
const entries: DenyEntries = {
  keys: [
    { key: A, ...grounds },
    { key: B, from: 0, reason: 'keeper', epoch: 0, evidence: [] },
  ],
  edges: [
    { a: A, b: C, ...grounds },
    { a: A, b: D, ...grounds },
    { a: B, b: C, ...grounds },
  ],
};
const { denyFile, deny } = signedDenyFile(entries);
const file = openDenyFile(denyFile);
const references = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ origin: 'log/a/1', index }));

/** The list with its first key's entry changed. */
const key = (change: object): unknown => ({ ...file, keys: [{ ...file.keys[0], ...change }] });
const edge = (change: object): unknown => ({ ...file, edges: [{ ...file.edges[0], ...change }] });
const without = (name: string, of: object): unknown =>
  Object.fromEntries(Object.entries(of).filter(([field]) => field !== name));

const refusal = (code: string, context: object = {}): Error =>
  expect.objectContaining({ code, context: expect.objectContaining(context) as unknown }) as Error;

describe('a deny list', () => {
  it('reads back as what was signed, whatever entries it has', () => {
    expect(file).toMatchObject(entries);
    const reason = fc.constantFrom(...(Object.keys(DENY_REASONS) as DenyReason[]));
    const rest = fc.record({
      from: fc.maxSafeNat(),
      reason,
      epoch: fc.maxSafeNat(),
      evidence: fc.array(fc.record({ origin: fc.constantFrom('a', 'log/ü/2'), index: fc.maxSafeNat() }), {
        minLength: 1,
        maxLength: MAX_REFERENCES,
      }),
    });
    const key = fc.nat({ max: 0xffff_ffff }).map((number) => keyText(keyNumber(number)));
    const pair = fc.uniqueArray(key, { minLength: 2, maxLength: 2 });
    const keys = fc.uniqueArray(fc.tuple(key, rest), { selector: ([text]) => text, maxLength: 8 });
    const edges = fc.uniqueArray(fc.tuple(pair, rest), {
      selector: ([of]) => of.toSorted().join(),
      maxLength: 8,
    });
    fc.assert(
      fc.property(keys, edges, (keys, edges) => {
        const unordered = {
          keys: keys.map(([key, of]): DeniedKey => ({ key, ...of })),
          edges: edges.map(([of, rest]): DeniedEdge => {
            const [a = '', b = ''] = of.toSorted();
            return { a, b, ...rest };
          }),
        };
        const list = parseDenyEntries(unordered);
        const signed = signedDenyFile(list);
        const opened = requireDenyFile({ policy: signed, bytes: signed.denyFile, verify: verifySignature });
        expect(opened).toMatchObject(list);
        expect(new Set(opened?.keys)).toEqual(new Set(unordered.keys));
        expect(denyFileBytes(opened ?? file)).toEqual(signed.denyFile);
      }),
      { seed: 20_261_124, numRuns: 60 },
    );
  });

  it('has one encoding: canonical JSON alone is read', () => {
    const spaced = new TextEncoder().encode(JSON.stringify(file, null, 1));
    expect(() => openDenyFile(spaced)).toThrow(
      refusal('malformed_deny_list', { expected: 'canonical JSON (RFC 8785)' }),
    );
    expect(() => openDenyFile(denyFile.slice(1))).toThrow(refusal('malformed_deny_list'));
  });

  const malformed: readonly (readonly [string, unknown])[] = [
    ['list', []],
    ['list.version', without('version', file)],
    ['list.keys', without('keys', file)],
    ['list.edges', without('edges', file)],
    ['list.signature', without('signature', file)],
    ['list.note', { ...file, note: '' }],
    ['version', { ...file, version: 2 }],
    ['signature', { ...file, signature: file.signature.slice(4) }],
    ['keys', { ...file, keys: {} }],
    ['keys.0', { ...file, keys: [A] }],
    ...['key', 'from', 'reason', 'epoch', 'evidence'].map((name): [string, unknown] => [
      `keys.0.${name}`,
      { ...file, keys: [without(name, file.keys[0] ?? {})] },
    ]),
    ['keys.0.why', key({ why: '' })],
    ['keys.0.key', key({ key: keyNumber(1) })],
    ['keys.0.key', key({ key: `${A}x` })],
    ['keys.0.from', key({ from: -1 })],
    ['keys.0.from', key({ from: '3' })],
    ['keys.0.epoch', key({ epoch: 1.5 })],
    ['keys.0.reason', key({ reason: 'bad_rssi' })],
    ['keys.0.reason', key({ reason: 'toString' })],
    ['keys.0.reason', key({ reason: '' })],
    ['keys.0.evidence', key({ evidence: [] })],
    ['keys.0.evidence', key({ evidence: references(MAX_REFERENCES + 1) })],
    ['keys.0.evidence.0', key({ evidence: [7] })],
    ['keys.0.evidence.0.index', key({ evidence: [{ origin: 'log/a/1' }] })],
    ['keys.0.evidence.0.index', key({ evidence: [{ origin: 'log/a/1', index: -7 }] })],
    ['keys.0.evidence.0.origin', key({ evidence: [{ origin: 'log a', index: 7 }] })],
    ['keys.0.evidence.0.leaf', key({ evidence: [{ origin: 'log/a/1', index: 7, leaf: '' }] })],
    ['keys.1', { ...file, keys: file.keys.toReversed() }],
    ['keys.1', { ...file, keys: [file.keys[0], file.keys[0]] }],
    ['edges', { ...file, edges: null }],
    ['edges.0.b', { ...file, edges: [without('b', file.edges[0] ?? {})] }],
    ['edges.0.a', edge({ a: '' })],
    ['edges.0', edge({ a: C, b: A })],
    ['edges.0', edge({ b: A })],
    ['edges.0.reason', edge({ reason: 'unknown' })],
    ['edges.0.evidence', edge({ evidence: [] })],
    ['edges.1', { ...file, edges: file.edges.toReversed() }],
    ['edges.2', { ...file, edges: [...file.edges.slice(0, 2), file.edges[1]] }],
  ];
  it.each(malformed)('is refused by the name of the field: %s', (field, value) => {
    expect(() => openDenyFile(canonicalJson(value))).toThrow(refusal('malformed_deny_list', { field }));
  });

  it('holds from none to 64 references, none of them only where its keeper alone says so', () => {
    for (const evidence of [references(1), references(MAX_REFERENCES)])
      expect(openDenyFile(canonicalJson(key({ evidence }))).keys[0]?.evidence).toEqual(evidence);
    const keeper = key({ reason: 'keeper', evidence: [] });
    expect(openDenyFile(canonicalJson(keeper)).keys[0]?.evidence).toEqual([]);
  });
});

describe('the list that a policy names', () => {
  const verify = verifySignature;
  const policy = { deny };

  it('is the one with its hash, signed by its keeper', () => {
    expect(requireDenyFile({ policy, bytes: denyFile, verify })).toEqual(file);
    expect(requireDenyFile({ policy: { deny: null }, bytes: null, verify })).toBeNull();
  });

  it('is refused where it is missing, is another one, or is not asked for', () => {
    const { denyFile: other } = signedDenyFile({ keys: entries.keys });
    for (const bytes of [null, other])
      expect(() => requireDenyFile({ policy, bytes, verify })).toThrow(
        refusal('deny_list_mismatch', { expected: deny?.hash }),
      );
    expect(() => requireDenyFile({ policy: { deny: null }, bytes: denyFile, verify })).toThrow(
      refusal('deny_list_mismatch', { found: deny?.hash, expected: null }),
    );
  });

  it('is refused where another key signed it, or where an entry was changed and the hash made to fit', () => {
    const stranger = formatVerifierKey(verifierKey('stranger', ed25519.getPublicKey(new Uint8Array(32))));
    const forged: DenyFile = { ...file, keys: file.keys.slice(1) };
    const bytes = denyFileBytes(forged);
    const renamed = { deny: deny && { ...deny, hash: denyFileHash(bytes) } };
    expect(() => requireDenyFile({ policy: renamed, bytes, verify })).toThrow(refusal('invalid_signature'));
    const misnamed = { deny: deny && { ...deny, keeper: stranger } };
    expect(() => requireDenyFile({ policy: misnamed, bytes: denyFile, verify })).toThrow(
      refusal('invalid_signature', { name: 'stranger' }),
    );
  });
});

describe('an earlier list', () => {
  it('keeps what it says of somebody, and takes new entries in order', () => {
    const later: DenyEntries = {
      keys: [
        { key: A, ...grounds, from: 9 },
        { key: D, ...grounds },
      ],
      edges: [{ a: A, b: B, ...grounds }],
    };
    const merged = mergeEntries(entries, later);
    expect(merged.keys.map(({ key, from }) => [key, from])).toEqual([
      [A, 3],
      [B, 0],
      [D, 3],
    ]);
    expect(merged.edges.map(({ a, b }) => [a, b])).toEqual([
      [A, B],
      [A, C],
      [A, D],
      [B, C],
    ]);
    expect(parseDenyEntries(merged)).toEqual(merged);
  });

  it('refuses entries that name somebody twice', () => {
    const twice = { keys: [...entries.keys, { key: A, ...grounds, from: 1 }], edges: [] };
    expect(() => parseDenyEntries(twice)).toThrow(refusal('malformed_deny_list', { field: 'keys.1' }));
  });
});
