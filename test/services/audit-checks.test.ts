import { readFileSync } from 'node:fs';
import { ed25519 } from '@noble/curves/ed25519.js';
import { base58 } from '@scure/base';
import { describe, expect, it } from 'vitest';
import type { Block, Blocks } from '#services/runtime/blocks';
import { openEntropyCheck } from '#services/runtime/entropy-check';
import { entropyData } from '#protocol/crypto/entropy';
import type { SealedEvidence } from '#protocol/evidence/cut';
import { encodeRecord } from '#protocol/evidence/record';
import { FILES, folderFiles, type FolderFiles } from '#protocol/settle/folder';
import { believeVerdicts } from '#protocol/settle/folder/believed-signatures';
import { MANIFEST, manifestBytes } from '#protocol/settle/folder/manifest-file';
import { leafKey } from '#protocol/settle/leaf';
import { emptyState } from '#protocol/settle/state';
import { millis } from '#protocol/units';
import { openReport } from '#protocol/wire/report';
import { claimsDifference, supplyFindings, type Claims } from '#services/audit/chain/check-claims';
import { checkEntropies } from '#services/audit/chain/check-entropies';
import { parseAuditArguments } from '#services/audit/arguments';
import { recompute } from '#services/audit/epoch/recompute';
import { openListedFolder, requireInputs } from '#services/audit/files/authentic-folder';
import { checkSessions } from '#services/audit/files/check-sessions';
import { CANNOT_CHECK, CHECKS } from '#services/audit/report/codes';
import { CannotCheck, Disagreement } from '#services/audit/report/failures';
import { chooseBeacons } from '#services/audit/sample/choose-beacons';
import { missProbability } from '#services/audit/sample/miss-probability';
import { verifySignature } from '#services/runtime/signature';
import {
  computed,
  sessionInit,
  signedWitness,
  testHotspot,
  testKey,
  TestWorld,
} from '../protocol/epoch/world.ts';

const hotspots = [0, 1, 2, 3].map((place) => testHotspot(`checked ${place}`, place));
const fresh = { state: emptyState(), parent: null };

function busy(): { readonly input: ReturnType<TestWorld['input']>; readonly files: FolderFiles } {
  const world = new TestWorld({ hotspots, epochs: 1 });
  world.busyEpoch(0);
  const input = world.input(0, fresh);
  return { input, files: folderFiles(input, computed(input)) };
}

async function codeOf(run: () => unknown): Promise<string> {
  try {
    await run();
    return 'agrees';
  } catch (error) {
    if (error instanceof CannotCheck) return `${error.code}: ${error.message}`;
    if (error instanceof Disagreement) return `differs: ${error.difference.where}`;
    throw error;
  }
}

describe('docs/audit.md', () => {
  const text = readFileSync('docs/audit.md', 'utf8');
  const rows = [...text.matchAll(/^\| `(\w+)` +\| (.+?) +\|$/gm)].map(([, name = '', says = '']) => [
    name,
    says,
  ]);

  it('lists every check and every code with its sentence', () => {
    for (const [name, says] of [...Object.entries(CHECKS), ...Object.entries(CANNOT_CHECK)])
      expect(rows).toContainEqual([name, says]);
  });

  it('names in its table of situations only checks for differences and codes for what could not be checked', () => {
    const situations = [...text.matchAll(/^\| .+ \| +([12]) \| `(\w+)` +\|$/gm)];
    expect(situations.length).toBeGreaterThan(14);
    for (const [, code, name = ''] of situations)
      expect(Object.keys(code === '1' ? CHECKS : CANNOT_CHECK)).toContain(name);
  });
});

describe('the arguments', () => {
  it('are an epoch or all of them, a sample with its seed, and a report in JSON', () => {
    const parse = (...args: readonly string[]): unknown => parseAuditArguments(['node', 'audit', ...args]);
    expect(parse('--epoch', '5')).toEqual({ epoch: 5n });
    expect(parse('--epoch', '5', '--disclosures', 'd')).toEqual({ epoch: 5n, disclosures: 'd' });
    expect(parse('--from-genesis', '--json')).toEqual({ fromGenesis: true, json: true });
    expect(parse('--epoch', '0', '--sample', '10', '--seed', 's', '--json', 'a.json')).toEqual({
      epoch: 0n,
      sample: 10,
      seed: 's',
      json: 'a.json',
    });
  });
});

