import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { Queue, Worker } from 'bullmq';
import { formatVerifierKey } from '#protocol/evidence/verifier-key';
import { parseCheckConfig, parseGroupConfig } from '#services/runtime/config';
import { openMetrics } from '#services/runtime/metrics';
import { openLifetime, type Lifetime } from '#services/runtime/shutdown';
import { verifySignature } from '#services/runtime/signature';
import { startCheckWorker } from '#services/verify/check-worker';
import { startGroup } from '#services/verify/start-group';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from '@noble/hashes/sha2.js';
import { GENESIS, signedWitness, testHotspot, testKey, TestWorld } from '../protocol/epoch/world.ts';
import { startTestRedis, type TestRedis } from '../support/redis.ts';
import { makeDataDir, SILENT, TEST_INGEST } from '../support/service-world.ts';
import { batchVerdicts, openWorldLog, startReadModel, worldLogSigner } from '../support/verify-line.ts';

const hotspots = Array.from({ length: 6 }, (_, place) => testHotspot(`verify ${place}`, place));
const world = makeWorld();
const expected = batchVerdicts(world);

/** Six epochs of honest traffic, and one report of each kind that is judged outside of a PoC. */
function makeWorld(): TestWorld {
  const made = new TestWorld({ hotspots, epochs: 6, policy: { reciprocity_from: 1 } });
  for (const epoch of [0, 1, 2, 3, 4, 5]) made.busyEpoch(epoch);
  const [first, second, third] = hotspots;
  if (first === undefined || second === undefined || third === undefined) throw new Error('too few hotspots');
  const at = GENESIS * 1000 + 30_000;
  const { derived } = made.poc({ beaconer: first, witnesses: [second], at });
  made.witness({ witness: third, derived, at: at + 20_000 });
  made.copy({ thief: third, derived, at: at + 2000 });
  const forged = signedWitness(third, { derived, at, signer: testKey('somebody else') });
  made.log().add({ receivedAt: at + 1000, body: { kind: 'witness', report: forged, session: null } });
  const orphan = made.derive(second, at + 40_000).derived;
  made.witness({ witness: first, derived: orphan, at: at + 41_000 });
  made
    .log()
    .add({ receivedAt: at + 42_000, body: { kind: 'beacon', report: Uint8Array.of(0xff), session: null } });
  // Long after everything else: it closes what is open.
  const last = sha256(Uint8Array.of(1));
  const entropy = {
    kind: 'entropy',
    data: last,
    timestamp: 1,
    version: 0,
    slot: 1n,
    blockhash: last,
  } as const;
  made.log().add({ receivedAt: at + 900_000, body: entropy });
  return made;
}

let redis: TestRedis;
let dataDir: string;
let closing: (() => Promise<unknown> | undefined)[];

beforeEach(async () => {
  closing = [];
  redis = await startTestRedis();
  closing.push(() => redis.close());
  const data = await makeDataDir(world);
  dataDir = data.dataDir;
  closing.push(data.close);
});
afterEach(async () => {
  for (const close of closing.reverse()) await close();
});

const environment = (): Record<string, string> => ({
  DATA_DIR: dataDir,
  REDIS_URL: redis.url,
  INGEST_NAME: TEST_INGEST,
  LOG_LEVEL: 'silent',
  PORT: '0',
});

async function startHere(): Promise<Lifetime> {
  const lifetime = openLifetime({ logger: SILENT, onSignals: false });
  const { done } = await startGroup({ config: parseGroupConfig(environment()), logger: SILENT, lifetime });
  closing.push(async () => {
    await lifetime.stop();
    await done;
  });
  return lifetime;
}

function workHere(): void {
  const { redisUrl } = parseCheckConfig(environment());
  const metrics = openMetrics('verify');
  const worker = startCheckWorker({ redisUrl, logger: SILENT, metrics, verify: verifySignature });
  closing.push(() => worker.close(true));
}

function readHere(): ReturnType<typeof startReadModel> {
  const model = startReadModel(redis.url);
  closing.push(() => model.close());
  return model;
}

async function writeHere(): Promise<Awaited<ReturnType<typeof openWorldLog>>> {
  const log = await openWorldLog(join(dataDir, 'ingest'), world);
  closing.push(() => log.close());
  return log;
}

/** A process of its own, as users start it. */
function startProcess(name: 'group' | 'check'): ChildProcess {
  const script = fileURLToPath(new URL(`../../services/verify/${name}-main.ts`, import.meta.url));
  const env = { ...process.env, ...environment() };
  const child = spawn(process.execPath, ['--import', 'tsx', script], { env, stdio: 'ignore' });
  closing.push(() => killed(child));
  return child;
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}

async function until(condition: () => boolean, seconds = 20): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('this took too long');
    await sleep(20);
  }
}

