import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  readHotspots,
  readLedger,
  readNetwork,
  readPayees,
  readTokenBalance,
  readTokenSupply,
} from '#client';
import { reportLines, type AuditReport } from '#services/audit/report';
import { runAudit } from '#services/audit/run-audit';
import { createClaimer, type Claimer } from '#services/claim/claimer';
import { openFolderSource } from '#services/claim/folder-source';
import { createFollower } from '#services/follow/follower';
import { createHttpServer, listenHttp } from '#services/runtime/http-server';
import { createLogger } from '#services/runtime/logger';
import { openMetrics } from '#services/runtime/metrics';
import { openPublicFiles } from '#services/runtime/public-files';
import { openRegistryReader } from '#services/runtime/registry-file';
import { openChain } from '#services/runtime/chain';
import { openOracle } from '#services/settle/open-oracle';
import type { Oracle } from '#services/settle/oracle';
import { servePublicFiles } from '#services/settle/public-server';
import { EPOCH_S, finalEpoch, startLiveNetwork, type LiveNetwork } from '../support/live-network.ts';

const logger = createLogger({ stage: 'test', level: 'fatal' });
const stop = new AbortController();
let live: LiveNetwork;
let oracles: readonly Oracle[];
let claimer: Claimer;

const oracleFolder = (number: number): string => join(live.dataDir, `oracle-${number}`);
const end = (epoch: number): number => live.firstEpochStart + (epoch + 1) * EPOCH_S;

async function openNumbered(number: number, adoptFrom: string | null = null): Promise<Oracle> {
  const oracle = live.oracles[number];
  if (oracle === undefined) throw new Error(`no oracle ${number}`);
  return await openOracle({
    ...live,
    connection: openChain({ rpcUrl: live.rpcUrl }),
    folder: oracleFolder(number),
    oracle,
    pollMs: 100,
    adoptFrom,
    logger,
    signal: stop.signal,
  });
}

/** Lets the oracles and the claimer work until an epoch is final and paid. */
async function settle(epoch: number, voting: readonly Oracle[]): Promise<void> {
  const deadline = Date.now() + 40_000;
  while ((await finalEpoch(live)) !== BigInt(epoch) || claimer.health().claimedEpoch !== String(epoch)) {
    if (Date.now() > deadline)
      throw new Error(
        `epoch ${epoch} is not final: ${JSON.stringify(voting.map((oracle) => oracle.health()))}`,
      );
    for (const oracle of voting) await oracle.turn();
    await claimer.turn();
    await sleep(200);
  }
}

const audit = (epoch: number, from?: string): Promise<AuditReport> =>
  runAudit({ epoch: BigInt(epoch), dataDir: live.dataDir, ...(from === undefined ? {} : { from }) });

beforeAll(async () => {
  live = await startLiveNetwork();
  await live.writeEpochs(['busy', 'quiet', 'busy']);
  oracles = await Promise.all([0, 1, 2].map((number) => openNumbered(number)));
  claimer = createClaimer({
    ...live,
    folders: openFolderSource(
      [0, 1, 2].map((number) => openPublicFiles(oracleFolder(number))),
      logger,
    ),
    pollMs: 100,
    logger,
    signal: stop.signal,
  });
}, 90_000);

afterAll(async () => {
  stop.abort();
  await live.close();
});

describe('a network from the evidence to the tokens', { timeout: 60_000 }, () => {
  it('keeps registry.json equal to the chain', async () => {
    const following = new AbortController();
    const follower = createFollower({
      ...live,
      pollMs: 50,
      logger,
      signal: following.signal,
      now: Date.now,
    });
    const running = follower.run();
    const reader = openRegistryReader(live.dataDir);
    await expect.poll(async () => (await reader.read())?.hotspots.length, { timeout: 10_000 }).toBe(4);
    following.abort();
    await running;

    const file = await reader.read();
    expect(file?.network.firstEpochStart).toBe(live.firstEpochStart);
    expect(file?.hotspots.map(({ key }) => key)).toEqual(live.hotspots.map(({ key }) => key).sort());
    expect(follower.health().ok).toBe(true);
  });

  it('makes what two of three oracles computed final, and pays it while the third is away', async () => {
    await live.until(end(0));

    await settle(0, oracles.slice(0, 2));

    const folders = await Promise.all(
      [0, 1].map((number) => readFile(join(oracleFolder(number), 'epochs/0/tuple.bin'))),
    );
    expect(folders[0]).toEqual(folders[1]);
    const { latest } = await readNetwork(live.connection, live.network);
    const ledger = await readLedger(live.connection, live.network);
    expect(latest?.cumulativeTotal).toBeGreaterThan(0n);
    expect(ledger.totalClaimed).toBe(latest?.cumulativeTotal);
  });

  it('lets the third oracle recompute what it missed, and go on', async () => {
    await live.until(end(2));

    await settle(2, oracles);

    const tuples = await Promise.all(
      [0, 1, 2].map((number) => readFile(join(oracleFolder(number), 'epochs/2/tuple.bin'))),
    );
    expect(tuples[1]).toEqual(tuples[0]);
    expect(tuples[2]).toEqual(tuples[0]);
    expect(await readdir(join(oracleFolder(2), 'epochs'))).toEqual(['0', '2', 'index.json']);
  });

  it('mints exactly what was claimed, which is the sum of all balances', async () => {
    const network = await readNetwork(live.connection, live.network);
    const hotspots = await readHotspots(live.connection, network);
    const payees = await readPayees(live.connection, live.network);
    const owners = [live.owner.publicKey, ...payees.map(({ address }) => address)];
    const balances = await Promise.all(
      owners.map((owner) => readTokenBalance(live.connection, { network: live.network, owner })),
    );
    const claimed = [...hotspots.value, ...payees].reduce((sum, account) => sum + account.claimed, 0n);

    expect(payees.map(({ address }) => address.toBase58())).toContain(live.operations.toBase58());
    expect(claimed).toBe(network.latest?.cumulativeTotal);
    expect(balances.reduce<bigint>((sum, balance) => sum + (balance ?? 0n), 0n)).toBe(claimed);
    expect(await readTokenSupply(live.connection, live.network)).toBe(claimed);
  });

  it('claims nothing twice when asked again', async () => {
    const before = await readLedger(live.connection, live.network);
    const again = createClaimer({
      ...live,
      folders: openFolderSource([openPublicFiles(oracleFolder(1))], logger),
      pollMs: 100,
      logger,
      signal: stop.signal,
    });
    await again.turn();
    expect(again.health()).toMatchObject({ claimedEpoch: '2', claims: 0, tokens: '0' });
    expect(await readLedger(live.connection, live.network)).toEqual(before);
  });
});

