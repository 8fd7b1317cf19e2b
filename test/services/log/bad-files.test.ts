import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signCheckpoint } from '#protocol/evidence/checkpoint';
import { signNote } from '#protocol/evidence/note';
import { tilePath, type TilePlace } from '#protocol/evidence/tile';
import { logSigner } from '#services/runtime/log/log-signer';
import { openPublishedLog, type PublishedLog } from '#services/runtime/evidence/published-log';
import { logReaderOver } from '#services/runtime/evidence/public-log-reader';
import type { VerifiedTree } from '#services/runtime/evidence/verified-tree';
import { LOG_SIGNER, makeTestLog, ORIGIN, reports, type TestLog } from '../../support/evidence-log.ts';

type Files = Map<string, Uint8Array>;
/** Three full tiles and bundles, and partial ones of 32. */
const SIZE = 800;
const tests: TestLog[] = [];
let files: Files;
/** The public files of another log of the same size and key. */
let foreign: Files;

async function publish(from: number): Promise<Files> {
  const test = await makeTestLog();
  tests.push(test);
  const log = await test.open();
  await log.append(reports(SIZE, from));
  test.now += 15_000;
  await log.integrate();
  await log.close();
  const found: Files = new Map();
  for (const entry of await readdir(test.publicDir, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) found.set(relative(test.publicDir, path), new Uint8Array(await readFile(path)));
  }
  return found;
}

beforeAll(async () => {
  [files, foreign] = await Promise.all([publish(0), publish(10_000)]);
});
afterAll(async () => {
  for (const test of tests) await test.remove();
});

async function open(held: Files, origin = ORIGIN): Promise<PublishedLog> {
  const read = (path: string): Promise<Uint8Array | null> => Promise.resolve(held.get(path) ?? null);
  return await openPublishedLog({
    reader: logReaderOver({ location: 'memory', read }),
    origin,
    key: LOG_SIGNER.key,
  });
}

const place = (level: TilePlace['level'], index: number, width = 256): string =>
  tilePath({ level, index, width });
const bytesOf = (of: Files, path: string): Uint8Array => {
  const bytes = of.get(path);
  if (bytes === undefined) throw new RangeError(`no file ${path}`);
  return bytes;
};

describe('a file of a log', () => {
  const uses: Readonly<Record<string, (tree: VerifiedTree) => Promise<unknown>>> = {
    entries: (tree) => tree.entries(0, SIZE),
    proofs: async (tree) => [await tree.inclusionProof(300), await tree.consistencyProof(100)],
  };
  const [entries1, tile1] = [place('entries', 1), place(0, 1)];
  const [entries3, tile3] = [place('entries', 3, 32), place(0, 3, 32)];

  it.each<{ what: string; path: string; use: string; bytes: (path: string) => Uint8Array; error: object }>([
    {
      what: 'cut within an entry',
      path: entries1,
      use: 'entries',
      bytes: (path) => bytesOf(files, path).slice(0, -3),
      error: { code: 'malformed_tile' },
    },
    {
      what: 'cut after an entry',
      path: entries3,
      use: 'entries',
      bytes: (path) => bytesOf(files, path).slice(0, entryEnd(path, 31)),
      error: { code: 'malformed_tile', context: { entries: 31 } },
    },
    {
      what: 'cut within a hash',
      path: tile1,
      use: 'proofs',
      bytes: (path) => bytesOf(files, path).slice(0, 8000),
      error: { code: 'malformed_tile', context: { offset: 8000, bytes: 8000 } },
    },
    {
      what: 'longer than its place',
      path: tile3,
      use: 'proofs',
      bytes: (path) => Buffer.concat([bytesOf(files, path), Buffer.alloc(32)]),
      error: { code: 'malformed_tile', context: { offset: 32 * 32 } },
    },
    {
      what: 'empty',
      path: tile3,
      use: 'proofs',
      bytes: () => Buffer.alloc(0),
      error: { code: 'malformed_tile' },
    },
    {
      what: 'another tile of the same log',
      path: tile1,
      use: 'proofs',
      bytes: () => bytesOf(files, place(0, 0)),
      error: { code: 'evidence_mismatch', context: { parent: place(1, 0, 3), offset: 32 } },
    },
    {
      what: 'another bundle of the same log',
      path: entries1,
      use: 'entries',
      bytes: () => bytesOf(files, place('entries', 2)),
      error: { code: 'evidence_mismatch', context: { entry: 256, offset: 0 } },
    },
    {
      what: 'the same tile of another log',
      path: tile1,
      use: 'proofs',
      bytes: (path) => bytesOf(foreign, path),
      error: { code: 'evidence_mismatch', context: { offset: 32 } },
    },
    {
      what: 'the same bundle of another log',
      path: entries3,
      use: 'entries',
      bytes: (path) => bytesOf(foreign, path),
      error: { code: 'evidence_mismatch', context: { entry: 768, offset: 0 } },
    },
    {
      what: 'right but for two entries that changed places',
      path: entries1,
      use: 'entries',
      bytes: (path) => swapped(path, 100),
      error: { code: 'evidence_mismatch', context: { entry: 356 } },
    },
  ])('that is $what is refused, by its path and the offset in it', async ({ path, use, bytes, error }) => {
    const { tree } = await open(new Map(files).set(path, bytes(path)));
    const refusal: unknown = await uses[use]?.(tree).then(
      () => 'taken',
      (thrown: unknown) => thrown,
    );
    expect(refusal).toMatchObject(error);
    expect(refusal).toMatchObject({ context: { path, offset: expect.any(Number) as number } });
  });

  it('of the right edge that does not fit its checkpoint is named with all that the root stands over', async () => {
    const { tree } = await open(new Map(files).set(tile3, bytesOf(foreign, tile3)));
    await expect(tree.inclusionProof(790)).rejects.toMatchObject({
      code: 'evidence_mismatch',
      context: { path: `checkpoint ${tile3} ${place(1, 0, 3)}` },
    });
  });

  function entryEnd(path: string, count: number): number {
    const bytes = Buffer.from(bytesOf(files, path));
    let at = 0;
    for (let entry = 0; entry < count; entry++) at += 2 + bytes.readUInt16BE(at);
    return at;
  }

  function swapped(path: string, first: number): Uint8Array {
    const bytes = bytesOf(files, path);
    const [start, middle, end] = [
      entryEnd(path, first),
      entryEnd(path, first + 1),
      entryEnd(path, first + 2),
    ];
    const parts = [
      bytes.slice(0, start),
      bytes.slice(middle, end),
      bytes.slice(start, middle),
      bytes.slice(end),
    ];
    return Buffer.concat(parts);
  }
});

