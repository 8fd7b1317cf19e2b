import { cp, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verifyConsistency, verifyInclusion } from '#protocol/evidence/proof';
import type { Receipt } from '#protocol/evidence/receipt';
import { epochNumber } from '#protocol/units';
import { dropOld, type Dropped } from '#services/runtime/log/drop-old';
import type { EvidenceLog } from '#services/runtime/log/open-log';
import { openPublishedLog, type PublishedLog } from '#services/runtime/evidence/published-log';
import { publicLogReader } from '#services/runtime/evidence/public-log-reader';
import { openJournalReader } from '#services/runtime/evidence/journal-reader';
import { journalSource } from '#services/verify/logs/log-source';
import { LOG_SIGNER, makeTestLog, ORIGIN, reports, type TestLog } from '../../support/evidence-log.ts';

let test: TestLog;
let mirror: string;
let receipts: Receipt[];
const OPTIONS = { segmentBytes: 4000 };

beforeEach(async () => {
  test = await makeTestLog();
  mirror = join(test.dir, 'mirror');
  receipts = [];
});
afterEach(async () => {
  await test.remove();
});

async function appendEpoch(log: EvidenceLog, epoch: bigint): Promise<void> {
  for (let at = 0; at < 7; at++) receipts.push(...(await log.append(reports(50, log.size))));
  await log.closeEpoch(epochNumber(epoch));
  test.now += 15_000;
  await log.integrate();
}

/** Three epochs of 351 entries each, all public, and a mirror of them. */
async function threeEpochs(): Promise<void> {
  const log = await test.open(OPTIONS);
  for (const epoch of [0n, 1n, 2n]) await appendEpoch(log, epoch);
  await log.close();
  await cp(test.publicDir, mirror, { recursive: true });
}

const drop = async (epoch: bigint): Promise<Dropped> =>
  await dropOld({
    dir: test.dir,
    key: LOG_SIGNER.key,
    mirror: publicLogReader({ base: mirror }),
    epoch: epochNumber(epoch),
  });

const published = async (base = test.publicDir): Promise<PublishedLog> =>
  await openPublishedLog({ reader: publicLogReader({ base }), origin: ORIGIN, key: LOG_SIGNER.key });

describe('a log of which old epochs are dropped', () => {
  it('keeps every proof, and goes on where it was', async () => {
    await threeEpochs();
    const before = await published();
    const dropped = await drop(1n);
    expect(dropped.journal).toBeGreaterThan(500);
    expect(dropped.bundles).toBe(512);
    expect(await readdir(join(test.publicDir, 'tile/entries'))).not.toContain('000');
    expect(await readdir(join(test.publicDir, 'tile/0'))).toContain('000');

    const log = await test.open(OPTIONS);
    expect([log.size, log.first, log.lastClosedEpoch]).toEqual([1053, dropped.journal, 2n]);
    await appendEpoch(log, 3n);
    const { tree } = await published();
    expect(tree.size).toBe(1404);
    for (const { index, leaf } of receipts) {
      const proof = await tree.inclusionProof(index);
      expect(verifyInclusion({ leaf, index, size: tree.size, root: tree.root, proof })).toBe(true);
    }
    const [old, proof] = [before.tree, await tree.consistencyProof(before.tree.size)];
    const claim = { oldSize: old.size, oldRoot: old.root, size: tree.size, root: tree.root, proof };
    expect(verifyConsistency(claim)).toBe(true);
    expect(await tree.entries(dropped.journal, tree.size)).toHaveLength(tree.size - dropped.journal);
    await expect(tree.entries(0, 1)).rejects.toHaveProperty('code', 'file_missing');
  });

  it('can be dropped from again, and has nothing more to drop of what is gone', async () => {
    await threeEpochs();
    const first = await drop(0n);
    expect(await drop(0n)).toEqual(first);
    const second = await drop(2n);
    expect(second.journal).toBeGreaterThan(first.journal);
    expect((await test.open(OPTIONS)).size).toBe(1053);
  });

  it('shows readers of the journal what is left of it', async () => {
    await threeEpochs();
    const { journal } = await drop(1n);
    const reader = openJournalReader(test.journalDir);
    await expect(reader.read(0, 10)).rejects.toHaveProperty('code', 'journal_incomplete');
    const source = journalSource({ origin: ORIGIN, dir: test.journalDir });
    expect((await source.read(0, 10)).map(({ index }) => index)[0]).toBe(journal);
    expect(await source.read(journal + 5, 1)).toMatchObject([{ index: journal + 5 }]);
  });

  it('does not start without the public files that its journal stands on', async () => {
    await threeEpochs();
    await drop(1n);
    await rm(join(test.publicDir, 'checkpoint'));
    await expect(test.open(OPTIONS)).rejects.toHaveProperty('code', 'journal_incomplete');
  });
});

describe('nothing is dropped', () => {
  const untouched = async (work: () => Promise<unknown>): Promise<unknown> => {
    const before = await readdir(test.dir, { recursive: true });
    const refusal = await work().catch((error: unknown) => error);
    expect(await readdir(test.dir, { recursive: true })).toEqual(before);
    return refusal;
  };

  it('while a mirror lacks an entry of it, or has another one', async () => {
    await threeEpochs();
    await rm(join(mirror, 'tile/entries/001'));
    expect(await untouched(() => drop(1n))).toHaveProperty('code', 'file_missing');
    await cp(join(mirror, 'tile/entries/000'), join(mirror, 'tile/entries/001'));
    expect(await untouched(() => drop(1n))).toHaveProperty('code', 'evidence_mismatch');
    await writeFile(join(mirror, 'checkpoint'), 'none');
    expect(await untouched(() => drop(1n))).toHaveProperty('code', 'malformed_checkpoint');
  });

  it('of an epoch that is not closed, and while the log is written', async () => {
    await threeEpochs();
    expect(await untouched(() => drop(3n))).toBeInstanceOf(RangeError);
    const log = await test.open(OPTIONS);
    await expect(drop(1n)).rejects.toHaveProperty('code', 'log_locked');
    await log.close();
  });
});
