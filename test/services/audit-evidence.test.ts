import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EpochFolder } from '#protocol/settle/folder';
import { DEFAULT_POLICY } from '#protocol/policy';
import { signCheckpoint } from '#protocol/evidence/checkpoint';
import { formatVerifierKey } from '#protocol/evidence/verifier-key';
import { emptyState } from '#protocol/settle/state';
import { amount, epochNumber, millis, type Hash } from '#protocol/units';
import { checkEvidence } from '#services/audit/files/check-evidence';
import { LogLibrary } from '#services/audit/files/log-copies';
import { openLog } from '#services/runtime/log/open-log';
import { logSigner } from '#services/runtime/log/log-signer';
import { readCut } from '#services/runtime/evidence-cut';
import { publicLogReader } from '#services/runtime/evidence/public-log-reader';
import { VerifiedTree } from '#services/runtime/evidence/verified-tree';
import { mirrorPath } from '#services/runtime/public-epochs';
import { verifySignature } from '#services/runtime/signature';
import { TestWorld } from '../protocol/epoch/world.ts';

let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'coverant-audit-'));
});

afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

describe('the evidence of an audited epoch', () => {
  const origin = 'test/audited/ingest';
  const signer = logSigner(origin, new Uint8Array(32).fill(7));
  const bounds = { start: 10_000, end: 10_060 };

  /** A log with records before and in epoch 0 and after its cut, and what an oracle takes out of it. */
  async function sealedWorld(): Promise<EpochFolder['evidence'][number]> {
    await mkdir(join(dir, 'log'));
    let now = 0;
    const log = await openLog({
      dir: join(dir, 'log'),
      origin,
      signer,
      clock: () => millis(now),
      delayMs: 0,
      integrateEveryMs: 3_600_000,
      fatal: (error) => {
        throw error;
      },
    });
    for (const seconds of [9000, 9500, 9900, 10_030, 10_070, 10_100]) {
      now = seconds * 1000;
      if (seconds === 10_070) await log.closeEpoch(epochNumber(0n));
      else
        await log.append([
          {
            kind: 'entropy',
            data: new Uint8Array(32),
            timestamp: seconds,
            version: 0,
            slot: 1n,
            blockhash: new Uint8Array(32),
          },
        ]);
    }
    now += 1;
    await log.close();
    const { published } = log;
    if (published === null) throw new Error('nothing published');
    const tree = new VerifiedTree(publicLogReader({ base: join(dir, 'log/public') }), published);
    const sealed = await readCut(tree, {
      origin,
      epoch: epochNumber(0n),
      bounds,
      windows: DEFAULT_POLICY.windows,
    });
    if (sealed === null) throw new Error('nothing sealed');
    return sealed;
  }

  function folderWith(sealed: EpochFolder['evidence'][number]): EpochFolder {
    const world = new TestWorld({ hotspots: [], epochs: 0 });
    const url = join(dir, 'log/public');
    return {
      facts: { ...world.facts(0), ...bounds },
      parent: null,
      evidence: [sealed],
      registry: world.registry(),
      policy: { ...world.policy, logs: [{ origin, vkey: formatVerifierKey(signer.key), url }] },
      denyFile: null,
      stateBefore: emptyState(),
      state: emptyState(),
      packets: { kind: 'published', reasons: [] },
      credits: [],
      leaves: [],
      tuple: {
        network: world.network,
        epoch: epochNumber(0n),
        parentTupleHash: '00'.repeat(32) as Hash,
        root: '00'.repeat(32) as Hash,
        leafCount: 0,
        cumulativeTotal: amount(0n),
        creditsRoot: '00'.repeat(32) as Hash,
        creditsCount: 0,
        evidenceHash: '00'.repeat(32) as Hash,
        registryHash: '00'.repeat(32) as Hash,
        policyHash: '00'.repeat(32) as Hash,
        stateHash: '00'.repeat(32) as Hash,
      },
    };
  }

  const check = (sealed: EpochFolder['evidence'][number]): ReturnType<typeof checkEvidence> =>
    checkEvidence({
      folder: folderWith(sealed),
      logs: new LogLibrary({ from: join(dir, 'oracle'), verify: verifySignature }),
    });

  it('stands in the log that its key signed', async () => {
    const findings = await check(await sealedWorld());
    expect(findings.map(({ kind }) => kind)).toEqual(['agrees']);
  });

  it('differs where oracles agreed on a cut that is not in the log', async () => {
    const sealed = await sealedWorld();
    expect(await check({ ...sealed, root: new Uint8Array(32) })).toMatchObject([
      { kind: 'differs', check: 'evidence', found: '00'.repeat(32) },
    ]);
  });

  it('is a damaged copy where it begins too late, and differs where it ends before the epoch’s close', async () => {
    const sealed = await sealedWorld();
    const late = { ...sealed, from: 2, entries: sealed.entries.slice(2 - sealed.from) };
    const [begins] = await check(late);
    expect(begins).toMatchObject({ kind: 'could_not_check', code: 'damaged_copy' });
    expect(JSON.stringify(begins)).toContain(`the entries of ${origin} begin at`);
    const early = { ...sealed, size: sealed.size - 1, entries: sealed.entries.slice(0, -1) };
    expect(await check(early)).toMatchObject([{ kind: 'differs', found: 'entropy', expected: '0' }]);
  });

  it('cannot be checked where no copy of the log is to be had', async () => {
    const sealed = await sealedWorld();
    await rm(join(dir, 'log'), { recursive: true });
    expect(await check(sealed)).toMatchObject([{ kind: 'could_not_check', code: 'files_unreachable' }]);
  });

  it('is checked by a good copy, and names the one that is cut, changed, of another key or another log', async () => {
    const sealed = await sealedWorld();
    const mirror = join(dir, 'oracle', mirrorPath(origin));
    const note = await readFile(join(dir, 'log/public/checkpoint'), 'utf8');
    const other = logSigner(origin, new Uint8Array(32).fill(8));
    const foreign = logSigner('test/other/ingest', new Uint8Array(32).fill(7));
    const head = { size: 2, root: sealed.root };
    const [tile] = await filesBelow(join(dir, 'log/public/tile/0'));
    const [bundle] = await filesBelow(join(dir, 'log/public/tile/entries'));
    const cases = [
      ['wrong_log_key', 'checkpoint', signCheckpoint({ origin, ...head }, [other])],
      ['wrong_log_key', 'checkpoint', signCheckpoint({ origin: foreign.key.name, ...head }, [foreign])],
      ['wrong_log_key', 'checkpoint', Buffer.from(note.replace('\n6\n', '\n5\n'))],
      ['damaged_copy', 'checkpoint', Buffer.from(note.slice(0, 20))],
      ['damaged_copy', `tile/0/${tile ?? ''}`, new Uint8Array(31)],
      ['damaged_copy', `tile/0/${tile ?? ''}`, new Uint8Array(32 * 6)],
    ] as const;
    for (const [code, path, bytes] of cases) {
      await cp(join(dir, 'log/public'), mirror, { recursive: true });
      await writeFile(join(mirror, path), bytes);
      const findings = await check(sealed);
      expect(findings.map(({ kind }) => kind)).toEqual(['agrees', 'could_not_check']);
      expect(findings[1], path).toMatchObject({ code });
      expect(JSON.stringify(findings[1])).toContain(mirror);
    }
    expect(bundle).toBeDefined();
  });

  it('is behind where the log’s own checkpoint went back before the cut, and forked where both are signed', async () => {
    const sealed = await sealedWorld();
    const own = join(dir, 'log/public');
    await cp(own, join(dir, 'oracle', mirrorPath(origin)), { recursive: true });
    await writeFile(
      join(own, 'checkpoint'),
      signCheckpoint({ origin, size: 2, root: sealed.root }, [signer]),
    );
    expect(await check(sealed)).toMatchObject([
      { kind: 'agrees' },
      { kind: 'could_not_check', code: 'checkpoint_behind' },
    ]);
  });
});

async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}
