import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeFork, verifyFork } from '#protocol/evidence/fork';
import { encodeRecord } from '#protocol/evidence/record';
import { formatVerifierKey } from '#protocol/evidence/verifier-key';
import { DEFAULT_POLICY } from '#protocol/policy';
import { GENESIS_PARENT } from '#protocol/settle/tuple';
import { epochNumber, millis, type Hash, type HotspotKey } from '#protocol/units';
import { openLog, type EvidenceLog } from '#services/runtime/log/open-log';
import { logSigner } from '#services/runtime/log/log-signer';
import { readCut } from '#services/runtime/evidence-cut';
import { createLogger } from '#services/runtime/logger';
import { openPublicFiles } from '#services/runtime/public-files';
import { mirrorPath, readEpochIndex } from '#services/runtime/public-epochs';
import { verifySignature } from '#services/runtime/signature';
import { openEpochStore, type EpochStore } from '#services/settle/epoch-store';
import { openEvidenceSource } from '#services/settle/evidence-source';
import { openLogMirror, type LogMirror } from '#services/settle/log-mirror';
import { rememberSignatures } from '#services/settle/signature-memory';

const logger = createLogger({ stage: 'test', level: 'fatal' });
const verifyKey = `01${'00'.repeat(32)}` as HotspotKey;
let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'coverant-files-'));
});

afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

describe('an epoch store', () => {
  const entry = {
    epoch: epochNumber(7n),
    tupleHash: 'ab'.repeat(32) as Hash,
    parentTupleHash: GENESIS_PARENT,
  };
  const open = (): Promise<EpochStore> => openEpochStore(dir, () => entry);

  it('gives back what was written, and lists it for others', async () => {
    const store = await open();
    const files = new Map([['tuple.bin', Uint8Array.of(1, 2)]]);
    await store.write(entry, files);

    expect(await store.read(entry.epoch)).toEqual(files);
    expect(await store.read(epochNumber(8n))).toBeNull();
    const index = JSON.parse(await readFile(join(dir, 'index.json'), 'utf8')) as unknown;
    expect(index).toEqual({ epochs: [{ ...entry, epoch: '7' }] });
  });

  it('replaces a folder whole and keeps nothing of the old one', async () => {
    const store = await open();
    await store.write(entry, new Map([['old.bin', Uint8Array.of(1)]]));
    await store.write(entry, new Map([['new.bin', Uint8Array.of(2)]]));
    expect(await readdir(join(dir, '7'))).toEqual(['new.bin']);
  });

  it('clears away what a crash left half written, and does not list what it cannot decode', async () => {
    await mkdir(join(dir, '.7.new'));
    await mkdir(join(dir, '9'));
    const store = await openEpochStore(dir, () => {
      throw new Error('damaged');
    });
    expect(await readdir(dir)).toEqual(['9', 'index.json']);
    await store.write({ ...entry, epoch: epochNumber(9n) }, new Map([['tuple.bin', Uint8Array.of(3)]]));
    expect(await readdir(join(dir, '9'))).toEqual(['tuple.bin']);
  });
});

describe('an epoch store that was killed while it replaced a folder', () => {
  it('has the folder from before, or the one from after', async () => {
    const entry = {
      epoch: epochNumber(7n),
      tupleHash: 'ab'.repeat(32) as Hash,
      parentTupleHash: GENESIS_PARENT,
    };
    const store = await openEpochStore(dir, () => entry);
    await store.write(entry, new Map([['tuple.bin', Uint8Array.of(1)]]));
    await rename(join(dir, '7'), join(dir, '.7.old'));
    await mkdir(join(dir, '.7.new'));
    expect(await (await openEpochStore(dir, () => entry)).read(entry.epoch)).toEqual(
      new Map([['tuple.bin', Uint8Array.of(1)]]),
    );

    await mkdir(join(dir, '.7.old'));
    await openEpochStore(dir, () => entry);
    expect((await readdir(dir)).sort()).toEqual(['7', 'index.json']);
    expect(JSON.parse(await readFile(join(dir, 'index.json'), 'utf8'))).toMatchObject({
      epochs: [{ epoch: '7' }],
    });
  });
});

