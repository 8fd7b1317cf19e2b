import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openCheckpoint, type Checkpoint } from '#protocol/evidence/checkpoint';
import { verifyConsistency, verifyInclusion } from '#protocol/evidence/proof';
import { verifyReceipt, type Receipt } from '#protocol/evidence/receipt';
import { decodeRecord, type EvidenceBody, type UnknownBody } from '#protocol/evidence/record';
import { segmentName } from '#services/runtime/evidence/journal-frame';
import { openJournalReader } from '#services/runtime/evidence/journal-reader';
import { publicLogReader } from '#services/runtime/evidence/public-log-reader';
import { VerifiedTree } from '#services/runtime/evidence/verified-tree';
import { verifyEd25519 } from '../../support/ed25519.ts';
import { LOG_SIGNER, makeTestLog, ORIGIN, reports, type TestLog } from '../../support/evidence-log.ts';

const DELAY_MS = 15_000;
const HOUR_MS = 3_600_000;
let test: TestLog;

beforeEach(async () => {
  test = await makeTestLog();
});
afterEach(async () => {
  await test.remove();
});

async function checkpoint(): Promise<Checkpoint> {
  const bytes = await readFile(join(test.publicDir, 'checkpoint'));
  return openCheckpoint(bytes, { origin: ORIGIN, keys: [LOG_SIGNER.key], verify: verifyEd25519 });
}

async function tree(): Promise<VerifiedTree> {
  return new VerifiedTree(publicLogReader({ base: test.publicDir }), await checkpoint());
}

function textOf(body: EvidenceBody | UnknownBody): string {
  return body.kind === 'beacon' ? Buffer.from(body.report).toString() : body.kind;
}

function reportText(entry: Uint8Array): string {
  return textOf(decodeRecord(entry).body);
}

describe('a receipt of the log', () => {
  it('is signed, and a later checkpoint covers the leaf that it names, at its index', async () => {
    const log = await test.open();
    const batches = [reports(3), reports(1, 3), reports(300, 4)];
    const receipts = (await Promise.all(batches.map((batch) => log.append(batch)))).flat();
    expect(receipts.map(({ index }) => index)).toEqual(receipts.map((_, at) => at));
    test.now += DELAY_MS;
    await log.integrate();
    const published = await tree();
    expect(published.size).toBe(304);
    for (const receipt of receipts) {
      verifyReceipt(receipt, { key: LOG_SIGNER.key, verify: verifyEd25519 });
      expect(receipt.receivedAt).toBe(1_800_000_000_000);
      expect(receipt.integratedBy).toBeGreaterThanOrEqual(test.now);
      const { leaf, index } = receipt;
      const proof = await published.inclusionProof(index);
      expect(verifyInclusion({ leaf, index, size: 304, root: published.root, proof })).toBe(true);
    }
    const entries = await published.entries(0, 304);
    expect(entries.map(reportText)).toEqual(batches.flat().map((body) => textOf(body)));
  });

  it('is not given for any of a batch of which one entry is too large', async () => {
    const log = await test.open();
    const huge = { kind: 'beacon', report: new Uint8Array(70_000), session: null } as const;
    await expect(log.append([...reports(1), huge])).rejects.toHaveProperty('code', 'oversized_report');
    expect(log.size).toBe(0);
    expect(await log.append([])).toEqual([]);
  });

  it('carries a stamp that never falls, also when the clock is set back and the log starts anew', async () => {
    const first = await test.open();
    await first.append(reports(1));
    test.now -= HOUR_MS;
    const [second] = await first.append(reports(1));
    await first.close();
    const [third] = await (await test.open()).append(reports(1));
    expect([second?.receivedAt, third?.receivedAt]).toEqual([1_800_000_000_000, 1_800_000_000_000]);
  });
});

