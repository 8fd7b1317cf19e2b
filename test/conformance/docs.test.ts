import { describe, expect, it } from 'vitest';
import { answerLine } from '../../scripts/conformance/answer.ts';
import { OPS } from '../../scripts/conformance/ops.ts';
import { REFUSALS } from '../../scripts/conformance/refusal.ts';
import { askText } from './support/ask.ts';
import { examples, text } from './support/examples.ts';

describe('docs/conformance.md', () => {
  it.each(examples)('gives the answer to $question', ({ question, answer }) => {
    // `tsx scripts/make-conformance-examples.ts` answers them again.
    expect(answerLine(Buffer.from(question))).toBe(answer);
  });

  it('has an example of every op, and lists them', () => {
    const shown = examples.map(({ question }) => (JSON.parse(question) as { readonly op: string }).op);
    expect(new Set(shown)).toEqual(new Set(['ops', ...OPS.keys()]));
    expect(askText('{"op":"ops"}').out).toEqual({ ops: [...OPS.keys()] });
  });

  it('has a heading with every op', () => {
    const headings = [...text.matchAll(/^### (.+)$/gm)].flatMap(([, names = '']) => names.split(', '));
    expect(headings.toSorted()).toEqual([...OPS.keys()].toSorted());
  });

  it('names every error code of the command, and no other', () => {
    const named = [...text.matchAll(/^\| `(\w+)` +\|/gm)].map(([, code]) => code);
    expect(named).toEqual(Object.keys(REFUSALS));
  });
});
