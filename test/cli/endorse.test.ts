import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endorsedEntry } from '#client';
import { leafHash } from '#protocol/evidence/merkle';
import { verifyInclusion } from '#protocol/evidence/proof';
import type { HotspotKey } from '#protocol/units';
import { keyFromText, keyText } from '#protocol/wire/key';
import { endorsedList, MAX_ENDORSED_KEYS } from '#services/runtime/endorsed-list';
import { readKeyList } from '../../cli/endorse/read-key-list.ts';

const keys = Array.from(
  { length: 37 },
  (_, at) => `01${at.toString(16).padStart(4, '0')}${'6b'.repeat(30)}` as HotspotKey,
);
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'coverant-endorse-'));
});
afterAll(() => rm(dir, { recursive: true }));

/** Runs `npx coverant endorse ...` as its users do, but for the look for packages. */
function endorse(...args: readonly string[]): {
  readonly code: number | null;
  readonly lines: readonly string[];
  readonly said: string;
} {
  const run = spawnSync(process.execPath, ['--import', 'tsx', 'cli/main.ts', 'endorse', ...args], {
    encoding: 'utf8',
  });
  return { code: run.status, lines: run.stdout.split('\n').filter((line) => line !== ''), said: run.stderr };
}

async function listFile(name: string, lines: readonly string[]): Promise<string> {
  const file = join(dir, name);
  await writeFile(file, lines.join('\n'));
  return file;
}

describe('coverant endorse', () => {
  it('makes root and proofs of a text file, whatever its order, comments and repetitions', async () => {
    const texts = keys.map((key) => keyText(key));
    const file = await listFile('list', [
      '# made in 2021',
      '',
      ...texts.toReversed().map((text, at) => ` ${text}  # ${at}\r`),
      texts[3] ?? '',
    ]);
    const root = endorse('root', file);
    expect(root.said).toContain('1 lines name a key again');
    const { root: hex, count } = JSON.parse(root.lines[0] ?? '') as { root: string; count: number };
    expect([root.code, hex, count]).toEqual([0, endorsedList(keys).root, keys.length]);

    const all = endorse('prove', file);
    expect([all.code, all.lines.length]).toEqual([0, keys.length]);
    for (const line of all.lines) {
      const { key, index, proof } = JSON.parse(line) as { key: string; index: number; proof: string[] };
      const leaf = leafHash(endorsedEntry(keyFromText(key)));
      const hashes = proof.map((hash) => Buffer.from(hash, 'hex'));
      expect(
        verifyInclusion({ leaf, index, size: count, proof: hashes, root: Buffer.from(hex, 'hex') }),
      ).toBe(true);
    }
    const one = endorse('prove', file, texts[5] ?? '');
    expect(one.lines).toEqual(all.lines.filter((line) => line.includes(texts[5] ?? '')));
  });

  it.each<[string, readonly string[], string]>([
    ['without keys', ['# none'], 'empty_list'],
    ['with a mistyped key', [keyText(keys[0] ?? ('' as HotspotKey)), 'no key'], 'line=2'],
  ])('refuses a list %s', async (name, lines, says) => {
    const { code, lines: out, said } = endorse('root', await listFile(name.replaceAll(' ', '-'), lines));
    expect([code, out]).toEqual([1, []]);
    expect(said).toContain(says);
  });

  it('refuses a key that is not on the list, and a file that is not there', async () => {
    const file = await listFile('short', [keyText(keys[0] ?? ('' as HotspotKey))]);
    const foreign = endorse('prove', file, keyText(keys[1] ?? ('' as HotspotKey)));
    expect([foreign.code, foreign.said.startsWith('not_listed: ')]).toEqual([1, true]);
    const absent = endorse('root', join(dir, 'absent'));
    expect([absent.code, absent.said.startsWith('no_such_file: ')]).toEqual([2, true]);
  });

  it('reads a key that is asked for as the list is read, and counts a key of two networks once', async () => {
    const offCurve = `00${'ff'.repeat(32)}` as HotspotKey;
    const twice = ['0', '1'].map((network) => keyText(`${network}1${'6b'.repeat(32)}` as HotspotKey));
    const file = await listFile('networks', [keyText(offCurve), ...twice]);
    const proof = endorse('prove', file, keyText(offCurve));
    expect([proof.code, proof.lines.length]).toEqual([0, 1]);
    const root = endorse('root', file);
    expect(root.said).toContain('1 lines name a key again');
    expect(JSON.parse(root.lines[0] ?? '')).toMatchObject({ count: 2 });
  });

  it('says what a folder is, and in which line a key is mistyped', async () => {
    await expect(readKeyList(dir)).rejects.toMatchObject({ code: 'is_a_folder', context: { file: dir } });
    const file = await listFile('mistyped', ['# none', '', '\ufeff', 'no key']);
    await expect(readKeyList(file)).rejects.toMatchObject({ code: 'malformed_key', context: { line: 4 } });
  });

  it('makes no list whose proofs the program could not take', () => {
    const many = function* (): Generator<HotspotKey> {
      for (let at = 0; at <= MAX_ENDORSED_KEYS; at += 1)
        yield `01${at.toString(16).padStart(64, '0')}` as HotspotKey;
    };
    expect(() => endorsedList(many())).toThrow(RangeError);
  });
});