describe('the public files', () => {
  it('hold nothing before its delay is over, and begin with the empty tree', async () => {
    const log = await test.open();
    await log.append(reports(5));
    test.now += DELAY_MS - 1;
    await log.append(reports(5, 5));
    await log.integrate();
    expect(await readdir(test.publicDir)).toEqual(['checkpoint']);
    expect((await checkpoint()).size).toBe(0);
    test.now += 1;
    await log.integrate();
    expect((await checkpoint()).size).toBe(5);
    expect(await readdir(join(test.publicDir, 'tile/entries/000.p'))).toEqual(['5']);
    test.now += DELAY_MS;
    await log.integrate();
    expect((await checkpoint()).size).toBe(10);
  });

  it('appear by themselves', async () => {
    const log = await test.open({ integrateEveryMs: 10 });
    await log.append(reports(2));
    test.now += DELAY_MS;
    await expect.poll(() => log.published?.size).toBe(2);
  });

  it('never change but for the checkpoint, and every two checkpoints are consistent', async () => {
    const log = await test.open();
    const heads: Checkpoint[] = [];
    const seen = new Map<string, string>();
    for (let round = 0; round < 25; round++) {
      await log.append(reports(1 + ((round * 37) % 90), round * 100));
      test.now += DELAY_MS;
      await log.integrate();
      heads.push(await checkpoint());
      for (const path of await readdir(test.publicDir, { recursive: true, withFileTypes: true })) {
        if (!path.isFile() || path.name === 'checkpoint') continue;
        const file = join(path.parentPath, path.name);
        const bytes = (await readFile(file)).toString('hex');
        expect(seen.get(file) ?? bytes).toBe(bytes);
        seen.set(file, bytes);
      }
    }
    const published = await tree();
    for (const [at, older] of heads.entries())
      for (const newer of heads.slice(at)) {
        const proof = await published.consistencyProof(older.size, newer.size);
        const { size, root } = newer;
        expect(verifyConsistency({ oldSize: older.size, oldRoot: older.root, size, root, proof })).toBe(true);
      }
  });

  it('of partial tiles go when the full one has been out for long, and readers of older checkpoints do without', async () => {
    const log = await test.open();
    await log.append(reports(100));
    test.now += DELAY_MS;
    await log.integrate();
    const old = await checkpoint();
    await log.append(reports(500));
    test.now += DELAY_MS;
    await log.integrate();
    expect(await readdir(join(test.publicDir, 'tile/0'))).toEqual(['000', '000.p', '001', '002.p']);
    test.now += HOUR_MS;
    await log.integrate();
    expect(await readdir(join(test.publicDir, 'tile/0'))).toEqual(['000', '001', '002.p']);
    expect(await readdir(join(test.publicDir, 'tile/entries'))).toEqual(['000', '001', '002.p']);
    const earlier = new VerifiedTree(publicLogReader({ base: test.publicDir }), old);
    expect(await earlier.entries(0, 100)).toHaveLength(100);
  });

  it('are published later where a foreign file is in the way, without losing a receipt', async () => {
    const log = await test.open();
    await log.append(reports(3));
    test.now += DELAY_MS;
    await mkdir(join(test.publicDir, 'tile'), { recursive: true });
    await writeFile(join(test.publicDir, 'tile/entries'), 'not ours');
    await expect(log.integrate()).rejects.toThrow();
    expect(test.failed).toHaveLength(1);
    expect(log.published).toBeNull();
    await log.append(reports(1));
    await rm(join(test.publicDir, 'tile/entries'));
    await log.integrate();
    expect(log.published?.size).toBe(3);
    expect(await readFile(join(test.publicDir, 'tile/entries/000.p/3'))).not.toHaveLength(0);
  });

  it('are made again from the journal where they are gone', async () => {
    const first = await test.open();
    await first.append(reports(600));
    test.now += DELAY_MS;
    await first.integrate();
    const before = await checkpoint();
    await first.close();
    await rm(test.publicDir, { recursive: true });
    await (await test.open()).integrate();
    expect(await checkpoint()).toEqual(before);
    expect(await (await tree()).entries(0, 600)).toHaveLength(600);
  });
});

