import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ProtocolError } from '#protocol/errors';
import { DEFAULT_POLICY } from '#protocol/policy';
import { CLI_ERRORS, CliError, type CliErrorCode } from '../../cli/cli-error.ts';
import { exitCodeOf, type ExitCode } from '../../cli/exit-code.ts';
import { errorLine } from '../../cli/exit.ts';
import { program } from '../../cli/program.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'coverant-exit-'));
  await writeFile(join(dir, 'policy.json'), JSON.stringify(DEFAULT_POLICY));
  await writeFile(join(dir, 'malformed.json'), '{}');
  await writeFile(join(dir, 'open-key'), '[]', { mode: 0o644 });
});
afterAll(() => rm(dir, { recursive: true }));

/** The code with which the process would end; DIR stands for the test's folder. */
async function codeOf(line: string): Promise<ExitCode> {
  const args = line.split(' ').map((word) => word.replace('DIR', dir));
  try {
    await (await program()).parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    return exitCodeOf(error);
  }
}

const PROPOSE =
  'policy propose DIR/policy.json --authority DIR/open-key --network 11111111111111111111111111111111 --first-epoch 5 --rpc http://127.0.0.1:1';

describe('exit codes', () => {
  it.each([
    '--help',
    '--version',
    'deny --help',
    'deny sign --help',
    'hotspot why --help',
    'policy check DIR/policy.json',
  ])('0: %s', async (line) => {
    expect(await codeOf(line)).toBe(0);
  });

  it.each([
    'policy check DIR/malformed.json',
    'policy put DIR/malformed.json --data DIR/data',
    'deny verify DIR/malformed.json --policy DIR/malformed.json',
    'endorse root DIR/malformed.json',
    PROPOSE,
  ])('1: %s', async (line) => {
    expect(await codeOf(line)).toBe(1);
  });

  it.each([
    'nonsense',
    'deny',
    'deny nonsense',
    'endorse',
    'hotspot',
    'hotspot nonsense',
    'policy check',
    'policy check DIR/absent.json',
    'policy check DIR/policy.json --unknown',
    'policy put DIR/policy.json',
    'endorse root a b',
    'endorse prove DIR/policy.json x',
    'deny propose --from DIR --epochs 5..3',
    'deny propose --from DIR --epochs 5',
    'deny propose --from DIR --epochs 0..18446744073709551616',
    'deny propose --from DIR',
    'deny verify DIR/policy.json --keeper x',
    'deny verify DIR/policy.json',
    'deny keygen --name a+b --out DIR/never',
    `deny keygen --name ${'n'.repeat(256)} --out DIR/never`,
    'deny keygen --name a\u200bb --out DIR/never',
    `hotspot why key --epoch 18446744073709551616`,
    'hotspot why key --rpc localhost:8899',
    PROPOSE.replace('http:', 'ftp:'),
    PROPOSE.replace('--network 1', '--network 0'),
    PROPOSE.replace('--network 1', '--network '),
    PROPOSE.replace('--first-epoch 5', '--first-epoch 1e3'),
  ])('2: %s', async (line) => {
    expect(await codeOf(line)).toBe(2);
  });

  it('stand in the table for operators with every code of the commands', async () => {
    const table = await readFile(new URL('../../docs/operate.md', import.meta.url), 'utf8');
    const [, refused = '', notDone = ''] = /^\| 1 (.*)\n\| 2 (.*)$/m.exec(table) ?? [];
    for (const code of Object.keys(CLI_ERRORS) as CliErrorCode[])
      expect([code, exitCodeOf(new CliError(code)) === 1 ? refused : notDone]).toEqual([
        code,
        expect.stringContaining(`\`${code}\``),
      ]);
  });
});

describe('what is said of an error', () => {
  it("is one line without control characters, and with other people's values in part", () => {
    const line = errorLine(
      new ProtocolError('malformed_key', { text: `\u001b[31m${'x'.repeat(500)}\n`, file: 'list' }),
    );
    expect(line).toMatch(/^malformed_key: .* text=\\u001b\[31mx{95}\.\.\. file=list$/);
    expect(errorLine(new Error('a\u202eb'))).toBe('a\\u202eb');
  });

  it('names a file whole', () => {
    const file = `/${'long/'.repeat(60)}list`;
    expect(errorLine(new CliError('empty_file', { file }))).toContain(` file=${file}`);
  });
});