describe('an epoch folder', () => {
  const check = (files: FolderFiles, of = busy().input.facts): Promise<string> =>
    codeOf(() => {
      const folder = openListedFolder(files, of);
      const expected = computed(busy().input).tupleHash;
      requireInputs(folder, { files, expected, verify: verifySignature });
      const { different } = recompute({ facts: busy().input.facts, folder, files, verify: verifySignature });
      for (const difference of different) throw new Disagreement(difference);
    });
  /** A folder with changed files, whose manifest fits them. */
  const fitted = (changes: Readonly<Record<string, Uint8Array | null>>): FolderFiles => {
    const files = new Map(busy().files);
    for (const [name, bytes] of Object.entries(changes))
      if (bytes === null) files.delete(name);
      else files.set(name, bytes);
    files.set(MANIFEST, manifestBytes(files));
    return files;
  };
  const textOf = (name: string): string => Buffer.from(busy().files.get(name) ?? []).toString();

  it('agrees as it was written', async () => {
    expect(await check(busy().files)).toBe('agrees');
  });

  it('is a damaged copy where the manifest lies, a file is missing, cut or added', async () => {
    const files = new Map(busy().files);
    files.set(FILES.leaves, (files.get(FILES.leaves) ?? new Uint8Array()).slice(0, -1));
    expect(await check(files)).toMatch(/^damaged_copy: leaves.bin: SHA-256/);
    files.delete(FILES.leaves);
    expect(await check(files)).toMatch(/^damaged_copy: manifest.json lists leaves.bin/);
    expect(await check(new Map([...busy().files, ['extra.txt', new Uint8Array()]]))).toMatch(
      /^damaged_copy: manifest.json does not list extra.txt/,
    );
    expect(await check(fitted({ [FILES.leaves]: new Uint8Array(3) }))).toMatch(
      /^unknown_version: leaves.bin/,
    );
    const cut = (busy().files.get(FILES.registry) ?? new Uint8Array()).slice(0, 40);
    expect(await check(fitted({ [FILES.registry]: cut }))).toMatch(
      /^damaged_copy: registry.bin.* offset=\d+/,
    );
    expect(await check(fitted({ [FILES.tuple]: null }))).toMatch(/^damaged_copy: tuple.bin/);
  });

  it('is a foreign one where it is of another network or epoch', async () => {
    const { facts } = busy().input;
    expect(await check(busy().files, { ...facts, epoch: computed(busy().input).tuple.epoch })).toBe('agrees');
    const other = textOf(FILES.epoch).replace(facts.network, facts.operations);
    expect(await check(fitted({ [FILES.epoch]: Buffer.from(other) }))).toMatch(/^foreign_copy: epoch.json/);
    const later = textOf(FILES.epoch).replace('"epoch":"0"', '"epoch":"1"');
    expect(await check(fitted({ [FILES.epoch]: Buffer.from(later) }))).toMatch(/^foreign_copy: epoch.json/);
  });

  it('differs where what it says by a fitting manifest does not follow', async () => {
    const lying = textOf(FILES.verdicts).replace('"selected":true', '"selected":false');
    expect(await check(fitted({ [FILES.verdicts]: Buffer.from(lying) }))).toMatch(
      /^differs: verdicts.ndjson/,
    );
    const emission = textOf(FILES.epoch).replace('"emission":"1', '"emission":"2');
    expect(await check(fitted({ [FILES.epoch]: Buffer.from(emission) }))).toMatch(
      /^differs: epoch.json: emission/,
    );
  });
});

