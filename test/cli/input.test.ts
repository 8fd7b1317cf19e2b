import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readJson } from '../../cli/input/read-json.ts';
import { readSecret } from '../../cli/input/read-secret.ts';
import { repeatedName } from '../../cli/input/repeated-name.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'coverant-input-'));
});
afterAll(() => rm(dir, { recursive: true }));

async function file(content: string | Uint8Array): Promise<string> {
  await writeFile(join(dir, 'input.json'), content);
  return join(dir, 'input.json');
}

describe('an input file', () => {
  it.each<[string, string | Uint8Array]>([
    ['empty_file', ''],
    ['byte_order_mark', '\ufeff{}'],
    ['not_text', Uint8Array.of(0x7b, 0xff, 0x7d)],
    ['not_text', '{"a":"\0"}'],
    ['malformed_json', '{"a":1'],
    ['repeated_name', '{"a":1,"a":1}'],
  ])('is refused with %s and its name', async (code, content) => {
    const path = await file(content);
    await expect(readJson(path)).rejects.toMatchObject({ code, context: { file: path } });
  });

  it('is not there, or is a folder', async () => {
    await expect(readJson(join(dir, 'absent'))).rejects.toMatchObject({ code: 'no_such_file' });
    await expect(readJson(dir)).rejects.toMatchObject({ code: 'is_a_folder', context: { file: dir } });
  });

  it('is private where it holds a key', async () => {
    const path = await file('key');
    await chmod(path, 0o644);
    await expect(readSecret(path)).rejects.toMatchObject({ code: 'open_secret', context: { mode: '0644' } });
    await chmod(path, 0o600);
    expect(await readSecret(path)).toBe('key');
  });
});

describe('a name that an object has twice', () => {
  it.each([
    ['{"a":{"b":1},"c":[{"b":1},{"b":2}],"b":"a"}', null],
    ['["a","a",{"a":"a"}]', null],
    ['{"a":",","b":"{\\"a\\":1,"}', null],
    ['{}', null],
    ['{"a":1,\n"\\u0061":2}', { name: 'a', line: 2 }],
    ['[{"x":[1,{"k":{},\n\n"k":[]}]}]', { name: 'k', line: 3 }],
    ['{"__proto__":1,"__proto__":2}', { name: '__proto__', line: 1 }],
  ])('is found in %s', (json, expected) => {
    expect(repeatedName(json)).toEqual(expected);
  });
});
