import { spawnSync } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseDenyEntries, requireDenyFile } from '#protocol/deny/deny-file';
import { formatVerifierKey } from '#protocol/evidence/verifier-key';
import { cellCentre, parseCell } from '#protocol/geo/cell';
import { DEFAULT_POLICY } from '#protocol/policy';
import { FILES, folderFiles, type FolderFiles } from '#protocol/settle/folder';
import { emptyState } from '#protocol/settle/state';
import { openTuple, tupleHash, type Tuple } from '#protocol/settle/tuple';
import { epochNumber } from '#protocol/units';
import { keyText } from '#protocol/wire/key';
import { latLngToCell } from 'h3-js';
import { epochPath, INDEX_PATH } from '#services/runtime/public-epochs';
import { verifySignature } from '#services/runtime/signature';
import { createKeeperKey, readKeeperKey } from '../../cli/deny/keeper-key.ts';
import { missingEpochs } from '../../cli/deny/list-epochs.ts';
import { proposeEntries } from '../../cli/deny/propose-entries.ts';
import { signList, verifyList } from '../../cli/deny/sign-list.ts';
import { computed, testHotspot, TestWorld } from '../protocol/epoch/world.ts';
import { writeFolders } from '../support/hotspot-folders.ts';

const MADRID = parseCell(BigInt(`0x${latLngToCell(40.42, -3.7, 12)}`));
const near = Array.from({ length: 5 }, (_, at) => testHotspot(`deny ${at}`, at));
/** Hears everything in Berlin and says that it stands in Madrid. */
const far = testHotspot('deny far', 9, { cell: MADRID, ...cellCentre(MADRID) });
const FAR = keyText(far.key);
const EPOCHS = [0, 1, 2];

let dir: string;
let base: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'coverant-deny-'));
  base = join(dir, 'oracle-1');
  const folders = settledFolders();
  const entries = folders.map((files) => {
    const tuple = openTuple(files.get(FILES.tuple) ?? new Uint8Array());
    return { epoch: tuple.epoch, tupleHash: tupleHash(tuple), parentTupleHash: tuple.parentTupleHash };
  });
  await writeFolders(base, folders, entries);
});
afterAll(() => rm(dir, { recursive: true }));

/** Three epochs in which five hotspots beacon and the sixth witnesses all of them from far away. */
function settledFolders(): readonly FolderFiles[] {
  const world = new TestWorld({ hotspots: [...near, far], epochs: EPOCHS.length });
  for (const epoch of EPOCHS)
    for (const [order, beaconer] of near.entries())
      world.poc({
        beaconer,
        witnesses: [...near, far].filter((other) => other !== beaconer),
        at: world.facts(epoch).start * 1000 + 5000 + order * 1500,
      });
  const folders: FolderFiles[] = [];
  let before: { readonly state: ReturnType<typeof emptyState>; readonly parent: Tuple | null } = {
    state: emptyState(),
    parent: null,
  };
  for (const epoch of EPOCHS) {
    const input = world.input(epoch, before);
    const result = computed(input);
    folders.push(folderFiles(input, result));
    before = { state: result.state, parent: result.tuple };
  }
  return folders;
}

/** Runs `npx coverant deny ...` as its users do, but for the look for packages. */
function run(...args: readonly string[]): {
  readonly code: number | null;
  readonly out: string;
  readonly said: string;
} {
  const ran = spawnSync(process.execPath, ['--import', 'tsx', 'cli/main.ts', 'deny', ...args], {
    encoding: 'utf8',
  });
  return { code: ran.status, out: ran.stdout, said: ran.stderr };
}

async function file(name: string, content: string): Promise<string> {
  await writeFile(join(dir, name), content);
  return join(dir, name);
}

const code = (code: string, context: object = {}): Error =>
  expect.objectContaining({ code, context: expect.objectContaining(context) as unknown }) as Error;