describe('reports by session keys', () => {
  it('are counted, and those whose session does not speak for them', () => {
    const world = new TestWorld({ hotspots, epochs: 1 });
    const [beaconer = testHotspot('', 0), witness = beaconer] = hotspots;
    const session = testKey('checked session');
    const start = world.facts(0).start * 1000;
    const nonce = new Uint8Array(32).fill(3);
    const init = world.log().add({
      receivedAt: start + 1000,
      body: { kind: 'session_init', nonce, init: sessionInit(witness, session, nonce) },
    });
    const { derived } = world.poc({ beaconer, witnesses: [], at: start + 5000 });
    for (const [at, session_] of [
      [start + 5100, init],
      [start + 500, init],
    ] as const)
      world.log().add({
        receivedAt: at,
        body: {
          kind: 'witness',
          report: signedWitness(witness, { derived, at, signer: session }),
          session: null,
        },
        session: session_,
      });
    const [finding] = checkSessions(world.input(0, fresh).evidence, verifySignature);
    expect(finding).toMatchObject({ kind: 'agrees', check: 'session' });
    expect(JSON.stringify(finding)).toContain('2 reports by session keys of 1 session_inits');
    // One stands before its session_init.
    expect(JSON.stringify(finding)).toContain('1 name one that does not speak for them');
  });
});

describe('entropies', () => {
  const blockhash = new Uint8Array(32).fill(7);
  const sealed = (change: { readonly data?: Uint8Array; readonly version?: number } = {}): SealedEvidence => {
    const timestamp = 1_000_000;
    const entropy = { data: entropyData({ timestamp, blockhash }), version: 0, ...change };
    const entry = encodeRecord({
      receivedAt: millis(timestamp * 1000),
      body: { kind: 'entropy', timestamp, slot: 9n, blockhash, ...entropy },
    });
    return { origin: 'o', from: 0, left: [], entries: [entry], size: 1, root: blockhash, sessions: [] };
  };
  const blocksWith = (block: Block | null): Blocks => ({
    block: () => Promise.resolve(block),
    newest: () => Promise.resolve(null),
    oldest: () => Promise.resolve(null),
    isSkipped: () => Promise.resolve(false),
  });
  const hash = base58.encode(blockhash);
  const check = (block: Block | null, evidence = sealed()): Promise<string> =>
    codeOf(async () => {
      for (const finding of await checkEntropies([evidence], openEntropyCheck(blocksWith(block))))
        if (finding.kind !== 'agrees') throw new CannotCheck('failed', finding.kind);
    });

  it('agree with the block of their slot, and are not checked where the node has none', async () => {
    expect(await check({ blockhash: hash, time: 1_000_001, parentSlot: 8 })).toBe('agrees');
    expect(await check({ blockhash: hash, time: null, parentSlot: 8 })).toBe('failed: not_checked');
    expect(await check(null)).toBe('failed: not_checked');
    const block = { blockhash: hash, time: 1_000_000, parentSlot: 8 };
    expect(await check(block, sealed({ version: 1 }))).toBe('failed: not_checked');
  });

  it('differ by data, blockhash, and a time that is not that of the block', async () => {
    expect(await check(null, sealed({ data: blockhash }))).toBe('differs: o entry 0: data');
    expect(await check({ blockhash: '1'.repeat(32), time: 1_000_000, parentSlot: 8 })).toBe(
      'differs: o entry 0: blockhash',
    );
    expect(await check({ blockhash: hash, time: 999_819, parentSlot: 8 })).toBe(
      'differs: o entry 0: timestamp',
    );
  });
});

