import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Answer } from './conformance/support/ask.ts';
import { examples } from './conformance/support/examples.ts';

const ROOT = join(import.meta.dirname, '..');

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs the command as a reader of the document would; `feed` writes its input. */
function run(
  feed: (stdin: NodeJS.WritableStream) => void,
  read = (out: string): boolean => out !== '',
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn('npm', ['run', '-s', 'conformance'], { cwd: ROOT });
    let [out, err] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      out += chunk;
      if (!read(out)) child.stdout.destroy();
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (err += chunk));
    // It ends before it has read everything where nobody reads its answers.
    child.stdin.on('error', () => undefined);
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({ code, out, err });
    });
    feed(child.stdin);
  });
}

const answersOf = ({ out }: Ran): readonly Answer[] =>
  out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Answer);

describe('npm run -s conformance', { timeout: 120_000 }, () => {
  beforeAll(async () => {
    // Where packages are missing, the first run installs them and says so.
    await run((stdin) => stdin.end());
  }, 300_000);

  it('answers thousands of lines in order and nothing else', async () => {
    const known = new Map(examples.map(({ question, answer }) => [question, answer]));
    const questions = Array.from({ length: 4000 }, (_, at) =>
      at % 7 === 3 ? `{"id":${at},"op":"nothing"` : (examples[at % examples.length]?.question ?? ''),
    );
    const ran = await run((stdin) => stdin.end(`${questions.join('\n')}\n`));
    expect(ran).toMatchObject({ code: 0, err: '' });
    const answers = ran.out.trimEnd().split('\n');
    expect(answers).toHaveLength(questions.length);
    for (const [at, question] of questions.entries())
      if (at % 7 === 3) expect(answers[at]).toContain('"malformed_line"');
      else expect(answers[at]).toBe(known.get(question));
  });

  it('answers each line before the next one is written, whatever pieces it comes in', async () => {
    let [next, answered] = [0, 0];
    let stdin: NodeJS.WritableStream | undefined;
    const ask = (): void => {
      const question = `{"id":${next},"op":"reward.units","in":{"n":${next}}}\r\n`;
      next += 1;
      if (next > 20) stdin?.end();
      else for (const piece of [question.slice(0, 9), question.slice(9)]) stdin?.write(piece);
    };
    const ran = await run(
      (to) => {
        stdin = to;
        ask();
      },
      (out) => {
        for (const lines = out.split('\n').length - 1; answered < lines; answered += 1) ask();
        return true;
      },
    );
    expect(ran.code).toBe(0);
    expect(answersOf(ran).map(({ id, ok }) => [id, ok])).toEqual(
      Array.from({ length: 20 }, (_, id) => [id, true]),
    );
  });

  it('answers empty lines, a line without an end, and lines that hold other line ends', async () => {
    const odd = JSON.stringify({ id: '\u2028\u2029\u0085\r', op: 'ops' });
    const ran = await run((stdin) => stdin.end(`\n\n${odd}\n{"id":2,"op":"ops"}`));
    expect(ran.code).toBe(0);
    expect(answersOf(ran).map(({ id, ok }) => [id, ok])).toEqual([
      [null, false],
      [null, false],
      ['\u2028\u2029\u0085\r', true],
      [2, true],
    ]);
  });

  it('answers nothing to nothing', async () => {
    expect(await run((stdin) => stdin.end())).toEqual({ code: 0, out: '', err: '' });
  });

  it('reads lines of tens of megabytes, and refuses what nobody could ask before it goes on', async () => {
    const megabytes = 'ab'.repeat(15_000_000);
    const last = '{"id":"last","op":"ops"}\n';
    const ran = await run((stdin) => {
      stdin.write(`{"id":"long","op":"merkle.root","in":{"entries":["${megabytes}"]}}\n`);
      stdin.write(`[${'[],'.repeat(9_000_000)}0]\n`);
      stdin.end(last);
    });
    expect(ran).toMatchObject({ code: 0, err: '' });
    expect(answersOf(ran).map(({ id, ok, error }) => [id, ok, error?.code ?? ''])).toEqual([
      ['long', true, ''],
      [null, false, 'malformed_line'],
      ['last', true, ''],
    ]);
  });

  it('ends quietly and with another code where nobody reads its answers', async () => {
    const line = `${examples.find(({ question }) => question.includes('poc.judge'))?.question ?? ''}\n`;
    const ran = await run(
      (stdin) => stdin.end(line.repeat(3000)),
      () => false,
    );
    expect(ran.code).toBe(1);
    expect(ran.err).toBe('');
  });

  it('is in package.json as the document calls it', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      readonly scripts: Readonly<Record<string, string>>;
    };
    expect(scripts['conformance']).toBe('exec node scripts/run.mjs scripts/conformance.ts');
  });
});
