import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeFork, verifyFork } from '#protocol/evidence/fork';
import { decodeRecord, encodeRecord, entryReceivedAt } from '#protocol/evidence/record';
import { formatVerifierKey } from '#protocol/evidence/verifier-key';
import { openEvidenceFile } from '#protocol/settle/folder/evidence-file';
import { epochNumber } from '#protocol/units';
import { runAudit } from '#services/audit/run-audit';
import type { Claimer } from '#services/claim/claimer';
import { mirrorPath } from '#services/runtime/public-epochs';
import { verifySignature } from '#services/runtime/signature';
import type { Oracle } from '#services/settle/oracle';
import { sessionInit, signedWitness, testKey, TestWorld } from '../protocol/epoch/world.ts';
import { serveViews, testSigner, testWitness, witnessKeys, writeWitnessed } from '../support/cut-world.ts';
import {
  EPOCH_S,
  finalEpoch,
  latestBlock,
  startLiveNetwork,
  type LiveNetwork,
} from '../support/live-network.ts';
import { oracleFolder, openLiveClaimer, openLiveOracle } from '../support/live-oracles.ts';

const EPOCHS = 6;
/** The epoch in which too few witnesses saw log a; that in which oracle 1 is shown a fork; that which log b never ends. */
const [UNWITNESSED, FORKED, SILENT] = [3, 4, 5];
const GRACE_MS = 10_500;
const LATE_MS = 14_000;
/** Log b's clock is ahead of log a's by less than clocks may differ. */
const SKEW_MS = 450;
const LOGS = ['a', 'b'] as const;

let dir: string;
let live: LiveNetwork;
let world: TestWorld;
let views: Awaited<ReturnType<typeof serveViews>>;
let oracles: Oracle[];
let claimer: Claimer;
/** Where the oracles look for log b; null: its server does not answer. */
let viewOfB: (oracle: number) => string | null = () => 'log-b';

const signerOf = (log: number): ReturnType<typeof testSigner> =>
  testSigner(`${LOGS[log] ?? ''}/${live.network.toBase58()}/ingest`, 1 + log);
const start = (epoch: number): number => (live.firstEpochStart + epoch * EPOCH_S) * 1000;
const end = (epoch: number): number => start(epoch + 1);
/** A log's clock when all that belongs to an epoch stands in it. */
const written = (epoch: number): number => end(epoch) + GRACE_MS + 1000;

/**
 * Beacons and witnesses lie in both logs, the last beacon's witnesses after the epoch's end. One hotspot opens a session
 * before the first epoch and reports by its key in all of them: later epochs carry the session_init.
 */
async function fillWorld(): Promise<TestWorld> {
  const block = await latestBlock(live.connection);
  const filled = new TestWorld({ hotspots: live.hotspots, epochs: 0, logs: 2, block });
  const session = testKey('a session');
  const [beaconer, witness] = live.hotspots;
  if (beaconer === undefined || witness === undefined) throw new Error('no hotspots');
  const nonce = new Uint8Array(32).fill(3);
  const opened = filled.log(0).add({
    receivedAt: start(0) - 3000,
    body: { kind: 'session_init', nonce, init: sessionInit(witness, session, nonce) },
  });
  for (let epoch = 0; epoch < EPOCHS; epoch += 1) {
    const heardAt = start(epoch) + 2500;
    const { derived: heard } = filled.poc({ beaconer, witnesses: [], at: heardAt, log: 0 });
    filled.log(0).add({
      receivedAt: heardAt + 200,
      body: {
        kind: 'witness',
        report: signedWitness(witness, { derived: heard, at: heardAt + 200, signer: session }),
        session: null,
      },
      session: opened,
    });
    for (const [order, beaconer] of live.hotspots.entries()) {
      const at = order === 3 ? end(epoch) - 200 : start(epoch) + 500 + order * 400;
      const { derived } = filled.poc({ beaconer, witnesses: [], at, log: order % 2 });
      for (const [place, witness] of live.hotspots.filter((each) => each !== beaconer).entries())
        filled.witness({ witness, derived, at: at + 300 + place + (place % 2) * SKEW_MS, log: place % 2 });
    }
    for (const log of LOGS.keys()) {
      if (log === 1 && epoch === SILENT) continue;
      const body = { kind: 'epoch_close', epoch: epochNumber(BigInt(epoch)) } as const;
      filled.log(log).add({ receivedAt: end(epoch) + GRACE_MS + log * SKEW_MS, body });
    }
  }
  return filled;
}

