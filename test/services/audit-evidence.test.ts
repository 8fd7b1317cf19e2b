import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EpochFolder } from '#protocol/settle/folder';
import { DEFAULT_POLICY } from '#protocol/policy';
import { formatVerifierKey } from '#protocol/evidence/verifier-key';
import { emptyState } from '#protocol/settle/state';
import { amount, epochNumber, millis, type Hash } from '#protocol/units';
import { checkEvidence } from '#services/audit/check-evidence';
import { openLog } from '#services/ingest/log/open-log';
import { logSigner } from '#services/ingest/log/log-signer';
import { openPublicFiles } from '#services/runtime/public-files';
import { readCut } from '#services/runtime/evidence-cut';
import { publicLogReader } from '#services/runtime/evidence/public-log-reader';
import { VerifiedTree } from '#services/runtime/evidence/verified-tree';
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
      source: openPublicFiles(join(dir, 'oracle')),
      verify: verifySignature,
    });

  it('stands in the log that its key signed', async () => {
    const findings = await check(await sealedWorld());
    expect(findings.map(({ kind }) => kind)).toEqual(['agrees']);
  });

  it('differs where oracles agreed on a cut that is not in the log', async () => {
    const sealed = await sealedWorld();
    await expect(check({ ...sealed, root: new Uint8Array(32) })).rejects.toMatchObject({
      difference: { check: 'evidence', found: '00'.repeat(32) },
    });
  });

  it('differs where it begins too late or ends before the epoch’s close', async () => {
    const sealed = await sealedWorld();
    const late = { ...sealed, from: 2, entries: sealed.entries.slice(2 - sealed.from) };
    await expect(check(late)).rejects.toMatchObject({
      difference: { where: `the entries of ${origin} begin at` },
    });
    const early = { ...sealed, size: sealed.size - 1, entries: sealed.entries.slice(0, -1) };
    await expect(check(early)).rejects.toMatchObject({ difference: { found: 'entropy', expected: '0' } });
  });

  it('cannot be checked where no copy of the log is to be had', async () => {
    const sealed = await sealedWorld();
    await rm(join(dir, 'log'), { recursive: true });
    await expect(check(sealed)).rejects.toMatchObject({ code: 'files_unreachable' });
  });
});
