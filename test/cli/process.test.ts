import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HotspotKey } from '#protocol/units';
import { keyText } from '#protocol/wire/key';

const COMMAND = resolve('scripts/coverant.mjs');
const MAIN = ['--import', 'tsx', 'cli/main.ts'];
let dir: string;
let list: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'coverant process '));
  list = join(dir, 'list');
  const keys = Array.from({ length: 3000 }, (_, at) =>
    keyText(`01${at.toString(16).padStart(64, '0')}` as HotspotKey),
  );
  await writeFile(list, keys.join('\n'));
});
afterAll(() => rm(dir, { recursive: true }));

describe('npx coverant', () => {
  it('takes relative paths from the folder in which it is called', async () => {
    const folder = join(dir, 'with a space');
    await mkdir(folder);
    // What this folder says of TypeScript concerns nobody else.
    await writeFile(join(folder, 'tsconfig.json'), '{');
    const made = spawnSync(process.execPath, [COMMAND, 'deny', 'keygen', '--name', 'k', '--out', 'my-key'], {
      cwd: folder,
      encoding: 'utf8',
    });
    expect([made.status, made.stderr]).toEqual([0, '']);
    expect((await stat(join(folder, 'my-key'))).mode & 0o777).toBe(0o600);
    expect(existsSync('my-key')).toBe(false);
  });

  it('prints the version of package.json', async () => {
    const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };
    const run = spawnSync(process.execPath, [COMMAND, '--version'], { cwd: dir, encoding: 'utf8' });
    expect([run.status, run.stdout]).toEqual([0, `${version}\n`]);
  });
});

describe('output that cannot be written', () => {
  it.skipIf(!existsSync('/dev/full'))('ends in one line and code 2 where the disk is full', () => {
    const command = `"$0" "$@" > /dev/full`;
    const run = spawnSync('sh', ['-c', command, process.execPath, ...MAIN, 'endorse', 'root', list], {
      encoding: 'utf8',
    });
    expect(run.status).toBe(2);
    expect(run.stderr).toMatch(/^output_failed: .*ENOSPC.*\n$/);
  });

  it('ends silently where nobody reads any more', async () => {
    const child = spawn(process.execPath, [...MAIN, 'endorse', 'prove', list], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    child.stdout.once('data', () => child.stdout.destroy());
    const [code] = (await once(child, 'close')) as [number];
    expect([code, said]).toEqual([2, '']);
  });
});
