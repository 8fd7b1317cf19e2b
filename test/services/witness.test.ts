import { appendFile, cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openCosignedCheckpoint } from '#protocol/evidence/checkpoint';
import { cosignedFrames, cosignedHour } from '#protocol/evidence/cosigned-file';
import { decodeFork, verifyFork } from '#protocol/evidence/fork';
import { cosignNote, type NoteSigner } from '#protocol/evidence/note';
import { COSIGNATURE, formatVerifierKey, parseVerifierKey } from '#protocol/evidence/verifier-key';
import { millis } from '#protocol/units';
import { logSigner } from '#services/runtime/log/log-signer';
import { openLog, type EvidenceLog } from '#services/runtime/log/open-log';
import { openCosignedReader } from '#services/runtime/evidence/cosigned-reader';
import { mirrorPath } from '#services/runtime/public-epochs';
import { openPublicFiles } from '#services/runtime/public-files';
import { verifySignature } from '#services/runtime/signature';
import { openCosignedFiles } from '#services/witness/cosigned-files';
import { followLog, type FollowedLog } from '#services/witness/followed-log';
import { loadOrCreateWitnessKey } from '#services/witness/witness-key';

const ORIGIN = 'test/network/ingest';
const key = logSigner(ORIGIN, new Uint8Array(32).fill(1));
let dir: string;
/** Milliseconds. */
let now: number;
let signer: NoteSigner;
let log: EvidenceLog;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'coverant-witness-'));
  now = 1_800_000_000_000;
  signer = await loadOrCreateWitnessKey(join(dir, 'witness-key'), 'witness-0');
  log = await openSource('log');
});

afterEach(async () => {
  await log.close();
  await rm(dir, { recursive: true, force: true });
});

function openSource(folder: string): Promise<EvidenceLog> {
  return openLog({
    dir: join(dir, folder),
    origin: ORIGIN,
    signer: key,
    clock: () => millis(now),
    delayMs: 0,
    integrateEveryMs: 3_600_000,
    fatal: (error) => {
      throw error;
    },
  });
}

async function grow(count: number, to = log): Promise<void> {
  const body = {
    kind: 'entropy',
    data: new Uint8Array(32),
    timestamp: Math.floor(now / 1000),
    version: 0,
    slot: 1n,
    blockhash: new Uint8Array(32),
  } as const;
  await to.append(Array.from({ length: count }, () => body));
  now += 1;
  await to.integrate();
}

const logUrl = (folder = 'log'): string => join(dir, folder, 'public');
const policyLog = { origin: ORIGIN, vkey: formatVerifierKey(key.key), url: 'given with each look' };
const witnessDir = (): string => join(dir, 'witness', mirrorPath(ORIGIN));

async function follow(): Promise<FollowedLog> {
  const files = await openCosignedFiles(witnessDir(), signer.key.id);
  return await followLog({ log: policyLog, signer, files, verify: verifySignature, now: () => now });
}

async function heads(): Promise<readonly { readonly time: number; readonly size: number }[]> {
  const witness = { vkey: formatVerifierKey(signer.key), url: join(dir, 'witness') };
  const reader = openCosignedReader({ log: policyLog, witness, verify: verifySignature });
  const read = await reader.read(openPublicFiles(witness.url), { from: 1_799_990_000, until: 1e9 });
  return read.map(({ time, size }) => ({ time, size }));
}

