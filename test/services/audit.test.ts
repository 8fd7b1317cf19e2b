import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PublicKey } from '@solana/web3.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FinalizedEpoch, Hotspot } from '#client';
import { FILES } from '#protocol/settle/folder';
import type { RawCredits, RawHotspot } from '#protocol/settle/registry';
import { emptyState } from '#protocol/settle/state';
import { tupleBytes, type Tuple } from '#protocol/settle/tuple';
import { amount, epochNumber, type Address, type EpochNumber, type Hash } from '#protocol/units';
import { checkRegistry } from '#services/audit/chain/check-registry';
import { Disagreement } from '#services/audit/report/failures';
import { reportLines } from '#services/audit/report/lines';
import { progressBar } from '#services/audit/report/progress-bar';
import { EXIT_CODES, outcomeOf, type AuditReport, type EpochFinding } from '#services/audit/report/report';
import { findTuplePlace } from '#services/audit/files/tuple-chain';
import { epochPath, INDEX_PATH, indexText } from '#services/runtime/public-epochs';
import { openPublicFiles } from '#services/runtime/public-files';
import { computed, testHotspot, TestWorld } from '../protocol/epoch/world.ts';

let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'coverant-audit-'));
});

afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

const EPOCH = epochNumber(5n);

/** The account of a hotspot whose location was replaced with effect from an epoch on. */
function account(
  raw: Pick<RawHotspot, 'key' | 'registeredAt'>,
  gain: { now: number; next: number; from: bigint },
): Hotspot {
  const location = { cell: 0n, elevation: 0, mode: 'full' as const };
  const always = epochNumber(0n);
  return {
    ...raw,
    status: { current: 'active', next: 'active', nextFrom: always },
    tier: { current: 'open', next: 'open', nextFrom: always },
    location: {
      current: { ...location, gain: gain.now },
      next: { ...location, gain: gain.next },
      nextFrom: epochNumber(gain.from),
    },
    address: PublicKey.default,
    network: PublicKey.default,
    owner: PublicKey.default,
    destination: PublicKey.default,
    claimed: amount(0n),
    bond: amount(0n),
    unbonding: amount(0n),
    unbondedAt: 0n,
    motions: 0n,
    maker: null,
  };
}

function differenceOf(check: () => unknown): unknown {
  try {
    return check();
  } catch (error) {
    if (error instanceof Disagreement) return error.difference;
    throw error;
  }
}

