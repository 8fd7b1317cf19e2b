import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readLedger, readNetwork, type FinalizedEpoch } from '#client';
import type { ComputedEpoch } from '#protocol/epoch';
import type { Receipt } from '#protocol/evidence/receipt';
import { FILES, openFile } from '#protocol/settle/folder';
import { openTuple, tupleHash } from '#protocol/settle/tuple';
import { epochNumber, type EpochNumber } from '#protocol/units';
import type { ReportVerdict } from '#protocol/verify/poc';
import { epochBounds } from '#services/runtime/chain-epoch';
import { readEpochFiles } from '#services/runtime/public-epochs';
import { openPublicFiles } from '#services/runtime/public-files';
import { nextEpoch } from '../scripts/demo/next-epoch.ts';
import {
  checkCheaters,
  checkHonestPairs,
  checkMoney,
  checkOpenPairs,
  type Money,
} from '../scripts/demo/report/checks.ts';
import { collectEpochs, collectMoney, crowdedKeys, honestPairs } from '../scripts/demo/report/collect.ts';
import type { JudgedReport } from '../scripts/demo/report/verdicts.ts';
import { ingestUrl, oracleUrls } from '../scripts/demo/start/stages.ts';
import type { Supervisor } from '../scripts/demo/start/supervisor.ts';
import { runAuditCommand } from './support/audit-command.ts';
import { shownVerdicts, type ShownVerdict } from './support/line/explorer-view.ts';
import { isAlive, leftProcesses } from './support/line/left-processes.ts';
import { brokenReceipts, receiptsUntilGone } from './support/line/receipts.ts';
import { finalEpochs, readPolicy, recompute } from './support/line/recompute.ts';
import { PROCESSES, startTestLine, type TestLine } from './support/line/test-line.ts';

/*
 * The whole line, every part in a process of its own, over two epochs in which much goes wrong: the check workers invert
 * every verdict, Redis and the explorer's database are lost with their files, and ingest, a worker and an oracle are
 * killed. What is paid must be what a recomputation from public files and the chain says.
 */
const SETTINGS = { epochLengthS: 20, challengeDelayS: 5, beaconIntervalS: 10, leadS: 20 };
const WORKER = fileURLToPath(new URL('support/line/inverting-worker.ts', import.meta.url));
const HOOK_MS = 480_000;
/** From an epoch's end to its payment: grace, publishing delay, computing, challenge delay, on a busy machine. */
const SETTLE_MS = 180_000;
const ORACLES = [0, 1, 2] as const;
/** What being held up by an outage of ingest makes of anybody's report. */
const HELD_UP: readonly JudgedReport['reason'][] = ['too_late', 'irregular_interval'];

let supervisor: Supervisor | undefined;
let line: TestLine;
let epochs: readonly [EpochNumber, EpochNumber];
let receipts: readonly Receipt[];
let finals: readonly FinalizedEpoch[];
let recomputed: readonly ComputedEpoch[];
let money: Money;
let reports: readonly JudgedReport[];

beforeAll(async () => {
  line = await startTestLine({
    settings: SETTINGS,
    checkMain: WORKER,
    opened: (opened) => {
      supervisor = opened;
    },
  });
  await line.until({
    what: 'the explorer to answer',
    ask: () => shownVerdicts(explorerUrl()),
    patienceMs: 90_000,
    logs: ['explore'],
  });
  const first = nextEpoch(line.state, Date.now());
  const second = epochNumber(first + 1n);
  epochs = [first, second];
  const { start, end } = epochBounds(line.state, first);

  // All witness reports of one city are in, those of the other and the beacons of the cheaters are still to come.
  await untilTime(start * 1000 + 6_200);
  const log = await health('ingest');
  receipts = await receiptsUntilGone({
    url: ingestUrl(line.ports),
    hotspot: hotspotOf('forger'),
    count: 20,
    enough: () => {
      kill('ingest');
    },
  });
  await untilTime(((start + end) / 2) * 1000);
  kill('redis');
  loseFolder('redis');
  mkdirSync(join(line.dataDir, 'redis'));
  kill('explore');
  loseFolder('explore');
  await untilTime(((start + end) / 2 + 3) * 1000);
  kill('check-0');
  await line.until({
    what: 'ingest to go on with all that it had',
    ask: async () => {
      const { size } = await health('ingest');
      const least = Math.max(Number(log['size']), ...receipts.map(({ index }) => index + 1));
      if (!(Number(size) >= least)) throw new Error(`${String(size)} records, expected at least ${least}`);
    },
    patienceMs: 60_000,
    logs: ['ingest'],
  });
  await untilOracleWrites(1, first);
  kill('oracle-1');

  await untilPaid(first);
  kill('explore');
  loseFolder('explore');
  await untilPaid(second);
  recomputed = await line.until({
    what: `epoch ${second} to be final for those who read finalized blocks`,
    ask: async () => {
      finals = await finalEpochs(line, second);
      return recompute(line, finals);
    },
    patienceMs: 60_000,
    logs: ['localnet'],
  });
  money = await line.until({
    what: 'everybody to be paid what is attested',
    ask: async () => {
      const { keys, connection, network, fleet } = line;
      const payees = [keys.operations, ...keys.oracles].map(({ publicKey }) => publicKey);
      const collected = await collectMoney({ connection, network, hotspots: fleet, payees });
      const { holds, detail } = checkMoney(collected.money);
      if (!holds) throw new Error(detail);
      return collected.money;
    },
    patienceMs: 90_000,
    logs: ['claim'],
  });
  ({ reports } = await collectEpochs([...epochs], oracleUrls(line.ports)));
}, HOOK_MS);