describe('a checkpoint of a log', () => {
  const other = logSigner('another/log', new Uint8Array(32).fill(9));
  const stranger = logSigner(ORIGIN, new Uint8Array(32).fill(9));
  const text = (): string => Buffer.from(bytesOf(files, 'checkpoint')).toString().split('\n\n')[0] ?? '';
  const withCheckpoint = (bytes: Uint8Array): Files => new Map(files).set('checkpoint', bytes);

  it('may carry signatures that nobody knows, and extension lines', async () => {
    const note = signNote(`${text()}\nextension 1\n`, [other, LOG_SIGNER, stranger]);
    const { tree } = await open(withCheckpoint(note));
    expect(await tree.entries(0, SIZE)).toHaveLength(SIZE);
  });

  it('may carry sixteen signatures as long as post-quantum ones', async () => {
    const long = { ...other, sign: () => new Uint8Array(4900) };
    const note = signNote(`${text()}\n`, [...Array.from({ length: 15 }, () => long), LOG_SIGNER]);
    expect((await open(withCheckpoint(note))).tree.size).toBe(SIZE);
  });

  it.each<[string, () => Uint8Array, string]>([
    ['by another key under the same name', () => signNote(`${text()}\n`, [stranger]), 'unsigned_checkpoint'],
    [
      'over another text',
      () => Buffer.from(Buffer.from(bytesOf(files, 'checkpoint')).toString().replace('\n800\n', '\n801\n')),
      'invalid_signature',
    ],
    [
      'of another origin',
      () => signNote(text().replace(ORIGIN, 'another/log') + '\n', [LOG_SIGNER]),
      'malformed_checkpoint',
    ],
    [
      'with an empty line in its text',
      () => signNote(`${text()}\n\nx\n`, [LOG_SIGNER]),
      'malformed_checkpoint',
    ],
    ['that is cut', () => bytesOf(files, 'checkpoint').slice(0, -20), 'malformed_checkpoint'],
    ['that is empty', () => new Uint8Array(0), 'malformed_checkpoint'],
  ])('%s is refused', async (_, bytes, code) => {
    await expect(open(withCheckpoint(bytes()))).rejects.toHaveProperty('code', code);
  });

  it.each([SIZE + 1, SIZE - 1, SIZE + 1000])(
    'that claims %i entries over these files is refused',
    async (size) => {
      const root = new Uint8Array(32).fill(1);
      const { tree } = await open(
        withCheckpoint(signCheckpoint({ origin: ORIGIN, size, root }, [LOG_SIGNER])),
      );
      const refusal: unknown = await tree.entries(size - 1, size).catch((error: unknown) => error);
      expect(['evidence_mismatch', 'file_missing']).toContain((refusal as { code: string }).code);
    },
  );
});
