import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { sha256 } from '@noble/hashes/sha2.js';
import { base58 } from '@scure/base';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signCheckpoint } from '#protocol/evidence/checkpoint';
import { formatVerifierKey } from '#protocol/evidence/verifier-key';
import type { ComputedEpoch, EpochFacts, EpochInput } from '#protocol/epoch';
import { disclosuresByCommitment } from '#protocol/route/disclosure';
import { folderFiles, type FolderFiles } from '#protocol/settle/folder';
import { emptyState } from '#protocol/settle/state';
import { keyText } from '#protocol/wire/key';
import { addExplorer } from '#services/explore/app';
import { buildVerifier } from '#services/explore/build-verifier';
import { openDatabase } from '#services/explore/database';
import { logSigner } from '#services/runtime/log/log-signer';
import { createHttpServer, listenHttp } from '#services/runtime/http-server';
import { createLogger } from '#services/runtime/logger';
import { openMetrics } from '#services/runtime/metrics';
import { mirrorPath, type EpochEntry } from '#services/runtime/public-epochs';
import { extendMirror } from '#services/settle/mirror-files';
import { servePublicFolders } from '#services/runtime/public-server';
import { findOnPath } from '../../scripts/packages.ts';
import { FINALIZED_LAYOUT, latestOf, NETWORK_LAYOUT } from '../../web/verifier/chain.ts';
import { testOwner, TestRouter } from '../protocol/epoch/packet-world.ts';
import {
  EMISSION,
  computed,
  sessionInit,
  signedWitness,
  testHotspot,
  testKey,
  TestWorld,
} from '../protocol/epoch/world.ts';
import { writeFolders } from '../support/hotspot-folders.ts';

const logger = createLogger({ stage: 'explore', level: 'silent' });
const hotspots = [0, 1, 2, 3].map((place) => testHotspot(`browser ${place}`, place));
const session = testKey('browser session');
const owner = testOwner('browser owner');
const [asked = testHotspot('', 0), other = asked, witness = asked] = hotspots;
const closing: (() => Promise<unknown>)[] = [];
let dir: string;
let results: readonly ComputedEpoch[];
let network: string;

/** Public files of two epochs with a mirror of the log, as an oracle serves them; in the first, a packet was bought. */
async function publish(base: string): Promise<readonly ComputedEpoch[]> {
  const world = new TestWorld({ hotspots, epochs: 2 });
  const [log] = world.logs;
  if (log === undefined) throw new Error('no log');
  const signer = logSigner(log.origin, new Uint8Array(32).fill(9));
  const logs = [{ origin: log.origin, vkey: formatVerifierKey(signer.key), url: 'http://127.0.0.1/log' }];
  // Right after the first minute's entropy, which stands there once for each beacon of the epoch.
  const router = new TestRouter({ log, network: world.network, from: hotspots.length });
  const first = world.facts(0).start * 1000 + 1000;
  const [sold, route] = [router.session(asked, first), router.route(owner, first)];
  router.packet({ at: first + 1000, hotspot: asked, owner, session: sold, route });
  const disclosures = disclosuresByCommitment(router.disclosures);
  for (const epoch of [0, 1]) world.busyEpoch(epoch);
  // A report by a session key, whose session_init stands in the epoch before.
  const nonce = new Uint8Array(32).fill(5);
  const init = log.add({
    receivedAt: world.facts(0).end * 1000 - 1000,
    body: { kind: 'session_init', nonce, init: sessionInit(witness, session, nonce) },
  });
  const at = world.facts(1).start * 1000 + 40_000;
  const { derived } = world.poc({ beaconer: asked, witnesses: [], at });
  const report = signedWitness(witness, { derived, at, signer: session });
  log.add({ receivedAt: at + 200, body: { kind: 'witness', report, session: null }, session: init });

  let before: Parameters<TestWorld['input']>[1] = { state: emptyState(), parent: null };
  const [folders, entries, all]: [FolderFiles[], EpochEntry[], ComputedEpoch[]] = [[], [], []];
  for (const epoch of [0, 1]) {
    const plain = world.input(epoch, before);
    const input: EpochInput = {
      ...plain,
      policy: { ...plain.policy, logs },
      registry: { ...plain.registry, credits: [{ owner: owner.address, balance: 100n }] },
      packets: { kind: 'disclosed', disclosures },
    };
    const result = computed(input);
    before = { state: result.state, parent: result.tuple };
    folders.push(folderFiles(input, result));
    const { epoch: number, parentTupleHash } = result.tuple;
    entries.push({ epoch: number, tupleHash: result.tupleHash, parentTupleHash });
    all.push(result);
  }
  await writeFolders(base, folders, entries);
  const whole = log.seal(world.facts(1));
  const written = log.entries().slice(0, whole.size);
  const folder = join(base, ...mirrorPath(log.origin).split('/'));
  await mkdir(folder, { recursive: true });
  await extendMirror({
    folder,
    oldSize: 0,
    size: whole.size,
    checkpoint: signCheckpoint({ origin: log.origin, size: whole.size, root: whole.root }, [signer]),
    entries: (from, to) => Promise.resolve(written.slice(from, to)),
  });
  return all;
}

