import { once } from 'node:events';
import { answerLine } from './conformance/answer.ts';
import { linesOf } from './conformance/lines.ts';

/** Answers each line of standard input by one line, in order (docs/conformance.md). */
async function main(): Promise<void> {
  for await (const lines of linesOf(process.stdin))
    for (const line of lines) await write(`${answerLine(line)}\n`);
}

async function write(answer: string): Promise<void> {
  if (!process.stdout.write(answer)) await once(process.stdout, 'drain');
}

/** Whoever reads the answers may stop whenever they like: that needs no words. */
function fail(error: Error & { readonly code?: string }): never {
  if (error.code !== 'EPIPE') console.error(`Reading or writing failed: ${error.message}`);
  process.exit(1);
}

process.stdout.on('error', fail);
main().catch(fail);