/** Publishes one more epoch's part of a log, seen by the witnesses or by none. */
async function publish(log: number, epoch: number, other: { readonly fork?: string } = {}): Promise<void> {
  const from = epoch === 0 ? start(0) - 5000 : written(epoch - 1);
  const entries = world
    .log(log)
    .entries()
    .filter((entry) => {
      const at = entryReceivedAt(entry);
      return at <= written(epoch) && (epoch === 0 || at > from);
    });
  await writeWitnessed({
    dir: join(dir, other.fork ?? `log-${LOGS[log] ?? ''}`),
    signer: signerOf(log),
    // A fork has something else in one report's place.
    entries: other.fork === undefined ? entries : withAnotherEntry(entries),
    witnesses:
      other.fork === undefined
        ? [0, 1, 2].map((number) => ({ signer: testWitness(number), folder: join(dir, `witness-${number}`) }))
        : [],
    // One of three witnesses never sees log a, and once a second one does not either.
    sees: (witness) => log === 1 || witness === 0 || (witness === 1 && epoch !== UNWITNESSED),
    from,
    until: written(epoch),
  });
}

function withAnotherEntry(entries: readonly Uint8Array[]): readonly Uint8Array[] {
  const at = entries.findIndex((entry) => decodeRecord(entry).body.kind === 'witness');
  const { receivedAt } = decodeRecord(entries[at] ?? new Uint8Array(0));
  const body = { kind: 'beacon', report: new Uint8Array(3), session: null } as const;
  return entries.map((entry, index) => (index === at ? encodeRecord({ receivedAt, body }) : entry));
}

/** Lets some oracles, and the claimer, work until something holds. */
async function work(input: {
  readonly oracles: readonly number[];
  readonly until: () => Promise<boolean> | boolean;
  readonly what: string;
}): Promise<void> {
  const deadline = Date.now() + 100_000;
  const errors = new Map<number, unknown>();
  while (!(await input.until())) {
    if (Date.now() > deadline)
      throw new Error(
        `${input.what}: ${JSON.stringify(oracles.map((oracle) => oracle.health()))} ${[...errors].join(' ')}`,
      );
    for (const number of input.oracles) {
      views.viewer = number;
      // As its loop does: what fails is tried again.
      await oracles[number]?.turn().catch((error: unknown) => errors.set(number, error));
    }
    await claimer.turn();
    await sleep(200);
  }
}

const isFinal = (epoch: number) => async (): Promise<boolean> => (await finalEpoch(live)) === BigInt(epoch);

async function fileOf(oracle: number, epoch: number, name: string): Promise<Buffer> {
  return await readFile(join(oracleFolder(live, oracle), 'epochs', String(epoch), name));
}

/** Whether each of the oracles has the folder of an epoch. */
function hasComputed(of: readonly number[], epoch: number): () => Promise<boolean> {
  return async () => {
    const found = await Promise.allSettled(of.map((oracle) => fileOf(oracle, epoch, 'tuple.bin')));
    return found.every(({ status }) => status === 'fulfilled');
  };
}

/** Sizes of the logs' cuts in an epoch, as an oracle computed it; 0: left out. */
async function cutSizes(oracle: number, epoch: number): Promise<readonly number[]> {
  const files = await Promise.all([0, 1].map((log) => fileOf(oracle, epoch, `evidence-${log}.bin`)));
  return files.map((bytes) => openEvidenceFile(bytes).size);
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'coverant-cuts-'));
  views = await serveViews((name, viewer) => {
    const folder = name === 'log-b' ? viewOfB(viewer) : name;
    return folder === null ? null : join(dir, folder);
  });
  live = await startLiveNetwork({
    logs: (network) =>
      LOGS.map((log, at) => {
        const origin = `${log}/${network}/ingest`;
        const { key } = testSigner(origin, 1 + at);
        return { origin, vkey: formatVerifierKey(key), url: `${views.url}/log-${log}/public` };
      }),
    policy: {
      grace_ms: GRACE_MS,
      late_log_ms: LATE_MS,
      log_witnesses: { quorum: 2, lag_ms: 6000, gap_ms: 8000, keys: witnessKeys(views.url, 3) },
    },
  });
  world = await fillWorld();
  oracles = await Promise.all([0, 1, 2].map((number) => openLiveOracle(live, number)));
  claimer = openLiveClaimer(live, [0, 1, 2]);
}, 90_000);