const facts = (): EpochFacts => new TestWorld({ hotspots: [], epochs: 0 }).facts(0);

/** The bytes of a Network account of which the page reads the latest final epoch. */
function networkAccount({ tuple, tupleHash }: ComputedEpoch): Buffer {
  const account = Buffer.alloc(NETWORK_LAYOUT.length);
  account.set(sha256(Buffer.from('account:Network')).subarray(0, 8));
  account.writeUInt8(1, NETWORK_LAYOUT.version);
  const { operations, start, end } = facts();
  account.set(base58.decode(operations), NETWORK_LAYOUT.operations);
  account.writeBigUInt64LE(BigInt(end - start), NETWORK_LAYOUT.epoch_length_s);
  account.writeBigUInt64LE(BigInt(start), NETWORK_LAYOUT.first_epoch_start);
  account.writeBigUInt64LE(EMISSION, NETWORK_LAYOUT.base_emission);
  account.writeUInt8(1, NETWORK_LAYOUT.finalized_any);
  const latest = account.subarray(NETWORK_LAYOUT.latest);
  latest.writeBigUInt64LE(tuple.epoch, FINALIZED_LAYOUT.epoch);
  latest.write(tupleHash, FINALIZED_LAYOUT.tuple_hash, 'hex');
  latest.write(tuple.root, FINALIZED_LAYOUT.root, 'hex');
  latest.writeUInt32LE(tuple.leafCount, FINALIZED_LAYOUT.leaf_count);
  latest.writeBigUInt64LE(tuple.cumulativeTotal, FINALIZED_LAYOUT.cumulative_total);
  return account;
}

async function serveRpc(account: () => Buffer): Promise<string> {
  const server: Server = createServer((request, response) => {
    response.setHeader('access-control-allow-origin', '*');
    response.setHeader('access-control-allow-headers', 'content-type');
    const value = { owner: 'Program', data: [account().toString('base64'), 'base64'] };
    request.resume();
    response.end(JSON.stringify({ jsonrpc: '2.0', id: 1, result: { context: { slot: 7 }, value } }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => new Promise((resolve) => server.close(resolve)));
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}`;
}

async function serveOracle(folder: string): Promise<string> {
  const server = createHttpServer({ logger, metrics: openMetrics('settle'), health: () => ({ ok: true }) });
  await servePublicFolders(server, folder, ['epochs', 'evidence']);
  const listening = await listenHttp(server, { host: '127.0.0.1', port: 0, logger });
  closing.push(async () => {
    await listening.close();
  });
  return listening.url;
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'coverant-verifier-'));
  closing.push(() => rm(dir, { recursive: true }));
  results = await publish(join(dir, 'oracle'));
  network = results[0]?.tuple.network ?? '';
});
afterAll(async () => {
  for (const close of closing.reverse()) await close();
});

describe('the module for browsers', () => {
  it('is built the same every time, and asks nothing of Node', async () => {
    const [module, again] = await Promise.all([buildVerifier(), buildVerifier()]);
    expect(again).toBe(module);
    expect(module).not.toMatch(/from\s*["'](node:|fs|crypto)/);
    expect(module).toContain('verifyHotspotEpoch');
  });

  it('reads the Network account where the program keeps it', async () => {
    const readme = await readFile('programs/coverage/README.md', 'utf8');
    expect(readme).toContain(`| Network | ${NETWORK_LAYOUT.length} `);
    const fieldsOf = (name: string): string =>
      new RegExp(`^- ${name}[^:]*:([\\s\\S]*?)(?=^- |\\n\\n)`, 'm')
        .exec(readme)?.[1]
        ?.replaceAll(/\s+/g, ' ') ?? '';
    const offsets = Object.entries(NETWORK_LAYOUT).filter(([field]) => field !== 'length');
    for (const [field, offset] of offsets) expect(fieldsOf('Network')).toContain(`\`${field}\` ${offset}`);
    for (const [field, offset] of Object.entries(FINALIZED_LAYOUT))
      expect(fieldsOf('FinalizedEpoch')).toContain(`\`${field}\` ${offset}`);
    const [, last] = results;
    if (last === undefined) throw new Error('nothing published');
    const account = networkAccount(last);
    expect(latestOf(account)).toMatchObject({ epoch: 1n, tupleHash: last.tupleHash, root: last.tuple.root });
    account.writeUInt8(2, NETWORK_LAYOUT.version);
    expect(() => latestOf(account)).toThrow('version');
  });
});

const FLIPPED = [
  'evidence-0.bin',
  'registry.bin',
  'policy.json',
  'state-before.bin',
  'verdicts.ndjson',
  'leaves.bin',
  'tuple.bin',
];
const browserPath = findOnPath('chromium', process.env['PATH'] ?? '');
if (browserPath === null)
  console.log('chromium is not on the PATH: the verifying page is not opened in a browser.');