afterAll(async () => {
  await supervisor?.stop();
  await line.remove();
}, 30_000);

describe('with inverting workers, Redis and SQL lost, and parts killed', () => {
  it('three oracles settle every epoch alike, as a recomputation from public files and the chain says', async () => {
    expect(finals.length).toBeGreaterThanOrEqual(2);
    for (const [at, { epoch, tupleHash: onChain, root }] of finals.entries()) {
      const folders = await Promise.all(ORACLES.map((oracle) => tupleOf(oracle, epoch)));
      const result = recomputed[at];
      expect(folders.map((tuple) => tuple.root)).toEqual([root, root, root]);
      expect(folders.map(tupleHash)).toEqual([onChain, onChain, onChain]);
      expect(result?.tuple.root).toBe(root);
      expect(result?.tupleHash).toBe(onChain);
    }
  });

  it('everything that was killed runs again', () => {
    const killed = ['ingest', 'redis', 'explore', 'check-0', 'oracle-1', 'explore'];
    const restarted = killed.filter((name) =>
      line.said().some((said) => said.includes(`${name} `) && said.includes('SIGKILL')),
    );
    expect(restarted).toEqual(killed);
    expect(line.supervisor.restarts()).toBeGreaterThanOrEqual(killed.length);
    expect(PROCESSES.map((name) => line.supervisor.pidOf(name))).not.toContain(null);
  });

  it('the workers did lie: readers are told that honest beacons are made up and forged ones are signed', async () => {
    const honest = new Set(line.fleet.filter(({ role }) => role === 'honest').map(({ key }) => String(key)));
    const { key: forger } = hotspotOf('forger');
    await line.until({
      what: 'the explorer to show provisional verdicts that cannot be true',
      ask: async () => {
        const shown = [...(await shownVerdicts(explorerUrl())).values()].filter(({ final }) => !final);
        const madeUp = shown.filter(
          ({ key, reason }) => honest.has(key) && reason === 'invalid_packet',
        ).length;
        const signed = shown.filter(({ key, reason }) => key === forger && reason !== 'bad_signature').length;
        if (madeUp === 0 || signed === 0)
          throw new Error(`${madeUp} and ${signed} of ${shown.length} provisional ones are lies`);
      },
      patienceMs: 60_000,
      logs: ['explore', 'group', 'check-0', 'check-1'],
    });
  }, 70_000);

  it('every honest pair was paid', () => {
    const { holds, detail } = checkHonestPairs({ pairs: honestPairs(line.fleet), reports });
    expect(holds, detail).toBe(true);
  });

  it('no cheating report was paid, and each has the reason that fits it', () => {
    // These have a reason, so that none of them was paid.
    const inTime = reports.filter(({ reason }) => !HELD_UP.includes(reason));
    const checks = checkCheaters({ actors: line.fleet, reports: inTime, crowded: crowdedKeys(line.fleet) });
    expect(checks).toHaveLength(4);
    for (const { what, holds, detail } of checks) expect(holds, `${what}: ${detail}`).toBe(true);
  });

  it('the open pair earned nothing from each other', () => {
    const { holds, detail } = checkOpenPairs(line.fleet, reports);
    expect(holds, detail).toBe(true);
  });

  it('what was minted is what was claimed, attested and held: nobody was paid twice', () => {
    expect(money.minted).toBeGreaterThan(0n);
    expect(money).toEqual({
      minted: money.minted,
      claimed: money.minted,
      cumulative: money.minted,
      balances: money.minted,
    });
  });

  it('every receipt that came before the kill stands in the log', async () => {
    const { log } = await readPolicy(line.dataDir);
    expect(receipts.length).toBeGreaterThanOrEqual(20);
    expect(await brokenReceipts(log, receipts)).toEqual([]);
  });

  it('the audit agrees', async () => {
    const audits = epochs.map((epoch, at) => {
      const from = oracleUrls(line.ports)[at + 1] ?? '';
      const args = ['--epoch', String(epoch), '--from', from, '--rpc', line.rpcUrl];
      return runAuditCommand({ dataDir: line.dataDir, args });
    });
    for (const { code, output } of await Promise.all(audits)) expect(code, output).toBe(0);
  }, 120_000);

  it('the explorer, its database rebuilt, shows what was settled', async () => {
    const settled = settledVerdicts();
    await line.until({
      what: 'the explorer to show every settled verdict',
      ask: async () => {
        const shown = await shownVerdicts(explorerUrl());
        const wrong = [...settled].filter(([index, verdict]) => !isShownAs(shown.get(index), verdict));
        const [[index, verdict] = []] = wrong;
        if (index === undefined) return;
        throw new Error(
          `${wrong.length} of ${settled.size} are not, the first at index ${index}: ` +
            `${JSON.stringify(shown.get(index))} instead of ${JSON.stringify(verdict)}`,
        );
      },
      patienceMs: 60_000,
      logs: ['explore'],
    });
  }, 70_000);
});

