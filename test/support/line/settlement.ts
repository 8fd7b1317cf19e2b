import { join } from 'node:path';
import { readLedger, readNetwork } from '#client';
import { FILES, openFile } from '#protocol/settle/folder';
import { openTuple, type Tuple } from '#protocol/settle/tuple';
import type { EpochNumber } from '#protocol/units';
import { epochBounds } from '#services/runtime/chain-epoch';
import { readEpochFiles, readEpochIndex } from '#services/runtime/public-epochs';
import { openPublicFiles } from '#services/runtime/public-files';
import { checkMoney, type Money } from '../../../scripts/demo/report/checks.ts';
import { collectMoney } from '../../../scripts/demo/report/collect.ts';
import type { TestLine } from './test-line.ts';

/** From an epoch's end to its payment: grace, publishing delay, computing, challenge delay, all on a busy machine. */
export const PATIENCE_MS = 180_000;
const ORACLES = [0, 1, 2] as const;

/** What each oracle's own folder says of an epoch. */
export function tuplesOf(line: TestLine, epoch: EpochNumber): Promise<readonly Tuple[]> {
  return Promise.all(
    ORACLES.map(async (oracle) => {
      const files = await readEpochFiles(openPublicFiles(join(line.dataDir, `oracle-${oracle}`)), epoch);
      if (files === null) throw new Error(`oracle ${oracle} has no folder of epoch ${epoch}`);
      return openFile(files, FILES.tuple, openTuple);
    }),
  );
}

/** Until the epoch is final, what is attested is claimed, and every oracle has its folder. */
export async function untilPaid(line: TestLine, epoch: EpochNumber): Promise<void> {
  await line.until({
    what: `epoch ${epoch} to be final and paid`,
    ask: async () => {
      const { latest } = await readNetwork(line.connection, line.network);
      if (latest === null || latest.epoch < epoch)
        throw new Error(`the latest final epoch is ${latest?.epoch ?? 'none'}`);
      const { totalClaimed } = await readLedger(line.connection, line.network);
      if (totalClaimed !== latest.cumulativeTotal)
        throw new Error(`${totalClaimed} of ${latest.cumulativeTotal} are claimed`);
      await tuplesOf(line, epoch);
    },
    patienceMs: Math.max(0, epochBounds(line.state, epoch).end * 1000 - Date.now()) + PATIENCE_MS,
    logs: ['oracle-0', 'oracle-1', 'oracle-2', 'claim', 'ingest'],
  });
}

/** The first later epoch that is not empty: on a slow machine an outage of ingest may last as long as an epoch. */
export async function nextSettled(line: TestLine, after: EpochNumber): Promise<EpochNumber> {
  return await line.until({
    what: `an epoch after ${after} to be computed`,
    ask: async () => {
      const index = await readEpochIndex(openPublicFiles(join(line.dataDir, 'oracle-0')));
      const [next] = index
        .map(({ epoch }) => epoch)
        .filter((epoch) => epoch > after)
        .sort((a, b) => Number(a - b));
      if (next === undefined) throw new Error('there is none');
      return next;
    },
    patienceMs: Math.max(0, epochBounds(line.state, after).end * 1000 - Date.now()) + PATIENCE_MS,
    logs: ['oracle-0', 'ingest'],
  });
}

/** Read until nothing is claimed in between; a payment too many never fits. */
export async function untilMoneyFits(line: TestLine): Promise<Money> {
  const { keys, connection, network, fleet } = line;
  const payees = [keys.operations, ...keys.oracles].map(({ publicKey }) => publicKey);
  return line.until({
    what: 'everybody to hold what is attested',
    ask: async () => {
      const collected = await collectMoney({ connection, network, hotspots: fleet, payees });
      const { holds, detail } = checkMoney(collected.money);
      if (!holds) throw new Error(detail);
      return collected.money;
    },
    patienceMs: PATIENCE_MS,
    logs: ['claim'],
  });
}
