import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Keypair } from '@solana/web3.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { computeEpoch, type ComputedEpoch, type EpochInput } from '#protocol/epoch';
import { encodeDisclosure, readDisclosures, type Disclosures } from '#protocol/route/disclosure';
import { folderFiles } from '#protocol/settle/folder';
import { emptyState } from '#protocol/settle/state';
import { epochNumber, type Address } from '#protocol/units';
import { createHttpServer, type HttpServer } from '#services/runtime/http-server';
import { createLogger } from '#services/runtime/logger';
import { openMetrics } from '#services/runtime/metrics';
import { servePublicFolders } from '#services/runtime/public-server';
import { readDisclosuresFrom } from '#services/runtime/read-disclosures';
import { verifySignature } from '#services/runtime/signature';
import { believedEpoch } from '#services/settle/disclosures/believed-epoch';
import { openDisclosureFiles, type DisclosureFiles } from '#services/settle/disclosures/disclosure-files';
import { openDisclosureSource } from '#services/settle/disclosures/disclosure-source';
import { serveDisclosures } from '#services/settle/disclosures/serve-disclosures';
import { openEpochStore } from '#services/settle/epoch-store';
import { dataFrame, testOwner, TestRouter } from '../protocol/epoch/packet-world.ts';
import { GENESIS, testHotspot, TestWorld } from '../protocol/epoch/world.ts';

const EPOCH = epochNumber(0n);
const OWNER = testOwner('customer');
const START = GENESIS * 1000;
const HOTSPOT = testHotspot('heard', 1);
const logger = createLogger({ stage: 'test', level: 'fatal' });
const world = new TestWorld({ hotspots: [HOTSPOT, testHotspot('other', 2)], epochs: 1 });
const network = world.network;
const oracles = [0, 1, 2].map((seed) => Keypair.fromSeed(new Uint8Array(32).fill(1 + seed)));
const isOracle = (reader: Address): boolean =>
  oracles.some(({ publicKey }) => publicKey.toBase58() === reader);

/** Three packets: the router gives the second to oracle 0 alone, and the third to nobody. */
const router = new TestRouter({ log: world.log(), network });
const session = router.session(HOTSPOT, START + 1000);
const route = router.route(OWNER, START + 1000);
const packets = [0, 1, 2].map((counter) =>
  router.packet({
    at: START + 2000 + counter,
    hotspot: HOTSPOT,
    owner: OWNER,
    session,
    route,
    payload: dataFrame(0x26000001, counter),
  }),
);

let dir: string;
let input: EpochInput;
const servers: HttpServer[] = [];
const files: DisclosureFiles[] = [];
const urls: string[] = [];

async function serve(fill: (server: HttpServer) => Promise<void> | void): Promise<string> {
  const server = createHttpServer({ logger, metrics: openMetrics('settle'), health: () => ({ ok: true }) });
  await fill(server);
  servers.push(server);
  return await server.listen({ host: '127.0.0.1', port: 0 });
}

/** A router of this network that discloses some of its packets to oracles. */
async function serveRouter(disclosed: number): Promise<string> {
  const kept = await openDisclosureFiles(join(dir, `router-${disclosed}`));
  await kept.add(EPOCH, packets.slice(0, disclosed));
  return await serve((server) => {
    serveDisclosures(server, { files: kept, network, isOracle, verify: verifySignature });
  });
}

function computed(disclosures: Disclosures): ComputedEpoch {
  const result = computeEpoch({ ...input, packets: { kind: 'disclosed', disclosures } });
  if (result.kind === 'empty') throw new Error('empty');
  return result;
}

async function gather(oracle: number, from: { readonly router: string; readonly peers: readonly string[] }) {
  const [kept, keypair] = [files[oracle], oracles[oracle]];
  if (kept === undefined || keypair === undefined) throw new Error(`no oracle ${oracle}`);
  const source = openDisclosureSource({ files: kept, network, oracle: keypair, peers: from.peers, logger });
  const logs = world.policy.logs.map((log) => ({ ...log, url: from.router }));
  const bounds = { start: input.facts.start, end: input.facts.end };
  const policy = { ...world.policy, logs };
  return await source.gather({ policy, epoch: EPOCH, bounds, evidence: input.evidence });
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'coverant-disclosures-'));
  const base = world.input(0, { state: emptyState(), parent: null });
  input = { ...base, registry: { ...base.registry, credits: [{ owner: OWNER.address, balance: 100n }] } };
  for (const number of oracles.keys()) {
    const folder = join(dir, `oracle-${number}`);
    const kept = await openDisclosureFiles(join(folder, 'disclosures'));
    files.push(kept);
    urls.push(
      await serve(async (server) => {
        await servePublicFolders(server, folder, ['epochs', 'evidence']);
        serveDisclosures(server, { files: kept, network, isOracle, verify: verifySignature });
      }),
    );
  }
});
afterAll(async () => {
  for (const server of servers) await server.close();
  await rm(dir, { recursive: true, force: true });
});