describe.runIf(browserPath !== null)('the verifying page in a browser', () => {
  const complaints: string[] = [];
  let browser: Browser;
  let page: Page;
  let site: string;
  let rpc: string;
  beforeAll(async () => {
    const database = await openDatabase({
      url: null,
      dir: join(dir, 'db'),
      logger,
      lost: (error: Error): never => {
        throw error;
      },
    });
    const server = createHttpServer({
      logger,
      metrics: openMetrics('explore'),
      health: () => ({ ok: true }),
    });
    await addExplorer(server, { database, logger });
    const listening = await listenHttp(server, { host: '127.0.0.1', port: 0, logger });
    site = listening.url;
    rpc = await serveRpc(() => networkAccount(results[1] as ComputedEpoch));
    browser = await chromium.launch({
      executablePath: browserPath ?? '',
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-dev-shm-usage'],
    });
    closing.push(
      () => database.destroy(),
      async () => {
        await listening.close();
      },
      () => browser.close(),
    );
    page = await browser.newPage();
    page.on('console', (message) => {
      if (message.type() !== 'log') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
  }, 120_000);

  /** Fills the form and waits for the answer. */
  async function check(of: {
    readonly files: string;
    readonly epoch: number;
    readonly key?: string;
    readonly every?: boolean;
  }): Promise<{ readonly state: string; readonly steps: string; readonly reports: string }> {
    await page.goto(`${site}/verify.html`);
    await page.fill('[name=key]', of.key ?? keyText(asked.key));
    await page.fill('[name=epoch]', String(of.epoch));
    await page.fill('[name=network]', network);
    await page.fill('[name=files]', of.files);
    await page.fill('[name=rpc]', rpc);
    if (of.every === true) await page.check('[name=everySignature]');
    await page.click('button');
    await page.locator('#state.agrees, #state.differs').waitFor();
    const [state, steps, reports] = await Promise.all(
      ['#state', '#steps', '#reports'].map((selector) => page.locator(selector).innerText()),
    );
    return { state: state ?? '', steps: steps ?? '', reports: reports ?? '' };
  }

  it('agrees with an oracle’s files, from the root on chain to the hotspot’s reports', async () => {
    complaints.length = 0;
    const files = await serveOracle(join(dir, 'oracle'));
    const { state, steps, reports } = await check({ files, epoch: 1 });
    await page.screenshot({ path: '.tsbuild/verify-page.png', fullPage: true });
    const [, last] = results;
    const paid = last?.state.cumulative.get(`01${asked.key.slice(2)}` as never) ?? 0n;
    expect(state).toContain('Agrees:');
    expect(paid).toBeGreaterThan(0n);
    expect(state.replaceAll('.', '')).toContain(paid.toString());
    expect(steps).toContain(last?.tuple.root);
    expect(steps).toContain('under the root on chain');
    expect(steps).toMatch(/[1-9]\d* signatures verified here/);
    expect(reports).toContain('beacon');
    expect(reports).toContain('valid, selected');

    const earlier = await check({ files, epoch: 0, every: true });
    expect(earlier.state).toContain('Agrees:');
    expect(earlier.steps).toContain('1 parent hashes below');
    expect(earlier.steps).toContain(' 0 taken from the published verdicts');
    expect(results[0]?.packets).toMatchObject([{ reason: null, believed: false }]);
    expect(results[0]?.payouts.find(({ key }) => key === asked.key)?.amounts.data).toBeGreaterThan(0n);
    expect(earlier.steps).toContain('the signatures of 1 packets are not checked, for want of disclosures');
    expect(complaints).toEqual([]);
  });

  it('finds a flipped byte in every file that it reads, and a forged report of the hotspot', async () => {
    const copy = join(dir, 'flipped');
    await cp(join(dir, 'oracle'), copy, { recursive: true });
    const files = await serveOracle(copy);
    const origin = results[0]?.verdicts[0]?.beacon?.position.origin ?? '';
    const names = [
      ...FLIPPED.map((name) => `epochs/1/${name}`),
      `${mirrorPath(origin)}/checkpoint`,
      'epochs/0/packets.bin',
      'epochs/0/credits.bin',
    ];
    for (const name of names) {
      const path = join(copy, ...name.split('/'));
      const bytes = await readFile(path);
      const flipped = Uint8Array.from(bytes);
      const at = Math.floor(bytes.length / 2);
      flipped[at] = (flipped[at] ?? 0) ^ 1;
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, flipped);
      const { state, steps } = await check({ files, epoch: name.startsWith('epochs/0') ? 0 : 1 });
      expect(state, `${name}: ${steps}`).toContain('Not shown to be right');
      await writeFile(path, bytes);
    }
    expect((await check({ files, epoch: 1, key: keyText(other.key) })).state).toContain('Agrees:');
  });

  it('says what it cannot check', async () => {
    const files = await serveOracle(join(dir, 'oracle'));
    expect((await check({ files, epoch: 7 })).steps).toContain('epoch 7 is not final on chain');
    expect((await check({ files: `${files}/nowhere`, epoch: 1 })).steps).toContain(
      'has no epochs/index.json',
    );
  });
});
