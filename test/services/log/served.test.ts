import { request } from 'node:http';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatVerifierKey, parseVerifierKey } from '#protocol/evidence/verifier-key';
import { logSigner } from '#services/runtime/log/log-signer';
import { openPublishedLog } from '#services/runtime/evidence/published-log';
import { publicLogReader } from '#services/runtime/evidence/public-log-reader';
import { serveLog } from '#services/runtime/evidence/serve-log';
import { createHttpServer, listenHttp } from '#services/runtime/http-server';
import { openMetrics } from '#services/runtime/metrics';
import { LOG_SIGNER, makeTestLog, ORIGIN, reports, type TestLog } from '../../support/evidence-log.ts';
import { SILENT } from '../../support/service-world.ts';
import { fetchFile, rootOfPath, specPath, SpecReader, type Fetched } from '../../support/spec-reader.ts';

/** One more than 256 ** 2, so that the tree has a third level. */
const SIZE = 65_537;
const OTHER = 'test/9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin/second';
const OTHER_SIGNER = logSigner(OTHER, new Uint8Array(32).fill(2));
const tests: TestLog[] = [];
let host: string;
let close: () => Promise<void> | void;

async function publish(size: number, of = { origin: ORIGIN, signer: LOG_SIGNER }): Promise<TestLog> {
  const test = await makeTestLog();
  tests.push(test);
  const log = await test.open(of);
  for (let at = 0; at < size; at += 4096) await log.append(reports(Math.min(4096, size - at), at));
  test.now += 15_000;
  await log.integrate();
  await log.close();
  return test;
}

/** Two logs of one host, as in a folder of mirrors. */
beforeAll(async () => {
  const first = await publish(SIZE);
  const second = await publish(300, { origin: OTHER, signer: OTHER_SIGNER });
  const root = join(first.dir, 'logs');
  await mkdir(root);
  await rename(first.publicDir, join(root, 'first'));
  await rename(second.publicDir, join(root, 'second'));
  const server = createHttpServer({
    logger: SILENT,
    metrics: openMetrics('ingest'),
    health: () => ({ ok: true }),
  });
  await serveLog(server, { root, prefix: '/logs/' });
  const listening = await listenHttp(server, { host: '127.0.0.1', port: 0, logger: SILENT });
  host = `${listening.url}/logs`;
  close = () => listening.close();
});
afterAll(async () => {
  await close();
  for (const test of tests) await test.remove();
});

const vkey = formatVerifierKey(LOG_SIGNER.key);

describe('a reader written from the specifications alone', () => {
  it('opens the checkpoint, and finds its root over all tiles', async () => {
    const reader = new SpecReader(`${host}/first`, vkey);
    const head = await reader.checkpoint();
    expect([head.origin, head.size]).toEqual([ORIGIN, SIZE]);
    expect(await reader.hash(0, SIZE, SIZE)).toEqual(head.root);
  });

  it('proves entries in any bundle, full or partial', async () => {
    const reader = new SpecReader(`${host}/first`, vkey);
    const { size, root } = await reader.checkpoint();
    for (const index of [0, 1, 255, 256, 4095, 40_000, 65_535, 65_536]) {
      const entry = (await reader.entries(Math.floor(index / 256), size))[index % 256] ?? Buffer.alloc(0);
      expect(entry.toString('latin1')).toContain(`report ${index} `);
      expect(rootOfPath(entry, index, size, await reader.path(index, 0, size, size)), `${index}`).toEqual(
        root,
      );
    }
  });

  it('finds exactly the files that the specification names', async () => {
    const statuses = async (paths: readonly string[]): Promise<readonly number[]> =>
      await Promise.all(paths.map(async (path) => (await fetchFile(`${host}/first`, path)).status));
    const there = [
      specPath(0, 255),
      specPath(0, 256, 1),
      specPath(1, 0),
      specPath(2, 0, 1),
      specPath('entries', 255),
      specPath('entries', 256, 1),
    ];
    expect(await statuses(there)).toEqual(there.map(() => 200));
    const absent = [
      specPath(0, 256),
      specPath(0, 256, 2),
      specPath(1, 1, 1),
      specPath(2, 0),
      specPath(3, 0, 1),
      specPath('entries', 257, 1),
      'tile/0/256',
      'tile/00/000',
      'tile/entries/x000/000',
      'nothing',
      '',
    ];
    expect(await statuses(absent)).toEqual(absent.map(() => 404));
    expect(specPath(0, 1_234_067)).toBe('tile/0/x001/x234/067');
  });
});