afterAll(async () => {
  await views.close();
  await live.close();
  await rm(dir, { recursive: true, force: true });
});

describe('three oracles', { timeout: 120_000 }, () => {
  it('compute equal tuples from two logs with skewed clocks, and PoCs across the end of the epoch', async () => {
    await publish(0, 0);
    await publish(1, 0);
    await work({ oracles: [0, 1, 2], until: hasComputed([0, 1, 2], 0), what: 'epoch 0 computed' });

    const tuples = await Promise.all([0, 1, 2].map((oracle) => fileOf(oracle, 0, 'tuple.bin')));
    expect(tuples[1]).toEqual(tuples[0]);
    expect(tuples[2]).toEqual(tuples[0]);
    const verdicts = (await fileOf(0, 0, 'verdicts.ndjson')).toString().trimEnd().split('\n');
    expect(verdicts).toHaveLength(5);
    // Signed by the session's key, which only its session_init makes good.
    expect(verdicts.join('\n')).not.toContain('bad_signature');
    await work({ oracles: [0, 1, 2], until: isFinal(0), what: 'epoch 0 final' });
  });

  it('take a log back in that one of them had left out while its server did not answer', async () => {
    viewOfB = (oracle) => (oracle === 1 ? null : 'log-b');
    await publish(0, 1);
    await publish(1, 1);
    // One oracle is away: k of n need each other.
    await work({ oracles: [0, 1], until: hasComputed([0, 1], 1), what: 'epoch 1 computed' });
    expect((await cutSizes(0, 1))[1]).toBeGreaterThan(0);
    expect((await cutSizes(1, 1))[1]).toBe(0);
    expect(await fileOf(1, 1, 'tuple.bin')).not.toEqual(await fileOf(0, 1, 'tuple.bin'));

    viewOfB = () => 'log-b';
    await work({ oracles: [0, 1], until: isFinal(1), what: 'epoch 1 final' });
    expect(await cutSizes(1, 1)).toEqual(await cutSizes(0, 1));
    expect(await fileOf(1, 1, 'tuple.bin')).toEqual(await fileOf(0, 1, 'tuple.bin'));
    expect((await fileOf(1, 1, 'verdicts.ndjson')).toString()).not.toContain('bad_signature');
  });

  it('leave a log out together where one of them never gets it, and the other got it late', async () => {
    viewOfB = (oracle) => (oracle === 1 ? null : 'log-b');
    await publish(0, 2);
    await publish(1, 2);
    // The one that has it comes when logs may be left out already: it cannot know whether it was there in time.
    await work({ oracles: [1], until: hasComputed([1], 2), what: 'epoch 2 computed without log b' });
    await work({ oracles: [0, 1], until: isFinal(2), what: 'epoch 2 final' });
    expect(await cutSizes(0, 2)).toEqual([(await cutSizes(1, 2))[0], 0]);
    expect(await fileOf(1, 2, 'tuple.bin')).toEqual(await fileOf(0, 2, 'tuple.bin'));
  });

  it('recompute on the cuts of what is final, whatever they have in hand themselves', async () => {
    viewOfB = () => 'log-b';
    // Nothing of epoch 3 is published yet: only what was missed can be computed.
    await work({ oracles: [2], until: hasComputed([2], 2), what: 'the third oracle caught up' });
    for (const epoch of [1, 2]) {
      expect(await fileOf(2, epoch, 'tuple.bin')).toEqual(await fileOf(0, epoch, 'tuple.bin'));
      expect(await cutSizes(2, epoch)).toEqual(await cutSizes(0, epoch));
    }
  });

  it('leave out a log for which too few witnesses vouch', async () => {
    await publish(0, UNWITNESSED);
    await publish(1, UNWITNESSED);
    await work({ oracles: [0, 1, 2], until: isFinal(UNWITNESSED), what: 'epoch 3 final' });
    await work({ oracles: [0, 1, 2], until: hasComputed([0, 1, 2], UNWITNESSED), what: 'epoch 3 computed' });
    const sizes = await Promise.all([0, 1, 2].map((oracle) => cutSizes(oracle, UNWITNESSED)));
    expect(sizes[0]?.[0]).toBe(0);
    expect(sizes[0]?.[1]).toBeGreaterThan(0);
    expect(sizes).toEqual([sizes[0], sizes[0], sizes[0]]);
  });

  it('convict a log that shows one of them another tree than its witnesses, and settle without that one', async () => {
    await cp(join(dir, 'log-b'), join(dir, 'log-b-fork'), { recursive: true });
    viewOfB = (oracle) => (oracle === 1 ? 'log-b-fork' : 'log-b');
    await publish(0, FORKED);
    await publish(1, FORKED, { fork: 'log-b-fork' });
    await publish(1, FORKED);
    const kept = join(oracleFolder(live, 1), mirrorPath(signerOf(1).key.name));
    const fork = async (): Promise<string | undefined> =>
      (await readdir(kept)).find((name) => name.startsWith('fork'));
    await work({
      oracles: [0, 1, 2],
      until: async () => (await isFinal(FORKED)()) && (await fork()) !== undefined,
      what: 'epoch 4 final, and the fork found',
    });
    const { key } = signerOf(1);
    const file: unknown = JSON.parse(await readFile(join(kept, (await fork()) ?? ''), 'utf8'));
    expect(() => {
      verifyFork(decodeFork(file), { origin: key.name, key, verify: verifySignature });
    }).not.toThrow();
    expect((await cutSizes(0, FORKED))[1]).toBeGreaterThan(0);
    await work({ oracles: [2], until: hasComputed([2], FORKED), what: 'oracle 2 caught up' });
    expect(await fileOf(2, FORKED, 'tuple.bin')).toEqual(await fileOf(0, FORKED, 'tuple.bin'));
  });

  it('go on with a log that never ended an epoch, and with an oracle that had to adopt the one before', async () => {
    // The log that it was shown lacks what is final: only another oracle's folder has it, and is recomputed.
    oracles[1] = await openLiveOracle(live, 1, { adoptFrom: oracleFolder(live, 0) });
    await publish(0, SILENT);
    await publish(1, SILENT);
    await work({ oracles: [0, 1, 2], until: isFinal(SILENT), what: 'epoch 5 final' });
    await work({ oracles: [0, 1, 2], until: hasComputed([0, 1, 2], SILENT), what: 'epoch 5 computed' });
    const tuples = await Promise.all([0, 1, 2].map((oracle) => fileOf(oracle, SILENT, 'tuple.bin')));
    expect(tuples[1]).toEqual(tuples[0]);
    expect(tuples[2]).toEqual(tuples[0]);
    expect(await cutSizes(1, SILENT)).toEqual([(await cutSizes(0, SILENT))[0], 0]);
  });

  it('leave behind what an auditor finds true, and who vouches for it', async () => {
    views.viewer = 0;
    viewOfB = () => 'log-b';
    const from = oracleFolder(live, 0);
    const findingsOf = async (epoch: number): Promise<readonly string[]> => {
      const { findings, outcome } = await runAudit({ dataDir: live.dataDir, from, epoch: BigInt(epoch) });
      expect(outcome).toMatchObject({ kind: 'agrees' });
      return findings
        .filter(({ check }) => check === 'witnesses' || check === 'evidence')
        .map(({ kind, check }) => `${kind} ${check}`);
    };
    expect(await findingsOf(0)).toEqual([
      'agrees evidence',
      'agrees evidence',
      'agrees witnesses',
      'agrees witnesses',
    ]);
    // A log that was left out has nothing to vouch for.
    expect([...(await findingsOf(UNWITNESSED))].sort()).toEqual([
      'agrees evidence',
      'agrees witnesses',
      'not_checked evidence',
    ]);
  });
});
