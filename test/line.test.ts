import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readNetwork, type FinalizedEpoch } from '#client';
import type { Receipt } from '#protocol/evidence/receipt';
import { tupleHash } from '#protocol/settle/tuple';
import { epochNumber, type EpochNumber } from '#protocol/units';
import type { ReportVerdict } from '#protocol/verify/poc';
import { epochBounds } from '#services/runtime/chain-epoch';
import { nextEpoch } from '../scripts/demo/next-epoch.ts';
import {
  checkCheaters,
  checkHonestPairs,
  checkOpenPairs,
  type Money,
} from '../scripts/demo/report/checks.ts';
import { collectEpochs, crowdedKeys, honestPairs } from '../scripts/demo/report/collect.ts';
import type { JudgedReport } from '../scripts/demo/report/verdicts.ts';
import { oracleUrls } from '../scripts/demo/start/stages.ts';
import { runAuditCommand } from './support/audit-command.ts';
import { shownEpochs, shownVerdicts, type ShownVerdict } from './support/line/explorer-view.ts';
import { kill, killIngestAtWork, killOracleAtWork, lose } from './support/line/faults.ts';
import { isAlive, leftProcesses } from './support/line/left-processes.ts';
import { brokenReceipts } from './support/line/receipts.ts';
import {
  openPublicLog,
  readPolicy,
  recompute,
  verdictsOf,
  type Recomputed,
} from './support/line/recompute.ts';
import { nextSettled, PATIENCE_MS, tuplesOf, untilMoneyFits, untilPaid } from './support/line/settlement.ts';
import { PROCESSES, startTestLine, type ProcessName, type TestLine } from './support/line/test-line.ts';

/*
 * The whole line, every part in a process of its own, over two epochs in which much goes wrong: the check workers invert
 * every verdict, Redis and the explorer's database are lost with their files, and ingest, a worker and an oracle are
 * killed. What is paid must be what a recomputation from public files and the chain says.
 */
const SETTINGS = { epochLengthS: 20, challengeDelayS: 5, beaconIntervalS: 10, leadS: 20 };
const WORKER = fileURLToPath(new URL('support/line/inverting-worker.ts', import.meta.url));
const KILLED: readonly ProcessName[] = ['ingest', 'redis', 'explore', 'check-0', 'oracle-1', 'explore'];
const HOOK_MS = 540_000;
/** So that what is waited for fails first, and says why. */
const IT_MS = PATIENCE_MS + 30_000;
/** What being held up by an outage of ingest makes of anybody's report. */
const HELD_UP: readonly JudgedReport['reason'][] = ['too_late', 'irregular_interval'];

let stop: (() => Promise<void>) | undefined;
let line: TestLine;
let dataDir: string | undefined;
let epochs: readonly [EpochNumber, EpochNumber];
let receipts: readonly Receipt[];
let recomputed: readonly Recomputed[];
let money: Money;
let reports: readonly JudgedReport[];
/** What was final when the line was stopped. */
let stopped: FinalizedEpoch;

beforeAll(async () => {
  line = await startTestLine({ settings: SETTINGS, checkMain: WORKER, opened });
  dataDir = line.dataDir;
  await untilExplorer('to answer', shownVerdicts);
  const first = nextEpoch(line.state, Date.now());
  const { start, end } = epochBounds(line.state, first);
  const middle = (start + end) / 2;

  // All witness reports of one city are in, those of the other and the beacons of the cheaters are still to come.
  await untilTime(start + 6.2);
  const others = async (): Promise<void> => {
    await untilTime(middle);
    lose(line, 'redis');
    lose(line, 'explore');
    await untilTime(middle + 3);
    kill(line, 'check-0');
  };
  [receipts] = await Promise.all([killIngestAtWork(line), others()]);
  await killOracleAtWork(line, { oracle: 1, epoch: first });

  await untilPaid(line, first);
  await untilExplorer(`to show epoch ${first}`, async (url) => {
    if (!(await shownEpochs(url)).includes(first)) throw new Error('it does not');
  });
  lose(line, 'explore');
  const second = await nextSettled(line, first);
  epochs = [first, second];
  await untilPaid(line, second);
  recomputed = await line.until({
    what: `what epoch ${second} was made of to be public and final`,
    ask: () => recompute(line, epochs),
    patienceMs: PATIENCE_MS,
    logs: ['localnet', 'ingest'],
  });
  money = await untilMoneyFits(line);
  ({ reports } = await collectEpochs([...epochs], oracleUrls(line.ports)));
}, HOOK_MS);

afterAll(async () => {
  await stop?.();
  if (dataDir !== undefined) await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
}, 30_000);

