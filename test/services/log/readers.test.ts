import { readdir, readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCheckpoint } from '#protocol/evidence/checkpoint';
import { openEvidence } from '#protocol/evidence/cut';
import { leafHash, treeRoot } from '#protocol/evidence/merkle';
import type { EvidenceBody } from '#protocol/evidence/record';
import { tilePath } from '#protocol/evidence/tile';
import { epochNumber } from '#protocol/units';
import { logReaderOver, publicLogReader } from '#services/runtime/evidence/public-log-reader';
import { sealEvidence } from '#services/runtime/evidence/seal-evidence';
import { VerifiedTree } from '#services/runtime/evidence/verified-tree';
import { verifyEd25519 } from '../../support/ed25519.ts';
import { LOG_SIGNER, makeTestLog, ORIGIN, type TestLog } from '../../support/evidence-log.ts';

const SIZE = 300;
const SESSION: EvidenceBody = { kind: 'session_init', nonce: Uint8Array.of(1), init: Uint8Array.of(2) };
let test: TestLog;
let head: { readonly size: number; readonly root: Uint8Array };
/** Every public file by its path. */
const files = new Map<string, Uint8Array>();
let server: Server;
let url: string;

/** Session at 0, beacons that name it, the close of epoch 0 at index 279, and 20 entries of the next epoch. */
const BODIES: readonly EvidenceBody[] = Array.from({ length: SIZE }, (_, at) => {
  if (at === 0) return SESSION;
  if (at === 279) return { kind: 'epoch_close', epoch: epochNumber(0n) };
  return { kind: 'beacon', report: Buffer.from(String(at)), session: at % 2 === 0 ? 0 : null };
});

beforeAll(async () => {
  test = await makeTestLog();
  const log = await test.open();
  await log.append(BODIES);
  test.now += 15_000;
  await log.integrate();
  for (const found of await readdir(test.publicDir, { recursive: true, withFileTypes: true })) {
    const path = join(found.parentPath, found.name);
    if (found.isFile()) files.set(relative(test.publicDir, path), new Uint8Array(await readFile(path)));
  }
  const note = files.get('checkpoint') ?? new Uint8Array();
  head = openCheckpoint(note, { origin: ORIGIN, keys: [LOG_SIGNER.key], verify: verifyEd25519 });
  server = createServer((request, response) => {
    const path = request.url ?? '';
    const bytes = files.get(path.replace('/log/', ''));
    if (path.startsWith('/broken/')) response.writeHead(500).end();
    else if (path.startsWith('/endless/')) {
      const write = (): void => {
        while (response.write(Buffer.alloc(65_536)));
        response.once('drain', write);
      };
      write();
    } else if (bytes === undefined) response.writeHead(404).end();
    else response.end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await test.remove();
});

/** A tree over the files in memory, and the paths that were read of it. */
function treeOver(held: ReadonlyMap<string, Uint8Array>): { tree: VerifiedTree; read: Set<string> } {
  const read = new Set<string>();
  const reader = logReaderOver({
    location: 'memory',
    read: async (path) => {
      read.add(path);
      return await Promise.resolve(held.get(path) ?? null);
    },
  });
  return { tree: new VerifiedTree(reader, head), read };
}

/** Uses of a tree that between them read every one of its files. */
const USES: readonly ((tree: VerifiedTree) => Promise<unknown>)[] = [
  (tree) => tree.entries(0, 256),
  (tree) => tree.entries(256, SIZE),
  (tree) => tree.inclusionProof(5),
];

describe('a verified tree', () => {
  it('gives the entries, roots and proofs of the log', async () => {
    const { tree } = treeOver(files);
    const entries = await tree.entries(0, SIZE);
    const leaves = entries.map(leafHash);
    for (const size of [0, 1, 5, 255, 256, 257, 280, SIZE])
      expect(Buffer.from(await tree.rootAt(size))).toEqual(Buffer.from(treeRoot(leaves.slice(0, size))));
    expect(await tree.entries(250, 260)).toEqual(entries.slice(250, 260));
    expect(await tree.entries(7, 7)).toEqual([]);
    await expect(tree.entries(0, SIZE + 1)).rejects.toThrow(RangeError);
  });

  it('reads every file of the log in one use or another', async () => {
    const read = new Set<string>();
    for (const use of USES) {
      const over = treeOver(files);
      await use(over.tree);
      for (const path of over.read) read.add(path);
    }
    expect([...read].sort()).toEqual([...files.keys()].filter((path) => path !== 'checkpoint').sort());
  });

  it('uses no file in which any byte is flipped', { timeout: 120_000 }, async () => {
    const done = new Set<string>();
    let refused = 0;
    for (const use of USES) {
      const whole = treeOver(files);
      await use(whole.tree);
      for (const path of [...whole.read].filter((each) => !done.has(each))) {
        done.add(path);
        for (let at = 0; at < (files.get(path)?.length ?? 0); at++) {
          const flipped = Uint8Array.from(files.get(path) ?? []);
          flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8));
          const outcome = await use(treeOver(new Map(files).set(path, flipped)).tree).then(
            () => 'used',
            (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
          );
          expect(['evidence_mismatch', 'malformed_tile'], `${path} byte ${at}`).toContain(outcome);
          refused += 1;
        }
      }
    }
    expect(refused).toBeGreaterThan(14_000);
  });

  it('takes the beginning of a full file where the partial one is gone, and only then', async () => {
    const older = { size: 200, root: await treeOver(files).tree.rootAt(200) };
    const tree = new VerifiedTree(publicLogReader({ base: test.publicDir }), older);
    expect(await tree.entries(0, 200)).toHaveLength(200);
    const gone = new Map(files);
    gone.delete(tilePath({ level: 'entries', index: 1, width: 44 }));
    await expect(treeOver(gone).tree.entries(256, 300)).rejects.toHaveProperty('code', 'file_missing');
  });
});

describe('a log read over HTTP', () => {
  it('is the same as from its folder', async () => {
    const [remote, local] = [`${url}/log`, test.publicDir].map((base) => publicLogReader({ base }));
    expect(await remote?.checkpoint()).toEqual(await local?.checkpoint());
    if (remote === undefined) throw new Error('expected a reader');
    expect(await new VerifiedTree(remote, head).entries(0, SIZE)).toHaveLength(SIZE);
  });

  it('is an outage, not evidence, where the server fails, lacks a file or sends without end', async () => {
    const codeAt = async (base: string): Promise<unknown> =>
      await publicLogReader({ base })
        .checkpoint()
        .then(
          () => 'read',
          (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
        );
    expect(await codeAt(`${url}/broken`)).toBe('files_unreachable');
    expect(await codeAt(`${url}/nothing`)).toBe('file_missing');
    expect(await codeAt(`${url}/endless`)).toBe('file_too_large');
    expect(await codeAt('http://127.0.0.1:1')).toBe('files_unreachable');
    expect(await codeAt(join(test.dir, 'nothing'))).toBe('file_missing');
  });
});

describe('evidence sealed from a tree', () => {
  it.each([0, 1, 270, 279])('of a cut, from index %i on, opens to its records and sessions', async (from) => {
    const { tree } = treeOver(files);
    const sealed = await sealEvidence({
      tree,
      origin: ORIGIN,
      from,
      size: 280,
      sessions: from > 0 ? [0] : [],
    });
    const opened = openEvidence(sealed);
    expect(opened.records).toHaveLength(280 - from);
    expect(opened.records.at(-1)?.body).toEqual({ kind: 'epoch_close', epoch: 0n });
    expect(opened.sessions.get(0)?.body).toEqual(SESSION);
  });
});