describe('the mirror of a log', () => {
  const origin = 'test/network/ingest';
  let log: EvidenceLog;
  let now = 1_000_000;

  const openSource = (folder: string, seed = 1): Promise<EvidenceLog> =>
    openLog({
      dir: join(dir, folder),
      origin,
      signer: logSigner(origin, new Uint8Array(32).fill(seed)),
      clock: () => millis(now),
      delayMs: 0,
      integrateEveryMs: 3_600_000,
      fatal: (error) => {
        throw error;
      },
    });

  const openMirror = (source = 'log'): Promise<LogMirror> =>
    openLogMirror({
      log: {
        origin,
        vkey: formatVerifierKey(logSigner(origin, new Uint8Array(32).fill(1)).key),
        url: join(dir, source, 'public'),
      },
      places: () => [join(dir, source, 'public')],
      folder: join(dir, 'mirror'),
      verify: verifySignature,
      logger,
    });

  async function append(count: number, to = log): Promise<void> {
    const bodies = Array.from({ length: count }, (_, at) => ({
      kind: 'entropy' as const,
      data: new Uint8Array(32).fill(at),
      timestamp: now,
      version: 0,
      slot: BigInt(to.size + at),
      blockhash: new Uint8Array(32),
    }));
    await to.append(bodies);
    now += 1;
    await to.integrate();
  }

  beforeEach(async () => {
    await mkdir(join(dir, 'log'));
    log = await openSource('log');
  });

  afterEach(async () => {
    await log.close();
  });

  it('is the same log for whoever reads it, at every size that it passes through', async () => {
    const mirror = await openMirror();
    let seen = 0;
    for (const count of [1, 3, 252, 1, 300, 256, 1000]) {
      await append(count);
      seen += await mirror.sync();
      expect(seen).toBe(log.size);
      // A reader of its own, that knows the folder alone.
      const reader = await openMirror();
      const { tree } = reader;
      expect(Buffer.from(tree?.root ?? [])).toEqual(Buffer.from(log.published?.root ?? [1]));
      expect(await tree?.entries(0, seen)).toHaveLength(seen);
      expect(await tree?.rootAt(Math.floor(seen / 2))).toEqual(
        await mirror.tree?.rootAt(Math.floor(seen / 2)),
      );
    }
  });

  it('adds nothing while the log stands still', async () => {
    await append(5);
    const mirror = await openMirror();
    expect(await mirror.sync()).toBe(5);
    expect(await mirror.sync()).toBe(0);
  });

  it('throws away what is damaged on its own disk, and fetches it again', async () => {
    await append(300);
    await (await openMirror()).sync();
    await writeFile(join(dir, 'mirror/tile/entries/001.p/44'), 'made up');

    const mirror = await openMirror();
    expect(mirror.tree).toBeNull();
    expect(await mirror.sync()).toBe(300);
  });

  it('fetches again what turns out to be damaged only later, and keeps its proofs of forks', async () => {
    await append(600);
    const mirror = await openMirror();
    await mirror.sync();
    await writeFile(join(dir, 'mirror/fork-1-2'), 'a checkpoint');
    await writeFile(join(dir, 'mirror/tile/entries/000'), 'made up');

    await expect(mirror.tree?.entries(3, 4)).rejects.toMatchObject({ code: 'malformed_tile' });
    mirror.refetch();
    expect(await mirror.sync()).toBe(600);
    expect(await mirror.tree?.entries(0, 600)).toHaveLength(600);
    expect(await readdir(join(dir, 'mirror'))).toContain('fork-1-2');
  });

  it('takes no other log for the one that it lost, and deletes nothing while its disk cannot be read', async () => {
    await append(5);
    await (await openMirror()).sync();
    await mkdir(join(dir, 'other'));
    now += 10;
    const other = await openSource('other');
    await append(9, other);
    await other.close();
    await writeFile(join(dir, 'mirror/tile/entries/000.p/5'), 'made up');
    const mirror = await openMirror('other');
    expect(mirror.tree).toBeNull();
    await expect(mirror.sync()).rejects.toMatchObject({ code: 'evidence_mismatch' });

    await rm(join(dir, 'mirror/checkpoint'));
    await mkdir(join(dir, 'mirror/checkpoint'));
    await expect(openMirror()).rejects.toMatchObject({ code: 'files_unreachable' });
    expect(await readdir(join(dir, 'mirror'))).toContain('fork-5-9.json');
  });

  it('takes nothing more from a log that forked, and keeps what convicts it', async () => {
    await append(5);
    await (await openMirror()).sync();
    await mkdir(join(dir, 'other'));
    now += 10;
    const other = await openSource('other');
    await append(9, other);
    await other.close();

    const mirror = await openMirror('other');
    await expect(mirror.sync()).rejects.toMatchObject({ code: 'evidence_mismatch' });
    expect(mirror.tree?.size).toBe(5);
    const kept: unknown = JSON.parse(await readFile(join(dir, 'mirror/fork-5-9.json'), 'utf8'));
    const { key } = logSigner(origin, new Uint8Array(32).fill(1));
    expect(() => {
      verifyFork(decodeFork(kept), { origin, key, verify: verifySignature });
    }).not.toThrow();

    // Not even from the branch that it has shown before, by this or by another process.
    await append(3);
    for (const reader of [mirror, await openMirror()]) {
      await expect(reader.sync()).rejects.toMatchObject({ code: 'evidence_mismatch' });
      expect(reader.tree?.size).toBe(5);
    }
  });

  it('that forked counts for nobody once oracles look at the mirrors of each other, but for what is final', async () => {
    const bounds = { start: 10_000, end: 10_060 };
    await mkdir(join(dir, 'other'));
    const other = await openSource('other');
    for (const [at, seconds] of [10_005, 10_050].entries()) {
      now = seconds * 1000;
      await append(1 + at);
      await append(2 + at, other);
    }
    now = 10_076_000;
    for (const each of [log, other]) {
      await each.closeEpoch(epochNumber(0n));
      now += 1;
      await each.integrate();
    }
    const { key } = logSigner(origin, new Uint8Array(32).fill(1));
    const oracleOf = (number: number, tree: string) => {
      const url = join(dir, tree, 'public');
      const policy = { ...DEFAULT_POLICY, logs: [{ origin, vkey: formatVerifierKey(key), url }] };
      const source = openEvidenceSource({
        folder: join(dir, `oracle-${number}`),
        peers: [join(dir, `oracle-${1 - number}`)],
        verify: verifySignature,
        ahead: () => Promise.resolve(),
        logger,
      });
      const sizes = async (isFinal: boolean): Promise<readonly (number | null)[]> => {
        const cuts = await source.cuts({ policy, epoch: epochNumber(0n), bounds, isFinal });
        return cuts.map(({ sealed }) => sealed?.size ?? null);
      };
      return { source, logs: policy.logs, sizes };
    };
    const oracles = [oracleOf(0, 'log'), oracleOf(1, 'other')];
    for (const { source, logs } of oracles) await source.sync(logs);
    expect(await Promise.all(oracles.map(({ sizes }) => sizes(false)))).toEqual([[4], [6]]);
    expect(await Promise.all(oracles.map(({ source, logs }) => source.forked(logs)))).toEqual([[], []]);

    for (const { source, logs } of oracles) await source.sync(logs, { everywhere: true });
    expect(await Promise.all(oracles.map(({ source, logs }) => source.forked(logs)))).toEqual([
      [origin],
      [origin],
    ]);
    expect(await Promise.all(oracles.map(({ sizes }) => sizes(false)))).toEqual([[null], [null]]);
    expect(await Promise.all(oracles.map(({ sizes }) => sizes(true)))).toEqual([[4], [6]]);
    await other.close();
  });

  it('takes nothing from an older checkpoint, and a fork that is smaller than what it holds for what it is', async () => {
    await append(5);
    const older = await readFile(join(dir, 'log/public/checkpoint'));
    await append(5);
    const mirror = await openMirror();
    await mirror.sync();
    await writeFile(join(dir, 'log/public/checkpoint'), older);
    expect(await mirror.sync()).toBe(0);
    expect(mirror.tree?.size).toBe(10);
    expect((await readdir(join(dir, 'mirror'))).filter((name) => name.startsWith('fork'))).toEqual([]);

    await mkdir(join(dir, 'other'));
    const other = await openSource('other');
    await append(3, other);
    await other.close();
    const lied = await openMirror('other');
    await expect(lied.sync()).rejects.toMatchObject({ code: 'evidence_mismatch' });
    expect(await readdir(join(dir, 'mirror'))).toContain('fork-3-10.json');
    expect(lied.tree?.size).toBe(10);
  });

  it('refuses a checkpoint that another key signed', async () => {
    await mkdir(join(dir, 'forged'));
    const forged = await openSource('forged', 2);
    await append(3, forged);
    await forged.close();
    await expect((await openMirror('forged')).sync()).rejects.toMatchObject({ code: 'unsigned_checkpoint' });
  });

  it('gives the cut of an epoch with the record before its earliest witness, once the epoch is closed', async () => {
    const bounds = { start: 10_000, end: 10_060 };
    const stamps = [9_000, 9_700, 9_818, 9_819, 9_900, 10_050];
    for (const seconds of stamps) {
      now = seconds * 1000;
      await append(1);
    }
    const mirror = await openMirror();
    await mirror.sync();
    const wanted = { origin, epoch: epochNumber(0n), bounds, windows: DEFAULT_POLICY.windows };
    if (mirror.tree === null) throw new Error('nothing mirrored');
    expect(await readCut(mirror.tree, wanted)).toBeNull();

    now = 10_071_000;
    await log.closeEpoch(epochNumber(0n));
    await append(2);
    await mirror.sync();
    const cut = await readCut(mirror.tree, wanted);
    // 9,818 s is the last stamp before start - 181 s.
    expect(cut).toMatchObject({ from: 2, size: 7 });
    expect(cut?.entries.at(-1)).toEqual(
      encodeRecord({ receivedAt: millis(10_071_000), body: { kind: 'epoch_close', epoch: epochNumber(0n) } }),
    );
  });
});

