import { answerLine } from '../../../scripts/conformance/answer.ts';

/** What tests write on a line and read from one. */
export type Value = string | number | boolean | null | readonly Value[] | { readonly [name: string]: Value };
export type Input = Readonly<Record<string, Value>>;

export interface Answer {
  readonly id: Value;
  readonly ok: boolean;
  readonly out?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly code: string; readonly message: string };
}

/** The answer to one line, given as text. */
export function askText(line: string): Answer {
  return JSON.parse(answerLine(Buffer.from(line))) as Answer;
}

/** The answer to one line. */
export function ask(op: string, input: Input): Answer {
  return askText(JSON.stringify({ id: op, op, in: input }));
}

/** What a good line gives; an error line fails the test with its message. */
export function outOf(op: string, input: Input): Readonly<Record<string, unknown>> {
  const { out, error } = ask(op, input);
  if (out === undefined) throw new Error(`${op} answered ${error?.code ?? ''}: ${error?.message ?? ''}`);
  return out;
}

/** The code of an error line; `ok` for a good one. */
export function codeOf(op: string, input: Input): string {
  return ask(op, input).error?.code ?? 'ok';
}