describe('the answers of a log', () => {
  const get = async (path: string, headers: Readonly<Record<string, string>> = {}): Promise<Fetched> =>
    await fetchFile(`${host}/first`, path, { headers });

  /** As it goes over the wire: fetch unpacks, and asks for fresh copies. */
  const rawGet = async (path: string, headers: Readonly<Record<string, string>>) =>
    await new Promise<{ status: number; encoding: string | undefined; length: number }>((resolve, reject) => {
      request(`${host}/first/${path}`, { headers }, (answer) => {
        const encoding = answer.headers['content-encoding'];
        let length = 0;
        answer.on('data', (chunk: Buffer) => (length += chunk.length));
        answer.on('end', () => {
          resolve({ status: answer.statusCode ?? 0, encoding, length });
        });
      })
        .on('error', reject)
        .end();
    });

  it('carry the types and the caching that tlog-tiles asks for', async () => {
    const checkpoint = await get('checkpoint');
    expect(checkpoint.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(checkpoint.headers.get('cache-control')).toBe('no-cache');
    for (const path of [specPath(0, 0), specPath(2, 0, 1), specPath('entries', 0)]) {
      const { headers } = await get(path);
      expect(headers.get('content-type')).toBe('application/octet-stream');
      expect(headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    }
    // A file that is not there yet must not be taken for absent later.
    expect((await get(specPath(0, 999))).headers.get('cache-control')).toBe('no-store');
  });

  it('may be read by pages of any origin, absent files too', async () => {
    for (const path of ['checkpoint', specPath(0, 0), specPath('entries', 0), specPath(0, 999)])
      expect((await get(path)).headers.get('access-control-allow-origin'), path).toBe('*');
  });

  it('compress bundles for those who accept it, and nothing else', async () => {
    const raw = async (path: string, accept?: string) =>
      await rawGet(path, accept === undefined ? {} : { 'accept-encoding': accept });
    const bundle = specPath('entries', 7);
    const plain = await raw(bundle);
    const packed = await raw(bundle, 'br, gzip;q=0.5');
    expect([plain.encoding, packed.encoding]).toEqual([undefined, 'gzip']);
    expect(packed.length).toBeLessThan(plain.length / 2);
    expect((await raw(bundle, 'gzip;q=0, identity')).encoding).toBeUndefined();
    expect((await raw(specPath(0, 7), 'gzip')).encoding).toBeUndefined();
    expect((await raw('checkpoint', 'gzip')).encoding).toBeUndefined();
    const { headers, body } = await get(bundle, { 'accept-encoding': 'gzip' });
    expect([headers.get('vary'), body.length]).toEqual(['accept-encoding', plain.length]);
  });

  it('to HEAD have no body, and are not sent again to who has them', async () => {
    const head = await fetchFile(`${host}/first`, specPath(0, 0), { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length'), head.body.length]).toEqual([200, '8192', 0]);
    const etag = (await get('checkpoint')).headers.get('etag') ?? '';
    expect((await rawGet('checkpoint', { 'if-none-match': etag })).status).toBe(304);
  });
});

describe('two logs below one address', () => {
  it('are read each by its own origin and key, and neither as the other', async () => {
    const other = formatVerifierKey(OTHER_SIGNER.key);
    expect((await new SpecReader(`${host}/second`, other).checkpoint()).size).toBe(300);
    const open = async (name: string, origin: string, key: string) =>
      await openPublishedLog({
        reader: publicLogReader({ base: `${host}/${name}` }),
        origin,
        key: parseVerifierKey(key),
      });
    const [first, second] = [await open('first', ORIGIN, vkey), await open('second', OTHER, other)];
    expect([first.tree.size, second.tree.size]).toEqual([SIZE, 300]);
    const [entry] = await second.tree.entries(299, 300);
    expect(entry).not.toEqual((await first.tree.entries(299, 300))[1]);
    await expect(open('second', ORIGIN, vkey)).rejects.toHaveProperty('code', 'unsigned_checkpoint');
    await expect(open('first', OTHER, vkey)).rejects.toHaveProperty('code', 'malformed_checkpoint');
  });
});