describe('oracles that recompute packets', () => {
  it('get from a peer what the router withholds from them, and come to one tuple', async () => {
    const first = await gather(0, { router: await serveRouter(2), peers: [] });
    expect(first.missing).toBe(1);
    const poor = await serveRouter(1);
    const alone = await gather(1, { router: poor, peers: [] });
    expect(alone.missing).toBe(2);
    expect(computed(alone.disclosures).packets.map(({ reason }) => reason)).toEqual([
      null,
      'undisclosed',
      'undisclosed',
    ]);
    const helped = await gather(1, { router: poor, peers: [urls[0] ?? ''] });
    expect(helped.missing).toBe(1);
    // The router may be gone altogether.
    const late = await gather(2, { router: 'http://127.0.0.1:9', peers: urls.slice(0, 2) });
    const results = [first, helped, late].map(({ disclosures }) => computed(disclosures));
    expect(new Set(results.map(({ tupleHash }) => tupleHash)).size).toBe(1);
    // What nobody was shown counts for nobody.
    expect(results[0]?.packets.map(({ reason }) => reason)).toEqual([null, null, 'undisclosed']);
    expect(results[0]?.payouts[0]?.shares.credits).toBe(2n);
  });

  it('keep what they have where their public files do not show it, and nobody else may read it', async () => {
    const kept = join(dir, 'oracle-0/disclosures/0');
    expect(readDisclosures(new Uint8Array(await readFile(kept)))).toHaveLength(2);
    expect((await stat(kept)).mode & 0o077).toBe(0);
    const url = `${urls[0] ?? ''}/disclosures/0?from=0`;
    expect((await fetch(url)).status).toBe(401);
    const stranger = Keypair.fromSeed(new Uint8Array(32).fill(99));
    const reading = readDisclosuresFrom(urls[0] ?? '', { network, reader: stranger, epoch: EPOCH });
    await expect(reading.next()).rejects.toThrow('status=401');
  });

  it('go on after a crash with what was written whole', async () => {
    const folder = join(dir, 'crashed');
    const [first, second] = packets.map(encodeDisclosure);
    if (first === undefined || second === undefined) throw new Error('no packets');
    await openDisclosureFiles(folder);
    await writeFile(join(folder, '0'), Buffer.concat([first, second.subarray(0, 40)]));
    const kept = await openDisclosureFiles(folder);
    expect((await kept.read(EPOCH)).size).toBe(1);
    await kept.add(EPOCH, packets.slice(0, 2));
    expect(readDisclosures(new Uint8Array(await readFile(join(folder, '0'))))).toEqual(packets.slice(0, 2));
  });

  it('believe the reasons of a final epoch that counted less, and none that a disclosure speaks against', async () => {
    const fewer = computed(new Map([...((await files[0]?.read(EPOCH)) ?? [])].slice(0, 1)));
    const { tuple, tupleHash } = fewer;
    const store = await openEpochStore(join(dir, 'oracle-1/epochs'), () => ({
      epoch: EPOCH,
      tupleHash,
      parentTupleHash: tuple.parentTupleHash,
    }));
    await store.write(
      { epoch: EPOCH, tupleHash, parentTupleHash: tuple.parentTupleHash },
      folderFiles(input, fewer),
    );
    const disclosures = (await files[0]?.read(EPOCH)) ?? new Map();
    const mine = { ...input, packets: { kind: 'disclosed', disclosures } as const };
    expect(computed(disclosures).tupleHash).not.toBe(tupleHash);
    const peers = [urls[2] ?? '', urls[1] ?? ''];
    const believed = await believedEpoch({ input: mine, tupleHash, peers, logger });
    expect(believed?.tupleHash).toBe(tupleHash);
    const other = { input: mine, tupleHash: '00'.repeat(32) as typeof tupleHash, peers, logger };
    expect(await believedEpoch(other)).toBe(null);
  });
});
