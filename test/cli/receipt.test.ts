import { spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeReceipt, type ReceiptJson } from '#protocol/evidence/receipt';
import { formatVerifierKey } from '#protocol/evidence/verifier-key';
import { logSigner } from '#services/runtime/log/log-signer';
import { exitCodeOf } from '../../cli/exit-code.ts';
import { program } from '../../cli/program.ts';
import { LOG_SIGNER, makeTestLog, ORIGIN, reports, type TestLog } from '../support/evidence-log.ts';

const VKEY = formatVerifierKey(LOG_SIGNER.key);
const OTHER = formatVerifierKey(logSigner(ORIGIN, new Uint8Array(32).fill(2)).key);
const STRANGER = '112G8HofQAEd9bwuWzUEDShsTVFkeysKzbVhhodJF4152YA1q1RK';
let honest: TestLog;
/** The same log's key over other entries. */
let forked: TestLog;
let answer: string;

beforeAll(async () => {
  [honest, forked] = await Promise.all([makeTestLog(), makeTestLog()]);
  const receipts = await publish(honest, 3);
  await publish(forked, 3, 700);
  answer = await file('answer.json', {
    receipts: receipts.map((of, item) => ({ ...of, item })),
    refused: [],
  });
});
afterAll(() => Promise.all([honest.remove(), forked.remove()]));

async function publish(test: TestLog, count: number, from = 0): Promise<readonly ReceiptJson[]> {
  const log = await test.open();
  const receipts = await log.append(reports(count, from));
  test.now += 15_000;
  await log.integrate();
  await log.close();
  return receipts.map(encodeReceipt);
}

async function file(name: string, content: unknown): Promise<string> {
  const path = join(honest.dir, name);
  await writeFile(path, JSON.stringify(content));
  return path;
}

/** Runs `npx coverant receipt ...` as its users do, but for the look for packages. */
function receipt(...args: readonly string[]) {
  const run = spawnSync(process.execPath, ['--import', 'tsx', 'cli/main.ts', 'receipt', ...args], {
    encoding: 'utf8',
  });
  return { code: run.status, lines: run.stdout.split('\n').filter((line) => line !== ''), said: run.stderr };
}

const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);

describe('coverant receipt', () => {
  it("checks the log's signature offline, and nothing else", () => {
    const { code, lines } = receipt('verify', answer, '--vkey', VKEY);
    expect(code).toBe(0);
    expect(lines.map((line) => line.slice(0, 26))).toEqual(
      [0, 1, 2].map((at) => `promised     entry ${at} of te`),
    );
    expect(receipt('verify', answer, '--vkey', OTHER)).toMatchObject({
      code: 1,
      said: matching(/^invalid_signature: /),
    });
  });

  it('finds that the log kept its promises, with proofs', () => {
    const told = receipt('verify', answer, '--vkey', VKEY, '--log', honest.publicDir);
    expect(told.code).toBe(0);
    expect(told.lines.filter((line) => line.startsWith('kept '))).toHaveLength(3);
    const { lines } = receipt('verify', answer, '--vkey', VKEY, '--log', honest.publicDir, '--json');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject(
      [0, 1, 2].map((index) => ({ origin: ORIGIN, index, state: 'kept', size: 3 })),
    );
  });

  it('writes what convicts a log, which anybody checks by its key alone', async () => {
    const out = join(honest.dir, 'conviction.json');
    const broken = receipt('verify', answer, '--vkey', VKEY, '--log', forked.publicDir, '--convict', out);
    expect(broken).toMatchObject({ code: 1, said: matching(/^promise_broken: .*index=0/) });
    expect(receipt('convict', out, '--vkey', VKEY)).toMatchObject({
      code: 0,
      lines: [matching(/^promised /), matching(/^BROKEN /)],
    });
    expect(receipt('convict', out, '--vkey', OTHER).code).toBe(1);

    const conviction = JSON.parse(await readFile(out, 'utf8')) as { readonly receipt: ReceiptJson };
    const kept = { ...conviction, leaf_hash: conviction.receipt.leaf_hash };
    const bad = receipt('convict', await file('kept.json', kept), '--vkey', VKEY);
    expect(bad).toMatchObject({ code: 1, said: matching(/^proof_mismatch: /) });
    // A file that stands is never replaced.
    const again = receipt('verify', answer, '--vkey', VKEY, '--log', forked.publicDir, '--convict', out);
    expect(again).toMatchObject({ code: 2, said: matching(/^conviction_unwritten: /) });
  });

  it('says what it could not see', async () => {
    const log = await honest.open();
    const later = (await log.append(reports(1, 3))).map(encodeReceipt);
    await log.close();
    const late = receipt(
      'verify',
      await file('late.json', later[0]),
      '--vkey',
      VKEY,
      '--log',
      honest.publicDir,
    );
    // The clock of the test's log is ahead of this machine's until 2027.
    expect(late).toMatchObject({ code: 2, said: matching(/^not_integrated: /) });
    const nowhere = receipt('verify', answer, '--vkey', VKEY, '--log', join(honest.dir, 'nowhere'));
    expect(nowhere).toMatchObject({ code: 2, said: matching(/^file_missing: /) });
    const none = receipt('find', STRANGER, '--vkey', VKEY, '--log', honest.publicDir);
    expect(none).toMatchObject({ code: 1, said: matching(/^no_report: /) });
  });

  it.each([
    ['no receipt', { index: 5 }],
    ['a list of nothing', { receipts: [{}] }],
    ['a text', 'receipt'],
  ])('refuses %s', async (name, content) => {
    const args = ['receipt', 'verify', await file(`${name}.json`, content), '--vkey', VKEY];
    const refused = await (
      await program()
    )
      .parseAsync(args, { from: 'user' })
      .catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'malformed_receipt' });
    expect(exitCodeOf(refused)).toBe(1);
  });

  it.each([
    ['verify', '--vkey', 'nonsense'],
    ['find', 'no-key', '--vkey', VKEY, '--log', '.'],
    ['find', STRANGER, '--vkey', VKEY, '--log', '.', '--payload', 'xy'],
    ['find', STRANGER, '--vkey', VKEY, '--log', '.', '--from', '-1'],
    ['convict', 'no-such-file', '--vkey', VKEY],
  ])('ends with 2 where %s cannot be done: %s %s', async (...args) => {
    const failed = await (
      await program()
    )
      .parseAsync(['receipt', ...args], { from: 'user' })
      .catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(Error);
    expect(exitCodeOf(failed)).toBe(2);
  });
});