describe('the registry of an audited epoch', () => {
  const { key, facts } = testHotspot('audited', 0, {
    cell: null,
    latitude: 0,
    longitude: 0,
    elevation: 0,
    tier: 'open',
  });
  const table = {
    keyNetwork: 'mainnet' as const,
    hotspots: new Map([[key, { ...facts, gain: 20, registeredAt: 100 }]]),
    credits: [],
    voters: [],
  };
  const check = (hotspots: readonly Hotspot[]): readonly string[] =>
    checkRegistry({ table, hotspots, credits: [], epoch: EPOCH, end: 1000 }).map(({ kind }) => kind);

  it('has the owners of credits that the chain has, each with the balance in force', () => {
    const owner = '1'.repeat(32) as Address;
    const hotspots = [account({ key, registeredAt: 100 }, { now: 20, next: 20, from: 0n })];
    const credits = (balance: { now: bigint; next: bigint; from: bigint }, first = 0n): RawCredits => ({
      owner,
      firstEpoch: epochNumber(first),
      balance: { current: balance.now, next: balance.next, nextFrom: epochNumber(balance.from) },
      settled: 0n,
    });
    const checkCredits = (balance: bigint, onChain: readonly RawCredits[]): readonly string[] =>
      checkRegistry({
        table: { ...table, credits: [{ owner, balance }] },
        hotspots,
        credits: onChain,
        epoch: EPOCH,
        end: 1000,
      }).map(({ kind }) => kind);
    expect(checkCredits(7n, [credits({ now: 0n, next: 7n, from: EPOCH })])).toEqual(['agrees', 'agrees']);
    expect(checkCredits(7n, [credits({ now: 8n, next: 9n, from: EPOCH + 3n })])).toContain('not_checked');
    expect(() => checkCredits(8n, [credits({ now: 0n, next: 7n, from: EPOCH })])).toThrow('registry');
    expect(() => checkCredits(0n, [])).toThrow('registry');
    const later = credits({ now: 0n, next: 7n, from: EPOCH + 1n }, EPOCH + 1n);
    expect(() => checkCredits(0n, [later])).toThrow('registry');
  });

  it('agrees where the accounts still hold what was in force', () => {
    expect(check([account({ key, registeredAt: 100 }, { now: 20, next: 30, from: 6n })])).toEqual(['agrees']);
    expect(check([account({ key, registeredAt: 100 }, { now: 10, next: 20, from: 5n })])).toEqual(['agrees']);
  });

  it('is not checked where a later change has pushed the value out of the account', () => {
    const found = check([account({ key, registeredAt: 100 }, { now: 30, next: 40, from: 9n })]);
    expect(found).toEqual(['agrees', 'not_checked']);
  });

  it('differs where the value that holds since then is another one', () => {
    const wrong = [account({ key, registeredAt: 100 }, { now: 20, next: 30, from: 5n })];
    expect(differenceOf(() => check(wrong))).toMatchObject({ found: '20', expected: '30' });
  });

  it('differs where a hotspot is missing, made up, or was registered at another time', () => {
    const stranger = testHotspot('stranger', 1).key;
    const right = account({ key, registeredAt: 100 }, { now: 20, next: 20, from: 0n });
    const added = account({ key: stranger, registeredAt: 1000 }, { now: 1, next: 1, from: 0n });
    const later = account({ key: stranger, registeredAt: 1001 }, { now: 1, next: 1, from: 0n });
    expect(() => check([])).toThrow('registry');
    expect(() => check([right, added])).toThrow('registry');
    expect(check([right, later])).toEqual(['agrees']);
    expect(() => check([account({ key, registeredAt: 99 }, { now: 20, next: 20, from: 0n })])).toThrow(
      'registeredAt',
    );
  });
});

describe('the chain of tuples', () => {
  const hotspots = [0, 1, 2, 3].map((place) => testHotspot(`chained ${place}`, place));

  /** Epochs 0, 1 and 3 of a small world; 2 was skipped. */
  async function publish(): Promise<{ readonly tuples: readonly Tuple[]; readonly latest: FinalizedEpoch }> {
    const world = new TestWorld({ hotspots, epochs: 4 });
    for (const epoch of [0, 1, 3]) world.busyEpoch(epoch);
    let before: Parameters<TestWorld['input']>[1] = { state: emptyState(), parent: null };
    const entries = [];
    const tuples: Tuple[] = [];
    let hash: Hash | null = null;
    for (const epoch of [0, 1, 3]) {
      const result = computed(world.input(epoch, before));
      before = { state: result.state, parent: result.tuple };
      tuples.push(result.tuple);
      hash = result.tupleHash;
      const { parentTupleHash } = result.tuple;
      entries.push({ epoch: result.tuple.epoch, tupleHash: result.tupleHash, parentTupleHash });
      await write(epochPath(result.tuple.epoch, FILES.tuple), tupleBytes(result.tuple));
    }
    await write(INDEX_PATH, Buffer.from(indexText(entries)));
    const top = tuples.at(-1);
    if (top === undefined || hash === null) throw new Error('nothing published');
    return {
      tuples,
      latest: { ...top, tupleHash: hash, time: 0n, voters: [] },
    };
  }

  async function write(path: string, bytes: Uint8Array): Promise<void> {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), bytes);
  }

  const placeOf = (latest: FinalizedEpoch, epoch: EpochNumber): ReturnType<typeof findTuplePlace> =>
    findTuplePlace(openPublicFiles(dir), { latest, epoch });

  it('leads from the latest hash on chain to every earlier epoch, and past those that were skipped', async () => {
    const { tuples, latest } = await publish();
    expect(await placeOf(latest, epochNumber(3n))).toEqual({ kind: 'tuple', tuple: tuples[2] });
    expect(await placeOf(latest, epochNumber(0n))).toEqual({ kind: 'tuple', tuple: tuples[0] });
    expect(await placeOf(latest, epochNumber(2n))).toEqual({
      kind: 'skipped',
      after: tuples[1],
      before: tuples[2],
    });
  });

  it('breaks at a tuple that is not the one its child names', async () => {
    const { latest } = await publish();
    const path = join(dir, epochPath(epochNumber(1n), FILES.tuple));
    const bytes = await readFile(path);
    bytes.writeUInt8(bytes.readUInt8(50) ^ 1, 50);
    await writeFile(path, bytes);
    const refused = placeOf(latest, epochNumber(0n));
    await expect(refused).rejects.toMatchObject({ code: 'damaged_copy' });
    await expect(refused).rejects.toThrow('epochs/1/tuple.bin');
  });

  it('is an outage where an epoch between is not served', async () => {
    const { latest } = await publish();
    await write(INDEX_PATH, Buffer.from(indexText([])));
    await expect(placeOf(latest, epochNumber(0n))).rejects.toMatchObject({ code: 'file_missing' });
  });
});

