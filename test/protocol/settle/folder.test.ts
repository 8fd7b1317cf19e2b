import { utf8 } from '@scure/base';
import { canonicalJson } from '#protocol/settle/bytes/canonical-json';
import { checkFolder } from '#protocol/settle/folder/check-folder';
import { firstDifference, thingOf } from '#protocol/settle/folder/difference';
import { manifestBytes, openManifest } from '#protocol/settle/folder/manifest-file';
import { FILES, folderFiles, openFolder, proveLeaf, type FolderFiles } from '#protocol/settle/folder';
import { hotspotLeafKey, leafKey } from '#protocol/settle/leaf';
import { emptyState, stateBytes, stateHash } from '#protocol/settle/state';
import { verifyLeaf } from '#protocol/settle/tree';
import { tupleHash } from '#protocol/settle/tuple';
import { amount } from '#protocol/units';
import { keyText } from '#protocol/wire/key';
import { verifySignature } from '#services/runtime/signature';
import { describe, expect, it } from 'vitest';
import { computed, testAddress, testHotspot, TestWorld, type TestHotspot } from '../epoch/world.ts';

const hotspots = Array.from({ length: 4 }, (_, at) => testHotspot(`folder ${at}`, at));
const world = new TestWorld({ hotspots, epochs: 3, logs: 2 });
for (const epoch of [0, 1]) world.busyEpoch(epoch);
const forged: TestHotspot = {
  ...(hotspots[0] ?? testHotspot('', 0)),
  secret: testHotspot('forger', 0).secret,
};
world.poc({ beaconer: forged, witnesses: [], at: world.facts(1).start * 1000 + 40_000 });
const first = computed(world.input(0, { state: emptyState(), parent: null }));
const voters = [testAddress('oracle')];
const input = world.input(1, { state: first.state, parent: first.tuple, voters });
const result = computed(input);
const files = folderFiles(input, result);
const chain = { tupleHash: result.tupleHash, facts: input.facts, registry: input.registry };

/** The folder with one file changed and a manifest that says so. */
function changed(name: string, bytes: Uint8Array): FolderFiles {
  const others = new Map(files).set(name, bytes);
  return new Map(others).set('manifest.json', manifestBytes(others));
}

function jsonOf(name: string): Record<string, unknown> {
  return JSON.parse(utf8.encode(files.get(name) ?? new Uint8Array())) as Record<string, unknown>;
}

describe('the epoch folder', () => {
  it('says everything that computeEpoch read and answered', () => {
    const folder = openFolder(files);
    expect(folder.facts).toEqual(input.facts);
    expect(folder.parent).toEqual(first.tuple);
    expect(folder.policy).toEqual(input.policy);
    expect(folder.stateBefore).toEqual(input.state);
    expect(folder.state).toEqual(result.state);
    expect(folder.leaves).toEqual(result.leaves);
    expect(folder.tuple).toEqual(result.tuple);
    const evidence = input.evidence.map(({ entries, root, ...rest }) => ({
      ...rest,
      entries: entries.map((entry) => Uint8Array.from(entry)),
      root: Uint8Array.from(root),
    }));
    expect(folder.evidence).toEqual(evidence);
    expect([...files.keys()].sort()).toEqual(
      [...openManifest(files.get('manifest.json') ?? new Uint8Array()).keys(), 'manifest.json'].sort(),
    );
  });

  it('is recomputed from itself alone, and agrees with the chain', () => {
    expect(checkFolder({ files, verify: verifySignature })).toMatchObject({ agrees: true });
    expect(checkFolder({ files, verify: verifySignature, chain })).toMatchObject({ agrees: true });
  });

  it('has no parent in the first epoch', () => {
    const genesis = world.input(0, { state: emptyState(), parent: null });
    const folder = folderFiles(genesis, first);
    expect(folder.has(FILES.parent)).toBe(false);
    expect(checkFolder({ files: folder, verify: verifySignature })).toMatchObject({ agrees: true });
  });

  it('proves every leaf, and refuses leaves that do not have its root', () => {
    const folder = openFolder(files);
    for (const { key } of hotspots) {
      const found = proveLeaf(folder, hotspotLeafKey(key));
      if (found === undefined) throw new Error('no leaf');
      const { root, leafCount: count, network } = folder.tuple;
      expect(verifyLeaf({ network, root, count, ...found })).toBe(true);
    }
    expect(proveLeaf(folder, leafKey(`00${'ab'.repeat(32)}`))).toBeUndefined();
    const more = folder.leaves.map((leaf) => ({ ...leaf, cumulative: amount(leaf.cumulative + 1n) }));
    const refusal = expect.objectContaining({ code: 'proof_mismatch' }) as Error;
    expect(() => proveLeaf({ ...folder, leaves: more }, leafKey(`00${'ab'.repeat(32)}`))).toThrow(refusal);
  });

  it('is refused with the file where one is missing, malformed or of another version', () => {
    const without = new Map(files);
    without.delete(FILES.registry);
    const version = (name: string): FolderFiles =>
      new Map(files).set(name, canonicalJson({ ...jsonOf(name), version: 2 }));
    const binary = (name: string): FolderFiles =>
      new Map(files).set(
        name,
        (files.get(name) ?? new Uint8Array()).map((byte, at) => (at === 0 ? 2 : byte)),
      );
    const cases: readonly (readonly [FolderFiles, string])[] = [
      [without, FILES.registry],
      [version('manifest.json'), 'manifest.json'],
      [version(FILES.epoch), FILES.epoch],
      [version(FILES.policy), FILES.policy],
      [binary(FILES.registry), FILES.registry],
      [binary(FILES.stateBefore), FILES.stateBefore],
      [binary(FILES.leaves), FILES.leaves],
      [binary('evidence-1.bin'), 'evidence-1.bin'],
      [new Map(files).set(FILES.tuple, new Uint8Array(3)), FILES.tuple],
    ];
    for (const [folder, file] of cases)
      expect(() => openFolder(folder)).toThrow(
        expect.objectContaining({ context: expect.objectContaining({ file }) as unknown }) as Error,
      );
  });
});

