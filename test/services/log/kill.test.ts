import { spawn } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openCheckpoint, type Checkpoint } from '#protocol/evidence/checkpoint';
import { MerkleTree, verifyConsistency } from '#protocol/evidence/proof';
import { nativeLeafHash, nativeNodeHash } from '#services/runtime/evidence/native-hash';
import { esbuild } from '#services/explore/build-verifier';
import { openJournalReader } from '#services/runtime/evidence/journal-reader';
import { publicLogReader } from '#services/runtime/evidence/public-log-reader';
import { VerifiedTree } from '#services/runtime/evidence/verified-tree';
import { verifyEd25519 } from '../../support/ed25519.ts';
import { LOG_SIGNER, makeTestLog, ORIGIN, type TestLog } from '../../support/evidence-log.ts';
import { seededRandom } from '../../support/seeded-random.ts';

/** One after the other on each log, beside each other on several. */
const [LOGS, ROUNDS] = [5, 42];
/** Every tenth writer lives until it has published a checkpoint, however slow the machine. */
const [PUBLISHES_EVERY, PATIENCE_MS] = [10, 30_000];
const SEED = Number(process.env['TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const ROOT = join(import.meta.dirname, '../../..');
const WRITER = join(ROOT, 'test/support/log-writer-process.ts');
let writer: string;
const logs: TestLog[] = [];

beforeAll(async () => {
  // One file: it is started hundreds of times.
  const { build } = await esbuild();
  const options = { bundle: true, packages: 'external', format: 'esm', platform: 'node', write: false };
  const { outputFiles } = await build({ ...options, entryPoints: [WRITER] });
  // Packages are looked for from where it lies.
  writer = join(ROOT, '.tsbuild', `log-writer-${process.pid}.mjs`);
  await mkdir(dirname(writer), { recursive: true });
  await writeFile(writer, outputFiles[0]?.text ?? '');
  for (let at = 0; at < LOGS; at++) logs.push(await makeTestLog());
});
afterAll(async () => {
  for (const test of logs) await test.remove();
  await rm(writer, { force: true });
});

async function readCheckpoint(test: TestLog): Promise<Checkpoint | undefined> {
  const bytes = await readFile(join(test.publicDir, 'checkpoint')).catch(() => undefined);
  if (bytes === undefined) return undefined;
  return openCheckpoint(bytes, { origin: ORIGIN, keys: [LOG_SIGNER.key], verify: verifyEd25519 });
}

/** Runs a writer, kills it `afterMs` after it said that it is open (or began to open), and returns its lines. */
async function killedWriter(input: {
  readonly test: TestLog;
  readonly afterMs: number;
  readonly whileOpening: boolean;
  /** Kept alive until it has published a checkpoint: says whether one is enough. */
  readonly mayEnd: () => boolean;
  readonly seen: (head: Checkpoint) => void;
}): Promise<readonly string[]> {
  const { test } = input;
  const child = spawn(process.execPath, [writer, test.dir], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  const ended = new Promise<void>((resolve) => child.on('close', resolve));
  const opened = new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      resolve();
    });
  });
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  // The time until a process runs at all is not the writer's: a kill while opening is aimed at its last part.
  if (input.whileOpening) await Promise.race([sleep(input.afterMs * 4), opened]);
  else {
    await Promise.race([opened, ended]);
    const end = performance.now() + input.afterMs;
    while (performance.now() < end || (!input.mayEnd() && performance.now() < end + PATIENCE_MS)) {
      const head = await readCheckpoint(test);
      if (head !== undefined) input.seen(head);
      await sleep(5);
    }
  }
  child.kill('SIGKILL');
  await ended;
  if (!input.whileOpening) expect(output, errors).toMatch(/^open /);
  // A line that the kill cut short was not said.
  return output.split('\n').slice(0, -1);
}

it(
  `keeps every receipt and every checkpoint of writers that are killed ${LOGS * ROUNDS} times (TEST_SEED=${SEED})`,
  { timeout: 600_000 },
  async () => {
    console.info(`TEST_SEED=${SEED}`);
    const kept = await Promise.all(logs.map((test, at) => killAgainAndAgain(test, seededRandom(SEED + at))));
    expect(kept.reduce((sum, { receipts }) => sum + receipts, 0)).toBeGreaterThan(1000);
    expect(kept.reduce((sum, { heads }) => sum + heads, 0)).toBeGreaterThanOrEqual(
      LOGS * Math.ceil(ROUNDS / PUBLISHES_EVERY),
    );
  },
);

/** How many receipts and checkpoints all hold in the end. */
async function killAgainAndAgain(
  test: TestLog,
  random: () => number,
): Promise<{ readonly receipts: number; readonly heads: number }> {
  const receipts = new Map<number, { readonly leaf: string; readonly report: string }>();
  const heads = new Map<number, Checkpoint>();
  for (let round = 0; round < ROUNDS; round++) {
    const lines = await killedWriter({
      test,
      // Mostly soon after the start, where a log has the most to get wrong.
      afterMs: Math.floor(random() ** 2 * 120),
      whileOpening: round % 5 === 4,
      mayEnd: () => round % PUBLISHES_EVERY !== 0 || heads.size > round / PUBLISHES_EVERY,
      seen: (head) => heads.set(head.size, head),
    });
    for (const line of lines.filter((each) => !each.startsWith('open'))) {
      const [index = '', leaf = '', report = ''] = line.split(' ');
      expect(receipts.has(Number(index))).toBe(false);
      receipts.set(Number(index), { leaf, report });
    }
    const head = await readCheckpoint(test);
    if (head !== undefined) heads.set(head.size, head);
  }
  test.now = Date.now() + 60_000;
  const log = await test.open();
  await log.integrate();
  expect(log.size).toBeGreaterThanOrEqual(receipts.size);

  const records = await openJournalReader(test.journalDir).read(0, log.size);
  const leaves = records.map(({ entry }) => nativeLeafHash(entry));
  for (const [index, { leaf, report }] of receipts) {
    expect(Buffer.from(leaves[index] ?? []).toString('hex')).toBe(leaf);
    const body = records[index]?.record.body;
    expect(body?.kind === 'beacon' ? Buffer.from(body.report).toString('hex') : '').toBe(report);
  }
  const stamps = records.map(({ record }) => record.receivedAt);
  expect(stamps).toEqual(stamps.toSorted((a, b) => a - b));

  const last = await readCheckpoint(test);
  expect(last?.size).toBe(log.size);
  const whole = new MerkleTree(leaves, nativeNodeHash);
  const published = new VerifiedTree(publicLogReader({ base: test.publicDir }), {
    size: log.size,
    root: whole.root,
  });
  expect(await published.entries(0, log.size)).toEqual(records.map(({ entry }) => entry));
  const ordered = [...heads.values()].toSorted((a, b) => a.size - b.size);
  for (const [at, older] of ordered.entries()) {
    const newer = ordered[at + 1] ?? { size: log.size, root: whole.root };
    const proof = await published.consistencyProof(older.size, newer.size);
    const claim = { oldSize: older.size, oldRoot: older.root, size: newer.size, root: newer.root, proof };
    expect(verifyConsistency(claim)).toBe(true);
  }
  return { receipts: receipts.size, heads: heads.size };
}