describe('a log that starts anew', () => {
  it('goes on after what it had receipted and published', async () => {
    const receipts: Receipt[] = [];
    for (let round = 0; round < 4; round++) {
      const log = await test.open({ segmentBytes: 4000 });
      receipts.push(...(await log.append(reports(150, round * 150))));
      test.now += DELAY_MS / 2;
      await log.integrate();
      await log.close();
    }
    const log = await test.open();
    test.now += DELAY_MS;
    await log.integrate();
    const published = await tree();
    const { root } = published;
    for (const { leaf, index } of receipts)
      expect(
        verifyInclusion({ leaf, index, size: 600, root, proof: await published.inclusionProof(index) }),
      ).toBe(true);
  });

  it('refuses a second writer, and takes over from one that died', async () => {
    const log = await test.open();
    await expect(test.open()).rejects.toHaveProperty('code', 'log_locked');
    await log.close();
    // No process has this pid.
    await writeFile(join(test.dir, 'lock'), JSON.stringify({ pid: 2 ** 30, host: hostname(), started: '1' }));
    await (await test.open()).append(reports(1));
  });

  it('ends when another process has taken its lock', async () => {
    const log = await test.open();
    await writeFile(join(test.dir, 'lock'), 'taken');
    await expect.poll(() => test.fatal, { timeout: 10_000 }).toHaveLength(1);
    expect(test.fatal[0]).toHaveProperty('code', 'log_locked');
    await expect(log.append(reports(1))).rejects.toHaveProperty('code', 'log_locked');
    expect(await readFile(join(test.dir, 'lock'), 'utf8')).toBe('taken');
  });

  it('refuses a folder whose lock another machine holds and renews', async () => {
    await writeFile(
      join(test.dir, 'lock'),
      JSON.stringify({ pid: 1, host: 'elsewhere.invalid', started: '1' }),
    );
    await expect(test.open()).rejects.toHaveProperty('code', 'log_locked');
  });
});

describe('a full or forbidden disk', () => {
  it('refuses new reports with a retryable error, keeps what is there, and recovers without help', async () => {
    const log = await test.open({ segmentBytes: 50 });
    const [first] = await log.append(reports(1));
    // The next segment's name is taken by a file that is not ours.
    const foreign = join(test.journalDir, segmentName(1));
    await mkdir(foreign);
    const refused = await log.append(reports(1)).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(refused).toMatchObject({ code: 'log_unavailable', retryable: true });
    await rm(foreign, { recursive: true });
    const [again] = await log.append(reports(1));
    expect([first?.index, again?.index]).toEqual([0, 1]);
    await log.close();
    expect((await test.open()).size).toBe(2);
  });

  it('refuses more than it may keep waiting', async () => {
    const log = await test.open({ queueBytes: 1000 });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 50 }, (_, at) => log.append(reports(1, at * 10))),
    );
    const refused = outcomes.filter(({ status }) => status === 'rejected');
    expect(refused.length).toBeGreaterThan(0);
    for (const { reason } of refused as PromiseRejectedResult[])
      expect(reason).toMatchObject({ code: 'log_busy', retryable: true });
    expect(log.size).toBe(50 - refused.length);
    await log.append(reports(1));
  });

  it('refuses with log_closed once the log closes, after it has answered what waited', async () => {
    const log = await test.open();
    const waiting = log.append(reports(1));
    const closing = log.close();
    await expect(log.append(reports(1))).rejects.toMatchObject({ code: 'log_closed', retryable: true });
    expect(await waiting).toHaveLength(1);
    await closing;
  });
});

describe('a reader of the journal', () => {
  it('sees each entry once it is durable, across segments, in any order of asking', async () => {
    const reader = openJournalReader(test.journalDir);
    expect(await reader.read(0, 10)).toEqual([]);
    const log = await test.open({ segmentBytes: 3000 });
    for (let at = 0; at < 12; at++) {
      const receipts = await log.append(reports(100, at * 100));
      const read = await reader.read(at * 100, 1000);
      expect(read.map(({ index }) => index)).toEqual(receipts.map(({ index }) => index));
    }
    expect(await reader.size()).toBe(1200);
    for (const [from, max] of [
      [0, 1200],
      [1199, 5],
      [3, 1],
      [555, 300],
      [1200, 5],
      [0, 0],
    ] as const) {
      const read = await reader.read(from, max);
      expect(read.map(({ index }) => index)).toEqual(
        Array.from({ length: Math.min(max, 1200 - from) }, (_, at) => from + at),
      );
      for (const { index, record } of read) expect(textOf(record.body)).toMatch(`report ${index} `);
    }
  });

  it('sees nothing that is written but not yet durable', async () => {
    const log = await test.open();
    await log.append(reports(2));
    const mark = await readFile(join(test.journalDir, 'durable'));
    await log.append(reports(1, 2));
    // As if the last fsync had not returned yet.
    await writeFile(join(test.journalDir, 'durable'), mark);
    expect(await openJournalReader(test.journalDir).read(0, 10)).toHaveLength(2);
  });
});