describe('the signature memory', () => {
  it('verifies each signature once, and forgets the oldest first', () => {
    const asked: number[] = [];
    const verify = rememberSignatures(({ message }) => {
      asked.push(message[0] ?? -1);
      return message[0] === 1;
    }, 2);
    const ask = (byte: number): boolean =>
      verify({ key: verifyKey, message: Uint8Array.of(byte), signature: new Uint8Array(64) });

    expect([ask(1), ask(1), ask(2), ask(2), ask(3), ask(1)]).toEqual([true, true, false, false, false, true]);
    expect(asked).toEqual([1, 2, 3, 1]);
  });
});

describe('public files', () => {
  it('stay below their base, and refuse what is larger than asked for', async () => {
    await writeFile(join(dir, 'file'), 'four');
    const files = openPublicFiles(dir);
    expect(await files.read('file')).toEqual(new TextEncoder().encode('four'));
    expect(await files.read('nothing')).toBeNull();
    await expect(files.read('../file')).rejects.toBeInstanceOf(RangeError);
    await expect(files.read('file', 3)).rejects.toMatchObject({ code: 'file_too_large' });
    expect(await readEpochIndex(files)).toEqual([]);
  });

  it('give every origin a path of its own without empty or dotted steps', () => {
    expect(mirrorPath('name/network/ingest')).toBe('evidence/name/network/ingest');
    expect(mirrorPath('../..')).toBe('evidence/%2E%2E/%2E%2E');
    expect(mirrorPath('a//b')).toBe('evidence/a/%/b');
  });
});
