import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SystemProgram } from '@solana/web3.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  readHotspots,
  readLedger,
  readNetwork,
  readPayees,
  readTokenBalance,
  readTokenSupply,
  sendInstructions,
  tokenAccountAddress,
} from '#client';
import { checkClaims } from '#services/audit/chain/check-claims';
import { CHECKS } from '#services/audit/report/codes';
import { reportLines } from '#services/audit/report/lines';
import type { AuditReport } from '#services/audit/report/report';
import { runAudit } from '#services/audit/run-audit';
import type { Claimer } from '#services/claim/claimer';
import { createFollower } from '#services/follow/follower';
import { createHttpServer, listenHttp } from '#services/runtime/http-server';
import { createLogger } from '#services/runtime/logger';
import { openMetrics } from '#services/runtime/metrics';
import { openPublicFiles } from '#services/runtime/public-files';
import { servePublicFolders } from '#services/runtime/public-server';
import { openRegistryReader } from '#services/runtime/registry-file';
import { verifySignature } from '#services/runtime/signature';
import type { Oracle } from '#services/settle/oracle';
import { SettleError } from '#services/settle/settle-error';
import { runAuditCommand } from '../support/audit-command.ts';
import { BehindConnection } from '../support/behind-connection.ts';
import { StaleOnceConnection } from '../support/stale-once-connection.ts';
import { ForgetfulConnection } from '../support/forgetful-connection.ts';
import { EPOCH_S, startLiveNetwork, type LiveNetwork } from '../support/live-network.ts';
import { oracleFolder, openLiveClaimer, openLiveOracle, settleEpoch } from '../support/live-oracles.ts';

const logger = createLogger({ stage: 'test', level: 'fatal' });
let live: LiveNetwork;
let oracles: readonly Oracle[];
let claimer: Claimer;

const folderOf = (number: number): string => oracleFolder(live, number);
const end = (epoch: number): number => live.firstEpochStart + (epoch + 1) * EPOCH_S;
const audit = (epoch: number, from?: string): Promise<AuditReport> =>
  runAudit({ epoch: BigInt(epoch), dataDir: live.dataDir, ...(from === undefined ? {} : { from }) });

beforeAll(async () => {
  live = await startLiveNetwork();
  await live.writeEpochs(['busy', 'quiet', 'busy']);
  oracles = await Promise.all([0, 1, 2].map((number) => openLiveOracle(live, number)));
  claimer = openLiveClaimer(live, [0, 1, 2]);
}, 90_000);

afterAll(async () => {
  await live.close();
});

