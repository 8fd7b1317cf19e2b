import { readFileSync, writeFileSync } from 'node:fs';
import { answerLine } from './conformance/answer.ts';

/** Answers the examples of docs/conformance.md again: in each block questions and answers take turns. */
const file = new URL('../docs/conformance.md', import.meta.url);
const answered = readFileSync(file, 'utf8').replaceAll(/(?<=```ndjson\n)[^`]*(?=```)/g, (block) =>
  block
    .trimEnd()
    .split('\n')
    .filter((_, at) => at % 2 === 0)
    .map((question) => `${question}\n${answerLine(Buffer.from(question))}\n`)
    .join(''),
);
writeFileSync(file, answered);
