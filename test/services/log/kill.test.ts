import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openCheckpoint, type Checkpoint } from '#protocol/evidence/checkpoint';
import { MerkleTree, verifyConsistency } from '#protocol/evidence/proof';
import { nativeLeafHash, nativeNodeHash } from '#services/runtime/evidence/native-hash';
import { openJournalReader } from '#services/runtime/evidence/journal-reader';
import { publicLogReader } from '#services/runtime/evidence/public-log-reader';
import { VerifiedTree } from '#services/runtime/evidence/verified-tree';
import { verifyEd25519 } from '../../support/ed25519.ts';
import { LOG_SIGNER, makeTestLog, ORIGIN, type TestLog } from '../../support/evidence-log.ts';

const ROUNDS = 20;
const SEED = Number(process.env['TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const WRITER = join(import.meta.dirname, '../../support/log-writer-process.ts');
let test: TestLog;

beforeAll(async () => {
  test = await makeTestLog();
});
afterAll(async () => {
  await test.remove();
});

/** Park and Miller's generator: the moments of killing can be had again by TEST_SEED. */
function randomFrom(seed: number): () => number {
  let state = (seed % 2_147_483_646) + 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

async function readCheckpoint(): Promise<Checkpoint | undefined> {
  const bytes = await readFile(join(test.publicDir, 'checkpoint')).catch(() => undefined);
  if (bytes === undefined) return undefined;
  return openCheckpoint(bytes, { origin: ORIGIN, keys: [LOG_SIGNER.key], verify: verifyEd25519 });
}

/** Runs a writer, kills it `afterMs` after it said that it is open (or began to open), and returns its lines. */
async function killedWriter(input: {
  readonly afterMs: number;
  readonly whileOpening: boolean;
  readonly seen: (head: Checkpoint) => void;
}): Promise<readonly string[]> {
  const child = spawn(process.execPath, ['--import', 'tsx', WRITER, test.dir], {
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
    while (performance.now() < end) {
      const head = await readCheckpoint();
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
  `keeps every receipt and every checkpoint of a writer that is killed ${ROUNDS} times (TEST_SEED=${SEED})`,
  { timeout: 240_000 },
  async () => {
    console.info(`TEST_SEED=${SEED}`);
    const random = randomFrom(SEED);
    const receipts = new Map<number, { readonly leaf: string; readonly report: string }>();
    const heads = new Map<number, Checkpoint>();
    for (let round = 0; round < ROUNDS; round++) {
      const lines = await killedWriter({
        afterMs: Math.floor(random() * 250),
        whileOpening: round % 5 === 4,
        seen: (head) => heads.set(head.size, head),
      });
      for (const line of lines.filter((each) => !each.startsWith('open'))) {
        const [index = '', leaf = '', report = ''] = line.split(' ');
        expect(receipts.has(Number(index))).toBe(false);
        receipts.set(Number(index), { leaf, report });
      }
      const head = await readCheckpoint();
      if (head !== undefined) heads.set(head.size, head);
    }
    test.now = Date.now() + 60_000;
    const log = await test.open();
    await log.integrate();
    expect(log.size).toBeGreaterThanOrEqual(receipts.size);
    expect(receipts.size).toBeGreaterThan(100);

    const records = await openJournalReader(test.journalDir).read(0, log.size);
    const leaves = records.map(({ entry }) => nativeLeafHash(entry));
    for (const [index, { leaf, report }] of receipts) {
      expect(Buffer.from(leaves[index] ?? []).toString('hex')).toBe(leaf);
      const body = records[index]?.record.body;
      expect(body?.kind === 'beacon' ? Buffer.from(body.report).toString('hex') : '').toBe(report);
    }
    const stamps = records.map(({ record }) => record.receivedAt);
    expect(stamps).toEqual(stamps.toSorted((a, b) => a - b));

    const last = await readCheckpoint();
    expect(last?.size).toBe(log.size);
    const whole = new MerkleTree(leaves, nativeNodeHash);
    const published = new VerifiedTree(publicLogReader({ base: test.publicDir }), {
      size: log.size,
      root: whole.root,
    });
    expect(await published.entries(0, log.size)).toEqual(records.map(({ entry }) => entry));
    const ordered = [...heads.values()].toSorted((a, b) => a.size - b.size);
    expect(ordered.length).toBeGreaterThan(5);
    for (const [at, older] of ordered.entries()) {
      const newer = ordered[at + 1] ?? { size: log.size, root: whole.root };
      const proof = await published.consistencyProof(older.size, newer.size);
      const claim = { oldSize: older.size, oldRoot: older.root, size: newer.size, root: newer.root, proof };
      expect(verifyConsistency(claim)).toBe(true);
    }
  },
);