describe('the first difference', () => {
  const hotspot = keyText(hotspots[1]?.key ?? testHotspot('', 0).key);

  it('names hotspot and field with both values', () => {
    const other = new Map(input.registry.hotspots);
    const facts = hotspots[1]?.facts;
    if (facts === undefined) throw new Error('no facts');
    other.set(facts.key, { ...facts, gain: 13 });
    const check = checkFolder({
      files,
      verify: verifySignature,
      chain: { registry: { ...input.registry, hotspots: other } },
    });
    expect(check).toEqual({
      agrees: false,
      difference: {
        thing: 'registry',
        file: 'registry.bin',
        where: `hotspots ${hotspot} gain`,
        theirs: '12',
        ours: '13',
      },
    });
  });

  it('names the fact of the chain that an epoch was not computed for', () => {
    const facts = { ...input.facts, emission: amount(5n) };
    expect(checkFolder({ files, verify: verifySignature, chain: { facts } })).toMatchObject({
      difference: { thing: 'epoch', where: 'emission', theirs: input.facts.emission.toString(), ours: '5' },
    });
  });

  it('names the report whose verdict another says otherwise', () => {
    const text = utf8.encode(files.get(FILES.verdicts) ?? new Uint8Array());
    const place = result.verdicts[2]?.witnesses[1]?.position;
    const line = text.split('\n')[2] ?? '';
    const verdict = JSON.parse(line) as { poc: { witnesses: { selected: boolean }[] } };
    for (const witness of verdict.poc.witnesses.slice(1, 2)) witness.selected = false;
    const theirs = changed(
      FILES.verdicts,
      utf8.decode(text.replace(line, utf8.encode(canonicalJson(verdict)))),
    );
    expect(checkFolder({ files: theirs, verify: verifySignature, chain })).toMatchObject({
      difference: {
        thing: 'verdict',
        where: `report ${place?.origin ?? ''} ${place?.index ?? 0} selected`,
        theirs: 'false',
        ours: 'true',
      },
    });
  });

  it('names share, leaf, state entry and tuple field', () => {
    const leaf = result.leaves.find(
      ({ key }) => key === hotspotLeafKey(hotspots[1]?.key ?? testHotspot('', 0).key),
    );
    if (leaf === undefined) throw new Error('no leaf');
    const shares = jsonOf(FILES.shares);
    const entries = (shares['hotspots'] as { key: string; beacon: string }[]).map((entry) =>
      entry.key === hotspot ? { ...entry, beacon: '1' } : entry,
    );
    const richer = {
      ...result,
      leaves: result.leaves.map((each) => (each === leaf ? { ...leaf, cumulative: amount(9n) } : each)),
    };
    const clocks = new Map(result.state.poc.clocks).set(hotspots[1]?.key ?? testHotspot('', 0).key, {
      lastBeacon: null,
      lastBeaconRecip: null,
      lastWitness: null,
    });
    const forgetful = { ...result, state: { ...result.state, poc: { ...result.state.poc, clocks } } };
    const lower = { ...result, tuple: { ...result.tuple, leafCount: 1 } };
    const fileOf = (name: string, of: typeof result): FolderFiles =>
      changed(name, folderFiles(input, of).get(name) ?? new Uint8Array());
    const differences = [
      changed(FILES.shares, canonicalJson({ ...shares, hotspots: entries })),
      fileOf(FILES.leaves, richer),
      fileOf(FILES.state, forgetful),
      fileOf(FILES.tuple, lower),
    ].map((theirs) => firstDifference(theirs, files));
    expect(differences).toMatchObject([
      { thing: 'share', where: `hotspot ${hotspot} beacon`, theirs: '1' },
      { thing: 'leaf', where: hotspot, theirs: '9', ours: leaf.cumulative.toString() },
      { thing: 'state', where: `poc clocks ${hotspot} lastBeacon`, theirs: 'absent' },
      { thing: 'tuple', where: 'leafCount', theirs: '1', ours: String(result.tuple.leafCount) },
    ]);
  });

  it('is named, not thrown, where a consistent folder holds times or totals beyond what can be counted', () => {
    const end = Number.MAX_SAFE_INTEGER;
    const [rich] = hotspots;
    if (rich === undefined) throw new Error('no hotspot');
    const cumulative = new Map([[hotspotLeafKey(rich.key), amount(2n ** 64n - 1n)]]);
    const state = { ...input.state, cumulative };
    const parent = { ...first.tuple, stateHash: stateHash(stateBytes(state)) };
    const tuple = { ...result.tuple, parentTupleHash: tupleHash(parent) };
    const folders: readonly (readonly [string, FolderFiles])[] = [
      [FILES.epoch, changed(FILES.epoch, canonicalJson({ ...jsonOf(FILES.epoch), end }))],
      [FILES.stateBefore, folderFiles({ ...input, state, parent }, { ...result, tuple })],
    ];
    for (const [file, folder] of folders)
      expect(checkFolder({ files: folder, verify: verifySignature })).toMatchObject({
        agrees: false,
        difference: { file, ours: 'accepted' },
      });
  });

  it('names files that do not belong there or are missing', () => {
    expect(firstDifference(new Map(files).set('notes.txt', new Uint8Array()), files)).toMatchObject({
      thing: 'folder',
      file: 'notes.txt',
      theirs: 'present',
    });
    const without = new Map(files);
    without.delete(FILES.shares);
    expect(firstDifference(without, files)).toMatchObject({
      thing: 'share',
      theirs: 'absent',
      ours: 'present',
    });
    expect(firstDifference(files, files)).toBeUndefined();
  });
});

describe('one flipped byte', () => {
  const seed = 20_261_019;
  /** A linear congruential sequence: the same positions on every machine. */
  let last = seed;
  const next = (below: number): number => {
    last = (Math.imul(last, 1_664_525) + 1_013_904_223) >>> 0;
    return last % below;
  };
  console.info(`flipped bytes: seed ${seed}`);

  for (const [name, bytes] of files)
    it(`of ${name} is found and named, whether or not the manifest was made to fit`, () => {
      const places = new Set([0, bytes.length - 1, ...Array.from({ length: 40 }, () => next(bytes.length))]);
      for (const place of places) {
        const flip = 1 + next(255);
        const flipped = bytes.map((byte, at) => (at === place ? byte ^ flip : byte));
        const folders = name === 'manifest.json' ? [] : [changed(name, flipped)];
        for (const folder of [...folders, new Map(files).set(name, flipped)]) {
          const check = checkFolder({ files: folder, verify: verifySignature, chain });
          const found = check.agrees ? null : check.difference.thing;
          expect([place, flip, found]).toEqual([place, flip, thingOf(name)]);
        }
      }
    });
});
