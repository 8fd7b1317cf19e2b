import { spawnSync } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FILES } from '#protocol/settle/folder';
import { openTuple, tupleHash } from '#protocol/settle/tuple';
import { epochNumber } from '#protocol/units';
import { keyText } from '#protocol/wire/key';
import { epochPath, INDEX_PATH } from '#services/runtime/public-epochs';
import { tellWhy, type WhyQuestion } from '../../cli/hotspot/tell-why.ts';
import { ACTORS, EPOCH, hotspotFolders, STRANGER, writeFolders } from '../support/hotspot-folders.ts';

const LATEST = epochNumber(BigInt(EPOCH));
const honest = keyText(ACTORS.honest.key);
let dir: string;
let base: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'coverant-why-'));
  base = join(dir, 'oracle-1');
  const { folders } = hotspotFolders();
  const entries = folders.map((files) => {
    const tuple = openTuple(files.get(FILES.tuple) ?? new Uint8Array());
    return { epoch: tuple.epoch, tupleHash: tupleHash(tuple), parentTupleHash: tuple.parentTupleHash };
  });
  await writeFolders(base, folders, entries);
});
afterAll(() => rm(dir, { recursive: true }));

/** Runs `npx coverant hotspot why ...` as its users do, but for the look for packages. */
function run(...args: readonly string[]): {
  readonly code: number | null;
  readonly lines: readonly string[];
  readonly said: string;
} {
  const ran = spawnSync(process.execPath, ['--import', 'tsx', 'cli/main.ts', 'hotspot', 'why', ...args], {
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1', DATA_DIR: dir },
  });
  return { code: ran.status, lines: ran.stdout.trimEnd().split('\n'), said: ran.stderr };
}

/** The lines that the command prints, without a process of its own. */
async function ask(question: Partial<WhyQuestion>): Promise<readonly string[]> {
  const answer = await tellWhy({ key: honest, dataDir: dir, ...question });
  if (!('lines' in answer)) throw new Error(`differs in ${answer.difference.file}`);
  return answer.lines.map(stripVTControlCharacters);
}

/** A copy of the public files that may be broken. */
async function copy(name: string): Promise<string> {
  const place = join(dir, name);
  await cp(base, place, { recursive: true });
  return place;
}