describe('a network from the evidence to the tokens', { timeout: 60_000 }, () => {
  it('keeps registry.json equal to the chain', async () => {
    const following = new AbortController();
    const follower = createFollower({
      ...live,
      pollMs: 50,
      metrics: openMetrics('follow'),
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

  it('asks a node that is behind another one no more often than any, and keeps the newer registry', async () => {
    const following = new AbortController();
    const connection = new BehindConnection(live.rpcUrl, 'confirmed');
    const dataDir = await mkdtemp(join(tmpdir(), 'coverant-behind-'));
    const running = createFollower({
      ...live,
      connection,
      dataDir,
      pollMs: 200,
      metrics: openMetrics('follow'),
      logger,
      signal: following.signal,
      now: Date.now,
    }).run();
    const reader = openRegistryReader(dataDir);
    await expect.poll(() => connection.readings, { timeout: 10_000 }).toBeGreaterThan(2);
    const [file, before] = [await reader.read(), connection.readings];
    await sleep(1000);
    expect(connection.readings - before).toBeLessThanOrEqual(8);
    following.abort();
    await running;
    expect(await reader.read()).toBe(file);
    await rm(dataDir, { recursive: true, force: true });
  });

  it('makes what two of three oracles computed final, and pays it while the third is away', async () => {
    // Anyone can send lamports to where the owner's token account will be: that must not keep it from being made.
    await sendInstructions(live.connection, {
      payer: live.payer,
      instructions: [
        SystemProgram.transfer({
          fromPubkey: live.payer.publicKey,
          toPubkey: tokenAccountAddress(live.network, live.owner.publicKey),
          lamports: 1_000_000,
        }),
      ],
    });
    await live.until(end(0));

    await settleEpoch({ live, epoch: 0, oracles: oracles.slice(0, 2), claimer });

    const folders = await Promise.all(
      [0, 1].map((number) => readFile(join(folderOf(number), 'epochs/0/tuple.bin'))),
    );
    expect(folders[0]).toEqual(folders[1]);
    const { latest } = await readNetwork(live.connection, live.network);
    const ledger = await readLedger(live.connection, live.network);
    expect(latest?.cumulativeTotal).toBeGreaterThan(0n);
    expect(ledger.totalClaimed).toBe(latest?.cumulativeTotal);
  });

  it('outvotes an oracle that computes something else, which says what differs and does not follow', async () => {
    const folder = join(live.dataDir, 'dissident');
    await cp(folderOf(0), folder, { recursive: true });
    const lines: string[] = [];
    const destination = { write: (line: string) => lines.push(line) };
    const dissident = await openLiveOracle(live, 2, {
      folder,
      verify: (input) => input.key !== live.hotspots[0]?.key && verifySignature(input),
      logger: createLogger({ stage: 'settle', level: 'error', destination }),
    });
    await live.until(end(2));

    await dissident.turn();
    for (const oracle of oracles.slice(0, 2)) await oracle.turn();
    await expect
      .poll(() => dissident.turn().then(() => lines.length), { timeout: 20_000 })
      .toBeGreaterThan(0);
    await settleEpoch({ live, epoch: 2, oracles: oracles.slice(0, 2), claimer });
    // It sees what is final when that is finalized for the chain too.
    const refusal = (): Promise<unknown> =>
      dissident.turn().then(
        () => null,
        (error: unknown) => (error instanceof SettleError ? error.code : error),
      );
    await expect.poll(refusal, { timeout: 30_000, interval: 500 }).toBe('final_tuple_differs');

    const fields = lines.flatMap((line) => line.match(/"field":"(\w+)"/g) ?? []);
    expect(fields.slice(0, 2)).toEqual(['"field":"stateHash"', '"field":"cumulativeTotal"']);
  });

  it('lets the third oracle recompute what it missed', async () => {
    await oracles[2]?.turn();

    const tuples = await Promise.all(
      [0, 1, 2].map((number) => readFile(join(folderOf(number), 'epochs/2/tuple.bin'))),
    );
    expect(tuples[1]).toEqual(tuples[0]);
    expect(tuples[2]).toEqual(tuples[0]);
    expect(await readdir(join(folderOf(2), 'epochs'))).toEqual(['0', '2', 'index.json']);
  });

  it('goes on from a mirror where the node has forgotten, once the mirror was recomputed', async () => {
    const folder = join(live.dataDir, 'newcomer');
    const connection = new ForgetfulConnection(live.rpcUrl, 'finalized');
    const alone = await openLiveOracle(live, 2, { folder, connection });
    await expect(alone.turn()).rejects.toMatchObject({ code: 'history_unavailable' });

    const mirror = join(live.dataDir, 'mirror');
    await cp(folderOf(0), mirror, { recursive: true });
    await writeFile(join(mirror, 'epochs/2/summary.json'), 'made up');
    const adopting = await openLiveOracle(live, 2, { folder, connection, adoptFrom: mirror });
    await adopting.turn();

    for (const name of await readdir(join(folderOf(0), 'epochs/2')))
      expect(await readFile(join(folder, 'epochs/2', name))).toEqual(
        await readFile(join(folderOf(0), 'epochs/2', name)),
      );
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
    const again = openLiveClaimer(live, [1]);
    await again.turn();
    expect(again.health()).toMatchObject({ claimedEpoch: '2', claims: 0, tokens: '0' });
    expect(await readLedger(live.connection, live.network)).toEqual(before);
  });
});

describe('the audit', () => {
  it('agrees with an oracle over HTTP, and with a folder', async () => {
    const server = createHttpServer({ logger, metrics: openMetrics('settle'), health: () => ({ ok: true }) });
    await servePublicFolders(server, folderOf(2), ['epochs', 'evidence']);
    const listening = await listenHttp(server, { host: '127.0.0.1', port: 0, logger });
    const reports = [await audit(2, listening.url), await audit(0)];
    await listening.close();

    for (const report of reports) {
      expect(reportLines(report).join('\n')).toContain('AGREES');
      expect(report.outcome.kind).toBe('agrees');
      const open = report.findings.filter(({ kind }) => kind === 'not_checked');
      expect(open.map(({ check }) => check)).toEqual(['witnesses']);
    }
  });

  it('says of an epoch that oracles skipped that it was empty', async () => {
    const report = await audit(1);
    expect(report.outcome).toMatchObject({ kind: 'agrees' });
    expect(reportLines(report).join('\n')).toContain('skipped between epochs 0 and 2');
  });

  it('goes through every epoch from the first, each on what the one before it left', async () => {
    const report = await runAudit({ dataDir: live.dataDir });
    expect(report.outcome, reportLines(report).join('\n')).toMatchObject({ kind: 'agrees' });
    expect(report.epochs.map(({ epoch, kind }) => [epoch, kind])).toEqual([
      ['0', 'computed'],
      ['1', 'skipped'],
      ['2', 'computed'],
    ]);
    const states = report.findings.filter(({ check }) => check === 'state');
    expect(states.map((finding) => [finding.epoch, 'says' in finding ? finding.says : ''])).toEqual([
      ['0', 'begins with what the genesis left'],
      ['2', 'begins with what epoch 0 left'],
    ]);
  });

  it('makes every check that there is', async () => {
    const { findings } = await runAudit({ dataDir: live.dataDir, sample: 1 });
    expect(new Set(findings.map(({ check }) => check))).toEqual(new Set(Object.keys(CHECKS)));
  });

  it('verifies a sample’s signatures, the same for the same seed, and says what it can miss', async () => {
    const sampled = (): Promise<AuditReport> =>
      runAudit({ dataDir: live.dataDir, epoch: 2n, sample: 1, seed: 'a seed' });
    const [first, again] = [await sampled(), await sampled()];
    expect(first.epochs).toMatchObject([
      {
        sample: { beacons: 1, of: 4, verified: 4, missed: { '0.001': 0.75, '0.01': 0.75, '0.05': 0.75 } },
      },
    ]);
    expect(again.epochs).toEqual(first.epochs);
    expect(reportLines(first).join('\n')).toContain('1 of 4 beacons by seed a seed');
  });

  it('verifies the signatures of those who voted, as far as the node has their transactions', async () => {
    const { findings } = await audit(2);
    const found = findings.find(({ check }) => check === 'attestations');
    expect(found).toMatchObject({ kind: 'agrees' });
    expect(JSON.stringify(found)).toContain('2 of the 2 voters signed');
  });

  it('differs where a right folder is not what the oracles made final', async () => {
    // Under the rules of the one who was outvoted, his folder is the right one.
    const report = await runAudit({
      dataDir: live.dataDir,
      epoch: 2n,
      from: join(live.dataDir, 'dissident'),
      verify: (input) => input.key !== live.hotspots[0]?.key && verifySignature(input),
    });
    expect(report.outcome).toMatchObject({ kind: 'differs', difference: { check: 'tuple' } });
    // By ours it is no folder of this epoch.
    const foreign = await audit(2, join(live.dataDir, 'dissident'));
    expect(foreign.outcome).toMatchObject({ kind: 'could_not_check', code: 'damaged_copy' });
  });

  it('cannot check by another network, or by an RPC that has no program', async () => {
    const { dataDir } = live;
    const codeOf = async (options: {
      readonly network?: string;
      readonly rpc?: string;
      readonly genesis?: string;
    }): Promise<unknown> => {
      const { outcome } = await runAudit({ dataDir, epoch: 2n, ...options });
      return 'code' in outcome ? outcome.code : outcome.kind;
    };
    expect(await codeOf({ network: live.operations.toBase58() })).toBe('network_missing');
    expect(await codeOf({ network: 'nowhere' })).toBe('malformed_argument');
    expect(await codeOf({ rpc: 'ftp://example' })).toBe('malformed_argument');
    const cluster = createServer((request, response) => {
      request.setEncoding('utf8').on('data', (text: string) => {
        const { id, method } = JSON.parse(text) as { readonly id: string; readonly method: string };
        const result = method === 'getGenesisHash' ? 'other' : { context: { slot: 1 }, value: null };
        response.end(JSON.stringify({ jsonrpc: '2.0', id, result }));
      });
    });
    await new Promise<void>((resolve) => cluster.listen(0, '127.0.0.1', resolve));
    const address = cluster.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    const rpc = `http://127.0.0.1:${port}`;
    expect(await codeOf({ rpc })).toBe('cluster_differs');
    expect(await codeOf({ rpc, genesis: 'other' })).toBe('program_missing');
    cluster.close();
  });

  it('cannot check what is not final, or what the RPC does not tell', async () => {
    const later = await audit(3);
    expect(later.outcome).toMatchObject({ kind: 'could_not_check', code: 'not_final' });
    const unreachable = await runAudit({ epoch: 2n, dataDir: live.dataDir, rpc: 'http://127.0.0.1:1' });
    expect(unreachable.outcome).toMatchObject({ kind: 'could_not_check', code: 'chain_unreachable' });
    const nowhere = await audit(2, join(live.dataDir, 'nowhere'));
    expect(nowhere.outcome).toMatchObject({ kind: 'could_not_check', code: 'file_missing' });
  });

  it('takes no node that is a little behind the others for a difference', async () => {
    const network = await readNetwork(live.connection, live.network);
    const source = openPublicFiles(folderOf(0));
    const connection = new StaleOnceConnection(live.rpcUrl, 'finalized');
    expect((await checkClaims({ connection, network, source })).map(({ kind }) => kind)).toEqual([
      'agrees',
      'agrees',
      'agrees',
    ]);
    expect(connection.stale).toBe(1);
  });

  it('finds one flipped byte in any file of an epoch, and names the file', async () => {
    const copy = await mkdtemp(join(tmpdir(), 'coverant-flip-'));
    await cp(folderOf(0), copy, { recursive: true });
    const folder = join(copy, 'epochs/2');
    const names = await readdir(folder);
    expect(names.length).toBeGreaterThanOrEqual(13);
    for (const name of names) {
      const bytes = await readFile(join(folder, name));
      for (const part of [0, 0.2, 0.4, 0.6, 0.8, 1]) {
        const at = Math.floor((bytes.length - 1) * part);
        const flipped = Uint8Array.from(bytes);
        flipped[at] = (flipped[at] ?? 0) ^ 1;
        await writeFile(join(folder, name), flipped);
        const report = await audit(2, copy);

        // A copy with a changed byte says nothing about the network: whoever changed it, another mirror may be right.
        const { outcome } = report;
        expect(outcome, `${name} at ${at}: ${reportLines(report).join('\n')}`).toMatchObject({
          kind: 'could_not_check',
        });
        const codes = ['damaged_copy', 'unknown_version', 'foreign_copy', 'file_missing'];
        expect(codes).toContain('code' in outcome ? outcome.code : '');
        expect(reportLines(report).join('\n')).toContain(name);
      }
      await writeFile(join(folder, name), bytes);
    }
    expect((await audit(2, copy)).outcome.kind).toBe('agrees');
    await rm(copy, { recursive: true, force: true });
  }, 60_000);

  it('ends its process with 0, 1 or 2', { timeout: 60_000 }, async () => {
    const copy = await mkdtemp(join(tmpdir(), 'coverant-flip-'));
    await cp(folderOf(0), copy, { recursive: true });
    await writeFile(join(copy, 'epochs/2/leaves.bin'), 'made up');
    const command = (args: readonly string[]): ReturnType<typeof runAuditCommand> =>
      runAuditCommand({ dataDir: live.dataDir, args });
    const runs = await Promise.all([
      command(['--epoch', '2']),
      command(['--epoch', '2', '--from', copy]),
      command(['--epoch', '2', '--rpc', 'http://127.0.0.1:1', '--json']),
      command(['--epoch', 'two']),
    ]);
    await rm(copy, { recursive: true, force: true });

    expect(runs.map(({ code }) => code)).toEqual([0, 2, 2, 2]);
    expect(runs[1].output).toContain('leaves.bin');
    expect(JSON.parse(runs[2].output)).toMatchObject({ outcome: { code: 'chain_unreachable' } });
  });

  it('finds one flipped byte in the files of the log, wherever it is', async () => {
    const copy = await mkdtemp(join(tmpdir(), 'coverant-flip-'));
    await cp(folderOf(0), copy, { recursive: true });
    const evidence = join(copy, 'evidence');
    const names = (await readdir(evidence, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile() && entry.parentPath.includes('/tile/0'))
      .map((entry) => join(entry.parentPath, entry.name));
    const newest = names.sort((a, b) => Number(a.split('/').at(-1)) - Number(b.split('/').at(-1))).at(-1);
    const bytes = await readFile(newest ?? '');
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
    await writeFile(newest ?? '', bytes);

    const report = await audit(2, copy);

    expect(report.outcome).toMatchObject({ kind: 'could_not_check', code: 'damaged_copy' });
    expect(JSON.stringify(report.outcome)).toContain('path=checkpoint tile/0/');
    await rm(copy, { recursive: true, force: true });
  });
});