describe('with inverting workers, Redis and SQL lost, and parts killed', () => {
  it('three oracles settle every epoch alike, as a recomputation from public files and the chain says', async () => {
    expect(recomputed.length).toBeGreaterThanOrEqual(2);
    for (const { final, result } of recomputed) {
      const tuples = await tuplesOf(line, final.epoch);
      expect(tuples.map(({ root }) => root)).toEqual([final.root, final.root, final.root]);
      expect(tuples.map(tupleHash)).toEqual([final.tupleHash, final.tupleHash, final.tupleHash]);
      expect(result.tuple.root).toBe(final.root);
      expect(result.tupleHash).toBe(final.tupleHash);
    }
  });

  it('everything that was killed runs again', () => {
    const wasKilled = (name: ProcessName): boolean =>
      line.said().some((said) => said.includes(` ${name} `) && said.includes('ended (SIGKILL)'));
    expect(KILLED.filter(wasKilled)).toEqual(KILLED);
    expect(line.supervisor.restarts()).toBeGreaterThanOrEqual(KILLED.length);
    expect(PROCESSES.map((name) => line.supervisor.pidOf(name))).not.toContain(null);
  });

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
    const { minted } = money;
    expect(minted).toBeGreaterThan(0n);
    expect(money).toEqual({ minted, claimed: minted, burned: 0n, cumulative: minted, balances: minted });
  });

  it('every receipt that came before ingest was killed stands in the log', async () => {
    const { log } = await readPolicy(line.dataDir);
    expect(receipts.length).toBeGreaterThanOrEqual(20);
    expect(await brokenReceipts(log, receipts)).toEqual([]);
  });

  it(
    'the audit agrees',
    async () => {
      const audits = epochs.map((epoch, at) => {
        const from = oracleUrls(line.ports)[at + 1] ?? '';
        const args = ['--epoch', String(epoch), '--from', from, '--rpc', line.rpcUrl];
        // What is paid was confirmed; that it is finalized may take some more seconds.
        const ask = async (): ReturnType<typeof runAuditCommand> => {
          const audited = await runAuditCommand({ dataDir: line.dataDir, args });
          if (audited.code === 2) throw new Error(audited.output);
          return audited;
        };
        return line.until({ what: `an audit of epoch ${epoch}`, ask, patienceMs: PATIENCE_MS, logs: [] });
      });
      for (const { code, output } of await Promise.all(audits)) expect(code, output).toBe(0);
    },
    IT_MS,
  );

  it(
    'the explorer, its database rebuilt, shows what was settled',
    async () => {
      const settled = recomputed
        .filter(({ final }) => epochs.includes(final.epoch))
        .flatMap(({ result }) => [...verdictsOf(result)]);
      await untilExplorer('to show every settled verdict', async (url) => {
        const shown = await shownVerdicts(url);
        const [[index, verdict] = [], ...others] = settled.filter(
          ([at, each]) => !isShownAs(shown.get(at), each),
        );
        if (index === undefined) return;
        throw new Error(
          `${others.length + 1} of ${settled.length} are not, the first at index ${index}: ` +
            `${JSON.stringify(shown.get(index))} instead of ${JSON.stringify(verdict)}`,
        );
      });
    },
    IT_MS,
  );

  it(
    'the workers did lie: readers are told that honest beacons are made up and forged ones are signed',
    async () => {
      const keysOf = (role: string): ReadonlySet<string> =>
        new Set(line.fleet.filter((hotspot) => hotspot.role === role).map(({ key }) => key));
      const [honest, forgers] = [keysOf('honest'), keysOf('forger')];
      await untilExplorer('to show provisional verdicts that cannot be true', async (url) => {
        const shown = [...(await shownVerdicts(url)).values()].filter(
          ({ kind, final }) => kind === 'beacon' && !final,
        );
        const madeUp = shown.filter(({ key, reason }) => honest.has(key) && reason === 'invalid_packet');
        const signed = shown.filter(({ key, reason }) => forgers.has(key) && reason !== 'bad_signature');
        if (madeUp.length === 0 || signed.length === 0)
          throw new Error(`${madeUp.length} and ${signed.length} of ${shown.length} are lies`);
      });
    },
    IT_MS,
  );
});

describe('stopped and started again on the same folder', () => {
  it('every process ends within 5 s, and none is left', stopsWhole);

  it(
    'the chain, the log and the settlement go on where they were',
    async () => {
      const { log } = await readPolicy(line.dataDir);
      const old = await openPublicLog({ ...log, url: join(line.dataDir, 'ingest', 'public') });
      line = await startTestLine({ dataDir: line.dataDir, settings: SETTINGS, opened });
      expect(line.created).toBe(false);

      // What was received before the stop, and not settled then, is paid now.
      const next = epochNumber(stopped.epoch + 1n);
      await untilPaid(line, next);
      const tuples = await tuplesOf(line, next);
      expect(new Set(tuples.map(tupleHash)).size).toBe(1);
      for (const tuple of tuples) expect(tuple.parentTupleHash).toBe(stopped.tupleHash);
      const { minted } = await untilMoneyFits(line);
      expect(minted).toBeGreaterThan(money.minted);

      const now = await openPublicLog(log);
      expect(now.size).toBeGreaterThan(old.size);
      expect(Buffer.from(await now.rootAt(old.size))).toEqual(Buffer.from(old.root));
    },
    HOOK_MS,
  );

  it('and every process ends again', stopsWhole);
});

function opened(stopLine: () => Promise<void>): void {
  stop = stopLine;
}

async function stopsWhole(): Promise<void> {
  const { latest } = await readNetwork(line.connection, line.network);
  if (latest === null) throw new Error('nothing is final');
  stopped = latest;
  const pids = PROCESSES.map((name) => line.pid(name));
  const started = Date.now();
  await line.stop();
  expect(Date.now() - started).toBeLessThan(5_000);
  expect(pids.filter(isAlive)).toEqual([]);
  expect(await leftProcesses(line.dataDir)).toEqual([]);
}

/** Seconds since the Unix epoch. */
async function untilTime(time: number): Promise<void> {
  await sleep(Math.max(0, time * 1000 - Date.now()));
}

function untilExplorer(what: string, ask: (url: string) => Promise<unknown>): Promise<unknown> {
  return line.until({
    what: `the explorer ${what}`,
    ask: () => ask(`http://127.0.0.1:${line.ports.explore}`),
    patienceMs: PATIENCE_MS,
    logs: ['explore', 'group', 'check-0', 'check-1'],
  });
}

function isShownAs(shown: ShownVerdict | undefined, settled: ReportVerdict): boolean {
  const { reason, note, selected } = settled;
  return (
    shown?.final === true && shown.reason === reason && shown.note === note && shown.selected === selected
  );
}