describe('a witness of a log', () => {
  it('has a key of its own that is made once, and that a policy can list', async () => {
    const again = await loadOrCreateWitnessKey(join(dir, 'witness-key'), 'witness-0');
    expect(again.key).toEqual(signer.key);
    expect(parseVerifierKey(formatVerifierKey(signer.key), [COSIGNATURE])).toEqual(signer.key);
  });

  it('cosigns what extends what it has cosigned, once a second at most, and keeps all by the hour', async () => {
    await grow(3);
    const followed = await follow();
    expect(await followed.look(logUrl())).toMatchObject({ kind: 'cosigned', size: 3 });
    expect(await followed.look(logUrl())).toEqual({ kind: 'too_soon', behind: 0 });
    now += 60_000;
    // Nothing new is news too: as of this time there was nothing more.
    expect(await followed.look(logUrl())).toMatchObject({ kind: 'cosigned', size: 3 });
    now += 3_600_000;
    await grow(500);
    expect(await followed.look(logUrl())).toMatchObject({ kind: 'cosigned', size: 503 });
    expect(await heads()).toEqual([
      { time: 1_800_000_000, size: 3 },
      { time: 1_800_000_060, size: 3 },
      { time: 1_800_003_660, size: 503 },
    ]);
    const latest = await readFile(join(witnessDir(), 'cosigned', signer.key.id, 'latest'));
    const known = { origin: ORIGIN, log: key.key, witness: signer.key, verify: verifySignature };
    expect(openCosignedCheckpoint(latest, known)).toMatchObject({ time: 1_800_003_660, size: 503 });
  });

  it('goes on after a restart from what it gave out, and cuts a torn note off', async () => {
    await grow(3);
    await (await follow()).look(logUrl());
    const hour = join(witnessDir(), 'cosigned', signer.key.id, String(cosignedHour(1_800_000_000)));
    await appendFile(hour, Uint8Array.of(1, 2, 3, 4, 5));
    expect(await heads()).toHaveLength(1);

    now += 60_000;
    await grow(4);
    expect(await (await follow()).look(logUrl())).toMatchObject({ kind: 'cosigned', size: 7 });
    expect(await heads()).toMatchObject([{ size: 3 }, { size: 7 }]);
    expect(cosignedFrames(await readFile(hour)).notes).toHaveLength(2);
  });

  it('does not take a damaged note for none: it would forget what binds it', async () => {
    await grow(3);
    await (await follow()).look(logUrl());
    await writeFile(join(witnessDir(), 'cosigned', signer.key.id, 'latest'), 'torn');
    await expect(follow()).rejects.toMatchObject({ code: 'malformed_checkpoint' });
  });

  it('cosigns no old checkpoint again, and calls that no fork', async () => {
    await grow(3);
    await cp(join(dir, 'log'), join(dir, 'old'), { recursive: true });
    await grow(5);
    const followed = await follow();
    await followed.look(logUrl());
    now += 60_000;
    // A cache that gives an old checkpoint beside the newer tiles.
    await cp(join(dir, 'old/public/checkpoint'), join(logUrl(), 'checkpoint'));
    expect(await followed.look(logUrl())).toEqual({ kind: 'stale', size: 3, held: 8 });
    expect(await heads()).toHaveLength(1);
  });

  it.each([
    ['longer', 9],
    ['as long', 5],
  ])('refuses for ever a log that forked into a %s tree, and keeps what convicts it', async (_, size) => {
    await grow(5);
    const followed = await follow();
    await followed.look(logUrl());
    now += 60_000;
    const other = await openSource('other');
    await grow(size, other);
    await other.close();
    const fork = `fork-5-${size}.json`;
    expect(await followed.look(logUrl('other'))).toEqual({ kind: 'forked', fork });
    const kept: unknown = JSON.parse(await readFile(join(witnessDir(), fork), 'utf8'));
    expect(() => {
      verifyFork(decodeFork(kept), { origin: ORIGIN, key: key.key, verify: verifySignature });
    }).not.toThrow();

    now += 60_000;
    for (const witness of [followed, await follow()])
      expect(await witness.look(logUrl())).toEqual({ kind: 'forked', fork: null });
    expect(await heads()).toHaveLength(1);
  });

  it('cosigns nothing where a tile is missing or damaged, or where another key signed', async () => {
    await grow(5);
    const followed = await follow();
    await followed.look(logUrl());
    now += 60_000;
    await grow(300);
    const tiles = join(logUrl(), 'tile/1');
    const [name = ''] = await readdir(tiles);
    await rm(join(tiles, name), { recursive: true });
    await expect(followed.look(logUrl())).rejects.toMatchObject({ code: 'file_missing' });

    await rm(join(logUrl(), 'checkpoint'));
    await expect(followed.look(logUrl())).rejects.toMatchObject({ code: 'file_missing' });
    await writeFile(join(logUrl(), 'checkpoint'), 'nothing\n\nof the kind\n');
    await expect(followed.look(logUrl())).rejects.toMatchObject({ code: 'malformed_checkpoint' });
    expect(await heads()).toHaveLength(1);
    expect((await readdir(witnessDir())).filter((file) => file.startsWith('fork'))).toEqual([]);
  });

  it('cannot keep its readers busy by a time that lies far ahead', async () => {
    await grow(3);
    await (await follow()).look(logUrl());
    const latest = join(witnessDir(), 'cosigned', signer.key.id, 'latest');
    const note = await readFile(join(logUrl(), 'checkpoint'));
    await writeFile(latest, cosignNote(note, { log: key.key, witness: signer, time: 2n ** 50n }));
    expect(await heads()).toHaveLength(1);
  });

  it("is read from a mirror's part of an hour only until its own files answer again", async () => {
    await grow(3);
    const followed = await follow();
    await followed.look(logUrl());
    const mirror = join(dir, 'mirror');
    await cp(join(dir, 'witness'), mirror, { recursive: true });
    now += 600_000;
    await grow(4);
    await followed.look(logUrl());
    now += 3_600_000;
    await grow(1);
    await followed.look(logUrl());
    // The mirror has the newest note, and of the hour before only what was needed when it was read.
    const latest = join(mirrorPath(ORIGIN), 'cosigned', signer.key.id, 'latest');
    await cp(join(dir, 'witness', latest), join(mirror, latest));
    const witness = { vkey: formatVerifierKey(signer.key), url: join(dir, 'witness') };
    const kept: string[] = [];
    const reader = openCosignedReader({
      log: policyLog,
      witness,
      verify: verifySignature,
      kept: ({ path }) => Promise.resolve(void kept.push(path)),
    });
    const sizes = async (from: string): Promise<readonly number[]> => {
      const read = await reader.read(openPublicFiles(from), { from: 1_799_999_000, until: 1e9 });
      return read.map(({ size }) => size);
    };
    expect(await sizes(mirror)).toEqual([3]);
    expect(kept).toEqual([]);
    expect(await sizes(witness.url)).toEqual([3, 7, 8]);
    expect(kept).toHaveLength(3);
  });
});
