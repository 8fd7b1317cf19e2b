import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { firstOracle } from '#services/runtime/first-oracle';
import { replaceFile } from '#services/runtime/replace-file';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'coverant-files-'));
});
afterAll(() => rm(dir, { recursive: true }));

describe('a file that is replaced', () => {
  it('is whole, and what a killed writer left of it is gone', async () => {
    const folder = join(dir, 'writers');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, '.file.draft'), 'a longer text of which the end is not wanted');
    await replaceFile(join(folder, 'file'), 'text');
    expect(await readFile(join(folder, 'file'), 'utf8')).toBe('text');
    expect(await readdir(folder)).toEqual(['file']);
  });

  it("leaves no draft where it cannot be replaced, and takes nobody's file for one", async () => {
    const folder = join(dir, 'stands');
    await mkdir(join(folder, 'file', 'inside'), { recursive: true });
    await writeFile(join(folder, 'file.new'), 'mine');
    await expect(replaceFile(join(folder, 'file'), 'text')).rejects.toThrow();
    expect(await readdir(folder)).toEqual(['file', 'file.new']);
    expect(await readFile(join(folder, 'file.new'), 'utf8')).toBe('mine');
  });
});

describe('the first oracle', () => {
  it('is the one with the lowest number', async () => {
    const data = join(dir, 'data');
    for (const name of ['oracle-10', 'oracle-2', 'oracle-x', 'ingest'])
      await mkdir(join(data, name), { recursive: true });
    expect(await firstOracle(data)).toBe(join(data, 'oracle-2'));
  });

  it('is missing where no folder is, and cannot be told where the folder cannot be read', async () => {
    await expect(firstOracle(join(dir, 'absent'))).rejects.toMatchObject({ code: 'file_missing' });
    await writeFile(join(dir, 'plain'), '');
    await expect(firstOracle(join(dir, 'plain'))).rejects.toMatchObject({ code: 'files_unreachable' });
  });
});
