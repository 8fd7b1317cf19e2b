import { readFileSync } from 'node:fs';

/** docs/conformance.md. */
export const text: string = readFileSync(new URL('../../../docs/conformance.md', import.meta.url), 'utf8');

/** Questions of the document with the answers that it gives. */
export const examples: readonly { readonly question: string; readonly answer: string }[] = [
  ...text.matchAll(/```ndjson\n([^`]*)```/g),
].flatMap(([, block = '']) => {
  const lines = block.trimEnd().split('\n');
  return lines.flatMap((question, at) => (at % 2 === 0 ? [{ question, answer: lines[at + 1] ?? '' }] : []));
});