describe('verify', () => {
  it('has something of every kind to judge', () => {
    const reasons = new Set([...expected.values()].map(({ reason }) => reason));
    for (const reason of [null, 'bad_signature', 'too_late', 'duplicate', 'stale'] as const)
      expect(reasons, String(reason)).toContain(reason);
    expect([...expected.values()].filter(({ selected }) => selected).length).toBeGreaterThan(50);
  });

  it('gives the read model exactly the verdicts of a batch', async () => {
    const model = readHere();
    workHere();
    workHere();
    await startHere();
    const log = await writeHere();
    while (log.left() > 0) await log.append(17);

    await until(() => model.verdicts.size === expected.size);

    expect(model.verdicts).toEqual(expected);
    expect(model.changed).toEqual([]);
  });

  it('ends with the same verdicts after SIGKILL of the grouping process and of workers, again and again', async () => {
    const model = readHere();
    let group = startProcess('group');
    let worker = startProcess('check');
    const log = await writeHere();
    for (let round = 0; round < 2; round += 1) {
      const before = model.jobs();
      await log.append(60);
      await until(() => model.jobs() > before, 60);
      await log.append(20);
      await Promise.all([killed(group), killed(worker)]);
      await log.append(10);
      group = startProcess('group');
      worker = startProcess('check');
    }
    await log.append(log.left());

    await until(() => model.verdicts.size === expected.size, 60);

    expect(model.verdicts).toEqual(expected);
    expect(model.changed).toEqual([]);
  }, 200_000);

  it('loses nothing when Redis dies with all that it held and comes back', async ({ skip }) => {
    if (redis.stop === null || redis.start === null)
      return skip('REDIS_URL names a server that is not ours to stop');
    const model = readHere();
    workHere();
    await startHere();
    const log = await writeHere();
    await log.append(60);
    await until(() => model.jobs() > 0);
    await log.append(30);
    await redis.stop();
    await log.append(30);
    await sleep(300);
    await redis.start();
    await log.append(log.left());

    await until(() => model.verdicts.size === expected.size);

    expect(model.verdicts).toEqual(expected);
    expect(model.changed).toEqual([]);
  });

  it('computes a job itself where workers fail it for good, or answer something else', async () => {
    const model = readHere();
    let jobs = 0;
    const broken = new Worker(
      'check',
      () => {
        jobs += 1;
        return jobs % 2 === 0 ? Promise.resolve([{ payload: '00' }]) : Promise.reject(new Error('broken'));
      },
      { connection: { url: redis.url, maxRetriesPerRequest: null } },
    );
    closing.push(() => broken.close(true));
    await startHere();
    const log = await writeHere();
    await log.append(log.left());

    await until(() => model.verdicts.size === expected.size);

    expect(jobs).toBeGreaterThan(0);
    expect(model.verdicts).toEqual(expected);
  });

  it('is not harmed by jobs that come twice, nor by jobs that are none', async () => {
    const model = readHere();
    const queue = new Queue('check', { connection: { url: redis.url } });
    closing.push(() => queue.close());
    const lifetime = await startHere();
    const log = await writeHere();
    await log.append(log.left());
    await until(() => lifetime.signal.aborted || log.left() === 0);
    await until2(async () => (await queue.getWaitingCount()) > 0);
    for (const job of await queue.getWaiting())
      await queue.add('check', job.data, { jobId: `again ${job.id ?? ''}` });
    const none = await queue.add('check', { groups: 'none' }, { attempts: 3 });
    workHere();

    await until(() => model.verdicts.size === expected.size);

    expect(model.verdicts).toEqual(expected);
    expect(model.changed).toEqual([]);
    await until2(() => none.isFailed());
    const failed = await queue.getJob(none.id ?? '');
    expect([failed?.attemptsMade, failed?.failedReason]).toEqual([1, expect.stringContaining('check job')]);
  });
});

describe('verify of several logs', () => {
  it('gives the verdicts of a batch of all, though another log is read from its public files and the process is killed', async () => {
    const otherDir = await mkdtemp(join(tmpdir(), 'coverant-other-'));
    closing.push(() => rm(otherDir, { recursive: true, force: true }));
    const both = twoLogs(join(otherDir, 'public'));
    const data = await makeDataDir(both);
    closing.push(data.close);
    dataDir = data.dataDir;
    const wanted = batchVerdicts(both);
    const model = readHere();
    workHere();
    let group = startProcess('group');
    const own = await openWorldLog(join(dataDir, 'ingest'), both);
    closing.push(() => own.close());
    const other = await openWorldLog(otherDir, both, 1);
    closing.push(() => other.close());
    await own.append(40);
    await other.append(40);
    await other.publish();
    await until(() => model.jobs() > 0, 60);
    await killed(group);
    group = startProcess('group');
    await own.append(own.left());
    await other.append(other.left());
    await other.publish();

    await until(() => model.verdicts.size === wanted.size, 60);

    expect(new Set([...wanted.values()].map(({ position }) => position.origin)).size).toBe(2);
    expect(model.verdicts).toEqual(wanted);
    expect(model.changed).toEqual([]);
  }, 150_000);
});

/** Four epochs in which each hotspot beacons in one of two logs and is heard in both. */
function twoLogs(url: string): TestWorld {
  const origins = [0, 1].map((at) => `test/${world.network}/${at}`);
  const logs = origins.map((origin) => ({
    origin,
    vkey: formatVerifierKey(worldLogSigner(origin).key),
    url,
  }));
  const made = new TestWorld({ hotspots, epochs: 4, logs: 2, policy: { reciprocity_from: 1, logs } });
  for (const epoch of [0, 1, 2, 3]) made.busyEpoch(epoch);
  const [first, second, third] = hotspots;
  if (first === undefined || second === undefined || third === undefined) throw new Error('too few hotspots');
  const at = GENESIS * 1000 + 40_000;
  const { derived } = made.poc({ beaconer: first, witnesses: [second], at, log: 0 });
  made.witness({ witness: third, derived, at: at + 400, log: 1 });
  made.derive(first, at + 900_000);
  return made;
}

async function until2(condition: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 500; tries += 1) {
    if (await condition()) return;
    await sleep(20);
  }
  throw new Error('this took too long');
}