describe('coverant hotspot why', () => {
  it('tells about the newest epoch of the oracle in the data folder', () => {
    const { code, lines, said } = run(honest);
    expect([code, said]).toEqual([0, '']);
    expect(lines[0]).toBe(`Hotspot       ${honest}`);
    expect(lines[1]).toBe('Epoch         2, 2026-06-01 00:02:00 to 00:03:00; times are UTC');
    expect(lines.join(' ')).toContain('To earn more  1. ');
  }, 120_000);

  it('says with a code why it cannot tell, and ends with exit code 2', () => {
    const { code, lines, said } = run(keyText(STRANGER.key));
    expect([code, lines]).toEqual([2, ['']]);
    expect(said).toMatch(/^unknown_hotspot: .*register it.* epoch=2 reports=0\n$/);
    expect(run(honest, '--epoch', 'last').code).toBe(2);
  }, 120_000);

  it('ends with exit code 1 and both values where a folder that it recomputes is false', async () => {
    const place = await copy('false');
    const verdicts = join(place, epochPath(LATEST, FILES.verdicts));
    const text = await readFile(verdicts, 'utf8');
    await writeFile(verdicts, text.replace('"signal_ddbm":-1300', '"signal_ddbm":-1290'));
    const { code, lines, said } = run(honest, '--from', place, '--check');
    expect([code, lines]).toEqual([1, ['']]);
    expect(said).toMatch(
      /^DIFFERS: epoch 2: verdicts\.ndjson: .*\n {2}found .*-1290\n {2}expected .*-1300\n$/,
    );
    // An oracle's word, as it says.
    expect((await ask({ from: place })).join(' ')).toContain("an oracle's word, not recomputed");
  }, 120_000);

  it('says what it takes', () => {
    const { code, lines } = run('--help');
    expect(code).toBe(0);
    for (const option of ['--epoch', '--from', '--check', '--rpc', '--json'])
      expect(lines.join('\n')).toContain(option);
  }, 120_000);

  it('fits a screen of 100 columns, whoever asks', async () => {
    for (const { key } of Object.values(ACTORS)) {
      const lines = await ask({ key: keyText(key) });
      expect(lines.length).toBeLessThanOrEqual(45);
      // But for the place of the folder, which is as long as it is.
      for (const line of lines.filter((each) => !each.includes(base)))
        expect(line.length, line).toBeLessThanOrEqual(100);
    }
  });

  it('tells a cheat the numbers that speak against it', async () => {
    const text = (await ask({ key: keyText(ACTORS.cheat.key) })).join(' ').replaceAll(/\s+/g, ' ');
    expect(text).toContain(
      'bad_rssi: Heard at -40.0 dBm, but free space allows at most -88.9 dBm over 4,829 m',
    );
    expect(text).toContain(
      'irregular_interval: It came in interval 59,342,405 of 30 s, which is not after interval',
    );
  });

  it('tells an open one what its tier means and costs', async () => {
    const text = (await ask({ key: keyText(ACTORS.open.key) })).join(' ').replaceAll(/\s+/g, ' ');
    expect(text).toContain(
      'open: nobody vouches for its key, and its pairs with other open ones are not paid',
    );
    expect(text).toContain('at the rate of open hotspots, which together get at most 10 % of each pool');
    expect(text).toContain(
      '2 valid pairs with other open hotspots were not paid; the cap on open hotspots took ',
    );
  });

  it('recomputes the folder first where it is asked to', async () => {
    const text = (await ask({ check: true, epoch: 1n })).join(' ').replaceAll(/\s+/g, ' ');
    expect(text).toContain('recomputed here from its evidence');
    expect(text).toContain('Epoch 1, ');
  });

  it('prints the same as JSON', async () => {
    const told = JSON.parse((await ask({ json: true, epoch: 0n })).join('')) as Record<string, unknown>;
    expect(told).toMatchObject({
      epoch: { number: '0' },
      hotspot: { key: honest, region: 'EU868' },
      source: { location: base, recomputed: false },
      chain: null,
    });
  });

  it('reads from a URL, and only the files that it needs', async () => {
    const asked: string[] = [];
    const server = createServer((request, answer) => {
      asked.push(request.url ?? '');
      readFile(join(base, request.url ?? ''))
        .then((bytes) => answer.end(bytes))
        .catch(() => answer.writeHead(404).end());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const lines = await ask({ from: `http://127.0.0.1:${port}/` });
    await new Promise((resolve) => server.close(resolve));
    expect(lines[2]).toContain(`http://127.0.0.1:${port}, an oracle's word`);
    expect(asked).toContain('/epochs/2/verdicts.ndjson');
    expect(asked.filter((path) => path.includes('evidence'))).toEqual([]);
  });

  it('names with a code what is missing or broken', async () => {
    const broken = await copy('broken');
    await writeFile(join(broken, epochPath(LATEST, FILES.registry)), 'rubbish');
    const unlisted = await copy('unlisted');
    await writeFile(join(unlisted, INDEX_PATH), 'rubbish');
    const empty = join(dir, 'empty');
    const cases: readonly (readonly [string, Partial<WhyQuestion>])[] = [
      ['malformed_key', { key: 'not-a-key' }],
      ['unknown_hotspot', { key: keyText(STRANGER.key) }],
      ['file_missing', { epoch: 9n }],
      ['file_missing', { from: empty }],
      ['file_missing', { dataDir: empty }],
      ['malformed_registry', { from: broken }],
      ['malformed_folder', { from: unlisted }],
      ['files_unreachable', { from: 'http://127.0.0.1:1' }],
      ['chain_unreachable', { rpc: 'http://127.0.0.1:1' }],
    ];
    for (const [code, question] of cases)
      await expect(ask(question), code).rejects.toThrow(expect.objectContaining({ code }) as Error);
  });
});