describe('coverant deny propose', () => {
  it('names whom the evidence shows, says why, and prints what a keeper can sign', () => {
    const ran = run('propose', '--from', base, '--json');
    expect(ran.said).toContain('payload_far_apart: The same payload was received at places');
    expect(ran.said).toContain(FAR);
    expect(ran.said).toMatch(/epochs 0 to 2: 15 payloads of or with 5 other hotspots .*300 km/);
    expect(ran.said).toMatch(/shown by test\/\S+\/0 \d+, /);
    expect(ran.said).toContain('1 keys and 0 pairs are proposed, from 15 beacons of the epochs 0, 1, 2');
    const { keys, edges } = parseDenyEntries(JSON.parse(ran.out));
    expect(keys).toMatchObject([{ key: FAR, from: 0, epoch: 2, reason: 'payload_far_apart' }]);
    expect([edges, ran.code]).toEqual([[], 0]);
  });

  it('says the same to everybody who asks, from any mirror that has the epochs', async () => {
    const first = await proposeEntries({ from: [base] });
    const epochs = { first: 0n, last: 2n };
    expect(await proposeEntries({ from: [join(dir, 'nothing'), base], epochs })).toEqual(first);
  });

  it('asks for more evidence than one epoch of this fleet holds', async () => {
    const { lines, entries } = await proposeEntries({ from: [base], epochs: { first: 1n, last: 1n } });
    expect(lines).toEqual(['0 keys and 0 pairs are proposed, from 5 beacons of the epochs 1']);
    expect(entries).toEqual({ keys: [], edges: [] });
  });

  it('refuses a folder that does not follow from its own evidence, and says where', async () => {
    const broken = join(dir, 'broken');
    await cp(base, broken, { recursive: true });
    const path = join(broken, epochPath(epochNumber(1n), FILES.verdicts));
    await writeFile(path, (await readFile(path, 'utf8')).replaceAll('max_distance_exceeded', 'bad_rssi'));
    const { code, out, said } = run('propose', '--from', broken);
    expect([code, out]).toEqual([1, '']);
    expect(said).toMatch(/^folder_differs: .*epoch 1: verdicts\.ndjson: report test\//);
  });

  it('goes on where a place fails and another has the epochs, and names those that nobody has', async () => {
    const failing = join(dir, 'failing');
    await mkdir(join(failing, INDEX_PATH), { recursive: true });
    for (const epoch of EPOCHS)
      await mkdir(join(failing, epochPath(epochNumber(BigInt(epoch)), 'manifest.json')), { recursive: true });
    const { lines } = await proposeEntries({ from: [failing, base], epochs: { first: 1n, last: 9n } });
    expect(lines.at(-2)).toBe('no place that could be read has the epochs 3 to 9');
    await expect(proposeEntries({ from: [failing] })).rejects.toThrow(code('files_unreachable'));
  });

  it('writes the epochs that are missing as spans', () => {
    const found = [2n, 4n, 7n].map(epochNumber);
    expect(missingEpochs({ first: 0n, last: 9n }, found)).toBe('0 to 1, 3, 5 to 6, 8 to 9');
    expect(missingEpochs({ first: 2n, last: 2n }, [epochNumber(2n)])).toBe('');
  });

  it('cannot be done without epochs', async () => {
    await expect(proposeEntries({ from: [join(dir, 'nothing')] })).rejects.toThrow(code('file_missing'));
  });
});

describe('a keeper', () => {
  it('signs what was proposed beside an earlier list, and everybody can verify it', async () => {
    const key = join(dir, 'keeper-key');
    const vkey = await createKeeperKey(key, 'example/keeper');
    expect(vkey).toMatch(/^example\/keeper\+[0-9a-f]{8}\+/);
    expect((await stat(key)).mode & 0o777).toBe(0o600);
    await expect(createKeeperKey(key, 'example/keeper')).rejects.toThrow(code('key_stands', { file: key }));

    const [known] = near;
    const entry = { key: keyText(known?.key ?? far.key), from: 1, reason: 'keeper', epoch: 1, evidence: [] };
    const entries = await file('known.json', JSON.stringify({ edges: [], keys: [entry] }, null, 2));
    const list = join(dir, 'deny-1.json');
    expect(await signList({ entries, key, out: list })).toMatchObject({ keys: 1, edges: 0 });

    const proposal = await proposeEntries({ from: [base] });
    const proposed = await file('proposed.json', JSON.stringify(proposal.entries));
    const next = join(dir, 'deny-2.json');
    const signed = await signList({ entries: proposed, key, list, out: next });
    expect(signed).toMatchObject({ deny: { keeper: vkey }, keys: 2, edges: 0 });
    const bytes = Uint8Array.from(await readFile(next));
    const opened = requireDenyFile({ policy: signed, bytes, verify: verifySignature });
    expect(opened?.keys.map(({ key }) => key)).toEqual([entry.key, FAR].toSorted());

    const policy = await file('policy.json', JSON.stringify({ ...DEFAULT_POLICY, deny: signed.deny }));
    expect(await verifyList({ list: next, policy })).toEqual(signed);
    expect(await verifyList({ list: next, keeper: vkey })).toEqual(signed);
    await expect(verifyList({ list, policy })).rejects.toThrow(
      code('deny_list_mismatch', { expected: signed.deny.hash }),
    );
    const wrong = run('verify', list, '--policy', policy);
    expect(wrong).toMatchObject({ code: 1, out: '' });
    expect(wrong.said).toContain('deny_list_mismatch');
  });

  it('is told what is wrong with key, entries, list or signature', async () => {
    const [key, other] = [join(dir, 'key'), join(dir, 'other-key')];
    const keeper = await createKeeperKey(key, 'k');
    const stranger = await createKeeperKey(other, 'k');
    const [list, out] = [join(dir, 'list.json'), join(dir, 'never.json')];
    const entries = await file('none.json', '{"keys":[],"edges":[]}');
    await signList({ entries, key, out: list });

    const unknown = await file('unknown.json', '{"keys":[{"key":1}],"edges":[]}');
    await expect(signList({ entries: unknown, key, out })).rejects.toThrow(
      code('malformed_deny_list', { field: 'keys.0.from' }),
    );
    await expect(signList({ entries: await file('text', 'keys'), key, out })).rejects.toThrow(
      code('malformed_json'),
    );
    await expect(signList({ entries, key: other, list, out })).rejects.toThrow(code('invalid_signature'));
    await expect(verifyList({ list, keeper: stranger })).rejects.toThrow(code('invalid_signature'));
    const spaced = await file(
      'spaced.json',
      (await readFile(list, 'utf8')).replace('"keys":[]', '"keys":[ ]'),
    );
    await expect(verifyList({ list: spaced, keeper })).rejects.toThrow(code('malformed_deny_list'));
    await chmod(list, 0o600);
    await expect(signList({ entries, key: list, out })).rejects.toThrow(code('malformed_keeper_key'));
    await chmod(key, 0o640);
    await expect(signList({ entries, key, out })).rejects.toThrow(code('open_secret', { mode: '0640' }));
    await expect(signList({ entries, key, out })).rejects.toThrow('0600');
    await expect(stat(out)).rejects.toThrow('ENOENT');
    expect(run('verify', list)).toMatchObject({ code: 2, out: '' });
  });

  it('reads a key file that an editor of another system wrote, and says what a folder is', async () => {
    const key = join(dir, 'crlf-key');
    const vkey = await createKeeperKey(key, 'crlf/keeper');
    await writeFile(key, (await readFile(key, 'utf8')).replaceAll('\n', '\r\n'));
    expect(formatVerifierKey((await readKeeperKey(key)).key)).toBe(vkey);
    await expect(readKeeperKey(dir)).rejects.toThrow(code('is_a_folder', { file: dir }));
    await expect(readKeeperKey(join(dir, 'absent'))).rejects.toThrow(code('no_such_file'));
  });

  it('loses no file to a list but the one that the list continues', async () => {
    const key = join(dir, 'safe-key');
    await createKeeperKey(key, 'safe/keeper');
    const entries = await file('safe.json', '{"keys":[],"edges":[]}');
    const list = join(dir, 'safe-list.json');
    await signList({ entries, key, out: list });
    const link = join(dir, 'link-to-key');
    await symlink(key, link);
    const before = await readFile(key, 'utf8');
    for (const out of [key, link, entries, join(dir, '.', 'safe.json')])
      await expect(signList({ entries, key, out })).rejects.toThrow(code('output_is_input'));
    await expect(signList({ entries, key, list: key, out: key })).rejects.toThrow(code('output_is_input'));
    await expect(signList({ entries, key, out: list })).rejects.toThrow(
      code('output_stands', { file: list }),
    );
    expect(await readFile(key, 'utf8')).toBe(before);
    expect(await signList({ entries, key, list, out: list })).toMatchObject({ keys: 0 });
  });

  it('is told that a policy is broken, not that a list is', async () => {
    const list = await file('any.json', '{}');
    await expect(verifyList({ list, policy: await file('bad-policy.json', '{') })).rejects.toThrow(
      code('malformed_json', { file: join(dir, 'bad-policy.json') }),
    );
  });
});