describe('the audit', () => {
  it('agrees with an oracle over HTTP, and with a folder', async () => {
    const server = createHttpServer({ logger, metrics: openMetrics('settle'), health: () => ({ ok: true }) });
    await servePublicFiles(server, oracleFolder(2));
    const listening = await listenHttp(server, { host: '127.0.0.1', port: 0, logger });
    const reports = [await audit(2, listening.url), await audit(0)];
    await listening.close();

    for (const report of reports) {
      expect(reportLines(report).join('\n')).toContain('AGREES');
      expect(report.outcome.kind).toBe('agrees');
      expect(report.findings.filter(({ kind }) => kind === 'not_checked')).toEqual([]);
    }
  });

  it('says of an epoch that oracles skipped that it was empty', async () => {
    const report = await audit(1);
    expect(report.outcome).toMatchObject({ kind: 'agrees' });
    expect(reportLines(report).join('\n')).toContain('skipped between epochs 0 and 2');
  });

  it('cannot check what is not final, or what the RPC does not tell', async () => {
    const later = await audit(3);
    expect(later.outcome).toMatchObject({ kind: 'could_not_check', code: 'not_final' });
    const unreachable = await runAudit({ epoch: 2n, dataDir: live.dataDir, rpc: 'http://127.0.0.1:1' });
    expect(unreachable.outcome).toMatchObject({ kind: 'could_not_check', code: 'chain_unreachable' });
    const nowhere = await audit(2, join(live.dataDir, 'nowhere'));
    expect(nowhere.outcome).toMatchObject({ kind: 'could_not_check', code: 'file_missing' });
  });

  it('finds one flipped byte in any file of an epoch, and names the file', async () => {
    const copy = await mkdtemp(join(tmpdir(), 'coverant-flip-'));
    await cp(oracleFolder(0), copy, { recursive: true });
    const folder = join(copy, 'epochs/2');
    const names = await readdir(folder);
    expect(names.length).toBeGreaterThanOrEqual(13);
    for (const name of names) {
      const bytes = await readFile(join(folder, name));
      const flipped = Uint8Array.from(bytes);
      const at = Math.floor(bytes.length / 2);
      flipped[at] = (flipped[at] ?? 0) ^ 1;
      await writeFile(join(folder, name), flipped);
      const report = await audit(2, copy);
      await writeFile(join(folder, name), bytes);

      expect(report.outcome.kind, `${name}: ${reportLines(report).join('\n')}`).toBe('differs');
      expect(reportLines(report).join('\n')).toContain(name);
    }
    expect((await audit(2, copy)).outcome.kind).toBe('agrees');
    await rm(copy, { recursive: true, force: true });
  }, 60_000);

  it('finds one flipped byte in the files of the log, wherever it is', async () => {
    const copy = await mkdtemp(join(tmpdir(), 'coverant-flip-'));
    await cp(oracleFolder(0), copy, { recursive: true });
    const evidence = join(copy, 'evidence');
    const names = (await readdir(evidence, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile() && entry.parentPath.includes('/tile/0'))
      .map((entry) => join(entry.parentPath, entry.name));
    const newest = names.sort((a, b) => Number(a.split('/').at(-1)) - Number(b.split('/').at(-1))).at(-1);
    const bytes = await readFile(newest ?? '');
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    await writeFile(newest ?? '', bytes);

    const report = await audit(2, copy);

    expect(report.outcome).toMatchObject({ kind: 'differs', difference: { check: 'evidence' } });
    await rm(copy, { recursive: true, force: true });
  });
});
