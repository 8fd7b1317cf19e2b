import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { FILES, folderFiles, type FolderFiles } from '#protocol/settle/folder';
import { emptyState } from '#protocol/settle/state';
import { computed, testAddress, testHotspot, TestWorld } from '../protocol/epoch/world.ts';
import { ask, codeOf, outOf } from './support/ask.ts';

const hotspots = Array.from({ length: 4 }, (_, at) => testHotspot(`conformance ${at}`, at));
const world = new TestWorld({ hotspots, epochs: 3, logs: 2 });
for (const epoch of [0, 1]) world.busyEpoch(epoch);
const first = computed(world.input(0, { state: emptyState(), parent: null }));
const input = world.input(1, { state: first.state, parent: first.tuple, voters: [testAddress('oracle')] });
const result = computed(input);
const files = folderFiles(input, result);
const { tuple } = result;

const root = mkdtempSync(join(tmpdir(), 'coverant-conformance-'));
afterAll(() => {
  rmSync(root, { recursive: true });
});

/** A folder with the files, and others in their place. */
function folderOf(
  changes: Readonly<Record<string, Uint8Array | null>> = {},
  of: FolderFiles = files,
): string {
  const folder = mkdtempSync(join(root, 'epoch-'));
  for (const [name, bytes] of new Map<string, Uint8Array | null>([...of, ...Object.entries(changes)]))
    if (bytes !== null) writeFileSync(join(folder, name), bytes);
  return folder;
}

const RESULT = {
  network: tuple.network,
  epoch: '1',
  empty: false,
  root: tuple.root,
  leaf_count: tuple.leafCount,
  cumulative_total: String(tuple.cumulativeTotal),
  parent_tuple_hash: tuple.parentTupleHash,
  credits_root: tuple.creditsRoot,
  credits_count: tuple.creditsCount,
  evidence_hash: tuple.evidenceHash,
  registry_hash: tuple.registryHash,
  policy_hash: tuple.policyHash,
  state_hash: tuple.stateHash,
  tuple_hash: result.tupleHash,
};

describe('an epoch folder', () => {
  it('gives the tuple that the epoch has', () => {
    expect(outOf('epoch.compute', { folder: folderOf() })).toEqual(RESULT);
    expect(outOf('epoch.compute', { path: folderOf() })).toEqual(RESULT);
  });

  it('is computed from its inputs: whatever else is there, or not there', () => {
    const outputs = [
      FILES.verdicts,
      FILES.shares,
      FILES.leaves,
      FILES.state,
      FILES.tuple,
      FILES.summary,
      'manifest.json',
    ];
    const without = Object.fromEntries(outputs.map((name) => [name, null]));
    expect(outOf('epoch.compute', { folder: folderOf(without) })).toEqual(RESULT);
    const lies = Object.fromEntries(outputs.map((name) => [name, Uint8Array.of(0)]));
    expect(outOf('epoch.compute', { folder: folderOf({ ...lies, 'notes.txt': Uint8Array.of(1) }) })).toEqual(
      RESULT,
    );
  });

  it('that holds no beacon says so', () => {
    const quiet = world.input(2, { state: result.state, parent: tuple, voters: [] });
    const inputs = folderFiles(quiet, result);
    expect(outOf('epoch.compute', { folder: folderOf({}, inputs) })).toEqual({
      network: tuple.network,
      epoch: '2',
      empty: true,
    });
  });

  it.each([
    [FILES.epoch, 'malformed_folder'],
    [FILES.policy, 'malformed_folder'],
    [FILES.registry, 'malformed_folder'],
    [FILES.stateBefore, 'malformed_folder'],
    ['evidence-1.bin', 'malformed_folder'],
    [FILES.parent, 'state_mismatch'],
  ])('without %s is refused', (name, code) => {
    expect(codeOf('epoch.compute', { folder: folderOf({ [name]: null }) })).toBe(code);
  });

  it('with a byte flipped in an input is refused, or has another tuple', () => {
    for (const name of [
      FILES.epoch,
      FILES.policy,
      FILES.registry,
      FILES.stateBefore,
      FILES.parent,
      'evidence-0.bin',
    ])
      for (const part of [0.01, 0.5, 0.99]) {
        const bytes = Uint8Array.from(files.get(name) ?? []);
        const at = Math.floor(bytes.length * part);
        bytes[at] = (bytes[at] ?? 0) ^ 1;
        const { ok, out, error } = ask('epoch.compute', { folder: folderOf({ [name]: bytes }) });
        if (ok) expect(out?.['tuple_hash'], `${name} ${at}`).not.toBe(RESULT.tuple_hash);
        else expect(error?.code, `${name} ${at} ${error?.message ?? ''}`).not.toBe('internal');
      }
  });

  it('that cannot be read is refused', () => {
    expect(codeOf('epoch.compute', { folder: join(root, 'nowhere') })).toBe('unreadable_folder');
    expect(codeOf('epoch.compute', { folder: join(folderOf(), FILES.epoch) })).toBe('unreadable_folder');
    expect(codeOf('epoch.compute', { folder: 'a\0b' })).toBe('unreadable_folder');
    const folder = folderOf({ [FILES.policy]: null });
    execFileSync('mkfifo', [join(folder, FILES.policy)]);
    expect(codeOf('epoch.compute', { folder })).toBe('unreadable_folder');
  });
});