describe('a report', () => {
  const difference = { check: 'leaf', where: 'leaves.bin: x', found: '1', expected: '2' } as const;
  const differs: EpochFinding = { kind: 'differs', epoch: '3', ...difference };
  const refused: EpochFinding = {
    kind: 'could_not_check',
    epoch: '3',
    check: 'evidence',
    code: 'files_unreachable',
    why: 'no copy',
  };
  const agrees: EpochFinding = { kind: 'agrees', epoch: '3', check: 'folder', says: 'well' };
  const gone: EpochFinding = { kind: 'not_checked', epoch: '3', check: 'voters', says: 'forgotten' };

  it('ends with a difference before what could not be checked, and with that before agreement', () => {
    expect(EXIT_CODES).toEqual({ agrees: 0, differs: 1, could_not_check: 2 });
    expect(outcomeOf([agrees, refused, differs], '')).toEqual({ kind: 'differs', difference });
    expect(outcomeOf([agrees, refused], '')).toMatchObject({
      kind: 'could_not_check',
      code: 'files_unreachable',
    });
    expect(outcomeOf([agrees, gone], 'all')).toEqual({ kind: 'agrees', says: 'all' });
  });

  it('gives both values of a difference', () => {
    const report: AuditReport = {
      version: 1,
      asked: 'epoch 3',
      network: null,
      cluster: null,
      from: null,
      sample: null,
      epochs: [],
      findings: [agrees, differs],
      outcome: outcomeOf([differs], ''),
    };
    expect(reportLines(report)).toEqual([
      'agrees          3  folder       well',
      'DIFFERS         3  leaf         leaves.bin: x',
      '  found     1',
      '  expected  2',
      'DIFFERS: epoch 3: leaf: leaves.bin: x',
      '  found     1',
      '  expected  2',
    ]);
  });

  it('shows progress on a terminal, and nowhere else', () => {
    const shown = (isTTY: boolean): string => {
      const written: string[] = [];
      const bar = progressBar({ isTTY, write: (text: string) => written.push(text) > 0 });
      bar.show({ epoch: '3', done: 50, of: 100 });
      bar.clear();
      return written.join('');
    };
    expect(shown(true)).toContain('epoch 3 ███████████████░░░░░░░░░░░░░░░ 50/100 signatures');
    expect(shown(false)).toBe('');
  });
});

describe('the sources of audit and settle', () => {
  it('import no queue, no Redis and no database, and audit nothing but protocol, client and runtime', async () => {
    const imports = async (stage: string): Promise<readonly string[]> => {
      const folder = new URL(`../../services/${stage}/`, import.meta.url);
      const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.ts'));
      const texts = await Promise.all(names.map((name) => readFile(new URL(name, folder), 'utf8')));
      return texts.flatMap((text) => [...text.matchAll(/from '([^']+)'/g)].map(([, from]) => from ?? ''));
    };
    const banned = /redis|bullmq|queue|kysely|pglite|^pg$|registry-file|backlog/;
    expect((await imports('settle')).filter((from) => banned.test(from))).toEqual([]);
    const outside = (await imports('audit')).filter(
      (from) =>
        !/^(#protocol\/|#client$|#services\/(runtime|audit)\/|\.\/|node:|@solana\/web3\.js$|@scure\/base$|commander$)/.test(
          from,
        ),
    );
    expect(outside).toEqual([]);
    expect((await imports('audit')).filter((from) => banned.test(from))).toEqual([]);
  });
});