describe('stopped', () => {
  it('every process ends within 5 s, and none is left', async () => {
    const pids = PROCESSES.map((name) => line.pid(name));
    const started = Date.now();
    await line.supervisor.stop();
    expect(Date.now() - started).toBeLessThan(5_000);
    expect(pids.filter(isAlive)).toEqual([]);
    expect(await leftProcesses(line.dataDir)).toEqual([]);
  });
});

function hotspotOf(role: string): TestLine['fleet'][number] {
  const found = line.fleet.find((hotspot) => hotspot.role === role);
  if (found === undefined) throw new Error(`no ${role} is simulated`);
  return found;
}

function explorerUrl(): string {
  return `http://127.0.0.1:${line.ports.explore}`;
}

function kill(name: (typeof PROCESSES)[number]): void {
  process.kill(line.pid(name), 'SIGKILL');
}

/** Before the supervisor starts what was killed again. */
function loseFolder(name: string): void {
  rmSync(join(line.dataDir, name), { recursive: true, maxRetries: 5 });
}

async function untilTime(time: number): Promise<void> {
  await sleep(Math.max(0, time - Date.now()));
}

async function health(name: 'ingest'): Promise<Readonly<Record<string, unknown>>> {
  const answer = await fetch(`http://127.0.0.1:${line.ports[name]}/health`);
  const value: unknown = await answer.json();
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

/** Until the oracle has begun to write its folder of the epoch; it has not voted yet. */
async function untilOracleWrites(oracle: number, epoch: EpochNumber): Promise<void> {
  const folder = join(line.dataDir, `oracle-${oracle}`, 'epochs');
  const deadline = Date.now() + SETTLE_MS;
  while (![`.${epoch}.new`, String(epoch)].some((name) => existsSync(join(folder, name)))) {
    if (Date.now() > deadline) throw new Error(`oracle ${oracle} wrote nothing of epoch ${epoch}`);
    await sleep(5);
  }
}

/** Until the epoch is final, all claims of it are paid, and every oracle has its folder. */
async function untilPaid(epoch: EpochNumber): Promise<void> {
  await line.until({
    what: `epoch ${epoch} to be final and paid`,
    ask: async () => {
      const { latest } = await readNetwork(line.connection, line.network);
      if (latest === null || latest.epoch < epoch)
        throw new Error(`${latest?.epoch ?? 'none'} is the last final`);
      const { totalClaimed } = await readLedger(line.connection, line.network);
      if (totalClaimed !== latest.cumulativeTotal)
        throw new Error(`${totalClaimed} of ${latest.cumulativeTotal} are claimed`);
      await Promise.all(ORACLES.map((oracle) => tupleOf(oracle, epoch)));
    },
    patienceMs: epochBounds(line.state, epoch).end * 1000 + SETTLE_MS - Date.now(),
    logs: ['oracle-0', 'oracle-1', 'oracle-2', 'claim', 'ingest'],
  });
}

async function tupleOf(oracle: number, epoch: EpochNumber): Promise<ReturnType<typeof openTuple>> {
  const files = await readEpochFiles(openPublicFiles(join(line.dataDir, `oracle-${oracle}`)), epoch);
  if (files === null) throw new Error(`oracle ${oracle} has no folder of epoch ${epoch}`);
  return openFile(files, FILES.tuple, openTuple);
}

/** By index in the log: the verdicts of the two epochs, but those of reports that met no beacon. */
function settledVerdicts(): ReadonlyMap<number, ReportVerdict> {
  const settled = new Map<number, ReportVerdict>();
  for (const [at, { epoch }] of finals.entries()) {
    if (!epochs.includes(epoch)) continue;
    for (const { beacon, witnesses, others } of recomputed[at]?.verdicts ?? [])
      for (const verdict of [...(beacon === null ? [] : [beacon]), ...witnesses, ...others])
        settled.set(verdict.position.index, verdict);
    for (const verdict of recomputed[at]?.badlySigned ?? []) settled.set(verdict.position.index, verdict);
  }
  return settled;
}

function isShownAs(shown: ShownVerdict | undefined, settled: ReportVerdict): boolean {
  const { reason, note, selected } = settled;
  return (
    shown?.final === true && shown.reason === reason && shown.note === note && shown.selected === selected
  );
}
