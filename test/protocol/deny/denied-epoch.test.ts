import { describe, expect, it } from 'vitest';
import { denyFileBytes, denyFileHash, openDenyFile } from '#protocol/deny/deny-file';
import { computeEpoch, type EpochInput } from '#protocol/epoch';
import { FILES, folderFiles, openFolder, type FolderFiles } from '#protocol/settle/folder';
import { checkFolder } from '#protocol/settle/folder/check-folder';
import { manifestBytes } from '#protocol/settle/folder/manifest-file';
import { emptyState } from '#protocol/settle/state';
import { keyText } from '#protocol/wire/key';
import { verifySignature } from '#services/runtime/signature';
import { signedDenyFile } from '../../support/deny-file.ts';
import { computed, testHotspot, TestWorld } from '../epoch/world.ts';

const hotspots = Array.from({ length: 4 }, (_, at) => testHotspot(`denied ${at}`, at));
const world = new TestWorld({ hotspots, epochs: 1 });
world.busyEpoch(0);
const [first, second, third] = hotspots.map(({ key }) => key);
if (first === undefined || second === undefined || third === undefined) throw new Error('no hotspots');
const grounds = { from: 0, reason: 'keeper', epoch: 0, evidence: [] } as const;
const [a = '', b = ''] = [keyText(second), keyText(third)].sort();
const { denyFile, deny } = signedDenyFile({
  keys: [{ key: keyText(first), ...grounds }],
  edges: [{ a, b, ...grounds }],
});
const base = world.input(0, { state: emptyState(), parent: null });
const input: EpochInput = { ...base, denyFile, policy: { ...base.policy, deny } };
const result = computed(input);
const files = folderFiles(input, result);

const refusal = (code: string, context: object = {}): Error =>
  expect.objectContaining({ code, context: expect.objectContaining(context) as unknown }) as Error;

/** The folder with another list and a manifest that says so. */
function withList(bytes: Uint8Array): FolderFiles {
  const changed = new Map(files).set(FILES.deny, bytes);
  return new Map(changed).set('manifest.json', manifestBytes(changed));
}

describe('an epoch under a deny list', () => {
  it('refuses the reports of a denied key, and of a denied pair to one another alone', () => {
    const reasonsOf = (beaconer: string, witness: string): readonly unknown[] =>
      result.verdicts
        .filter(({ beacon }) => beacon?.key === beaconer)
        .flatMap(({ witnesses }) =>
          witnesses.filter(({ key }) => key === witness).map(({ reason }) => reason),
        );
    expect(result.verdicts.find(({ beacon }) => beacon?.key === first)?.beacon?.reason).toBe('denied');
    expect(reasonsOf(second, first)).toEqual(['denied']);
    expect(reasonsOf(second, third)).toEqual(['denied_edge']);
    expect(reasonsOf(third, second)).toEqual(['denied_edge']);
    const [, , , fourth] = hotspots;
    expect(reasonsOf(second, fourth?.key ?? '')).toEqual([null]);
  });

  it('is not computed without its list, with another one, or with one that the policy does not name', () => {
    const foreign = signedDenyFile({});
    expect(() => computeEpoch({ ...input, denyFile: null })).toThrow(
      refusal('deny_list_mismatch', { found: null, expected: deny?.hash }),
    );
    expect(() => computeEpoch({ ...input, denyFile: foreign.denyFile })).toThrow(
      refusal('deny_list_mismatch', { found: foreign.deny?.hash, expected: deny?.hash }),
    );
    expect(() => computeEpoch({ ...base, denyFile })).toThrow(
      refusal('deny_list_mismatch', { expected: null }),
    );
  });

  it('is not computed with a list that its keeper did not sign', () => {
    const unsigned = denyFileBytes({ ...openDenyFile(denyFile), edges: [] });
    const named = signedDenyFile({});
    const hash = denyFileHash(unsigned);
    const policy = { ...base.policy, deny: named.deny && { ...named.deny, hash } };
    expect(() => computeEpoch({ ...base, denyFile: unsigned, policy })).toThrow(refusal('invalid_signature'));
  });
});

describe('the folder of an epoch under a deny list', () => {
  it('carries the list and is recomputed from itself alone', () => {
    expect(openFolder(files).denyFile).toEqual(denyFile);
    expect(checkFolder({ files, verify: verifySignature })).toMatchObject({ agrees: true });
  });

  it('is refused by the name of the list where it is missing', () => {
    const without = new Map(files);
    without.delete(FILES.deny);
    expect(checkFolder({ files: without, verify: verifySignature })).toMatchObject({
      agrees: false,
      difference: { thing: 'deny', file: FILES.deny, ours: 'accepted' },
    });
  });

  it('is found where any byte of the list was changed, whether or not the manifest was made to fit', () => {
    const flipped = (place: number) => denyFile.map((byte, at) => (at === place ? byte ^ 1 : byte));
    const thingIn = (folder: FolderFiles): string | null => {
      const check = checkFolder({ files: folder, verify: verifySignature });
      return check.agrees ? null : check.difference.thing;
    };
    for (const place of denyFile.keys())
      expect([place, thingIn(withList(flipped(place)))]).toEqual([place, 'deny']);
    expect(thingIn(new Map(files).set(FILES.deny, flipped(0)))).toBe('deny');
  });

  it('is found where the list is another one that its keeper signed as well', () => {
    const { denyFile: other } = signedDenyFile({ keys: [] });
    expect(checkFolder({ files: withList(other), verify: verifySignature })).toMatchObject({
      agrees: false,
      difference: { thing: 'deny', file: FILES.deny },
    });
  });
});