describe('the money', () => {
  const key = leafKey(`20${'22'.repeat(32)}`);
  const claims: Claims = {
    bySubject: new Map([[key, 70n]]),
    total: 70n,
    credits: { burned: 8n, refunded: 8n },
    supply: 60n,
    vault: 5n,
    bonds: 5n,
  };
  const leaves = new Map([[key, 80n]]);
  const supply = (burns: { readonly bonds: bigint; readonly holders: bigint }): Promise<string> =>
    codeOf(() => {
      const [finding] = supplyFindings(claims, burns);
      if (finding?.kind !== 'agrees') throw new CannotCheck('failed', finding?.kind ?? '');
    });

  it('differs where somebody claimed above the leaf, sums do not fit, or bonds are not covered', () => {
    expect(claimsDifference(claims, leaves)).toBeNull();
    expect(claimsDifference(claims, new Map([[key, 69n]]))).toMatchObject({ found: '70' });
    expect(claimsDifference({ ...claims, total: 71n }, leaves)).toMatchObject({ where: 'sum over accounts' });
    expect(claimsDifference({ ...claims, supply: 71n }, leaves)).toMatchObject({ where: 'token supply' });
    const credits = { burned: 3n, refunded: 0n };
    expect(claimsDifference({ ...claims, credits, supply: 67n }, leaves)).toBeNull();
    expect(claimsDifference({ ...claims, credits, supply: 68n }, leaves)).toMatchObject({
      where: 'token supply',
      expected: 'at most 67',
    });
    expect(claimsDifference({ ...claims, credits: { burned: 3n, refunded: 4n } }, leaves)).toMatchObject({
      where: 'refunds of credits',
    });
    expect(claimsDifference({ ...claims, vault: 4n }, leaves)).toMatchObject({ check: 'bonds', found: '4' });
  });

  it('is claims less burns exactly, or says how much of the burning is not seen', async () => {
    expect(await supply({ bonds: 10n, holders: 0n })).toBe('agrees');
    expect(await supply({ bonds: 4n, holders: 6n })).toBe('agrees');
    expect(await supply({ bonds: 4n, holders: 0n })).toBe('failed: not_checked');
    expect(await supply({ bonds: 11n, holders: 0n })).toBe('differs: token supply');
  });
});

describe('a sample', () => {
  it('misses what a draw without replacement misses', () => {
    expect(missProbability({ total: 10, drawn: 3, share: 0.1 })).toBeCloseTo(0.7, 12);
    expect(missProbability({ total: 10, drawn: 3, share: 0.2 })).toBeCloseTo((8 * 7 * 6) / (10 * 9 * 8), 12);
    expect(missProbability({ total: 10, drawn: 10, share: 0.001 })).toBe(0);
    expect(missProbability({ total: 10, drawn: 20, share: 0.001 })).toBe(0);
    expect(missProbability({ total: 100_000, drawn: 1000, share: 0.001 })).toBeCloseTo(0.366, 2);
  });

  it('draws the same for the same seed, another one for another, and never more than there are', () => {
    const { verdicts, tupleHash } = computed(busy().input);
    const draw = (seed: string, beacons: number): readonly string[] => [
      ...chooseBeacons({ verdicts, tupleHash, seed, beacons }).chosen,
    ];
    expect(draw('a', 2)).toEqual(draw('a', 2));
    expect(new Set(['a', 'b', 'c', 'd', 'e', 'f'].map((seed) => draw(seed, 2).join())).size).toBeGreaterThan(
      1,
    );
    expect(draw('a', 99)).toHaveLength(4);
  });

  it('finds a forged report that a false verdict covers exactly where it draws its beacon', () => {
    const world = new TestWorld({ hotspots, epochs: 1 });
    world.busyEpoch(0);
    const [beaconer = testHotspot('', 0), victim = beaconer] = hotspots;
    const at = world.facts(0).start * 1000 + 40_000;
    const { derived, beacon } = world.poc({ beaconer, witnesses: [], at });
    const forger = testKey('forger');
    const forged = signedWitness(victim, { derived, at: at + 300, signer: forger });
    world.log().add({ receivedAt: at + 300, body: { kind: 'witness', report: forged, session: null } });
    const input = world.input(0, fresh);
    // What dishonest oracles publish: as if the forged signature were good.
    const published = computed({
      ...input,
      verify: (signed) =>
        verifySignature(signed) ||
        ed25519.verify(signed.signature, signed.message, ed25519.getPublicKey(forger.secret)),
    });
    const bytes = beacon.body.kind === 'beacon' ? beacon.body.report : new Uint8Array();
    const payload = Buffer.from(openReport('beacon', bytes).data).toString('hex');
    const rootBy = (isChosen: (payload: string) => boolean): string => {
      const verifier = believeVerdicts({
        published,
        isChosen: (poc) => isChosen(poc.payload),
        verify: verifySignature,
      });
      return computed({ ...input, verify: verifier.verify }).tupleHash;
    };
    expect(rootBy((each) => each !== payload)).toBe(published.tupleHash);
    expect(rootBy((each) => each === payload)).not.toBe(published.tupleHash);
  });
});
