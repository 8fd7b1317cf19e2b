import { ProtocolError } from '#protocol/errors';
import { object, type Fields } from './input/fields.ts';
import type { Json } from './op.ts';
import { OPS } from './ops.ts';
import { parseLine } from './parse-line.ts';
import { Refusal } from './refusal.ts';
import { text } from './input/values.ts';

/** Texts in messages may quote the line. */
const LONGEST_MESSAGE = 500;

/** The answer to one line, without its end; `null` stands for a line longer than is kept. */
export function answerLine(line: Uint8Array | null): string {
  let id = 'null';
  try {
    const request = parseLine(line);
    id = idOf(request);
    return `{"id":${id},"ok":true,"out":${JSON.stringify(outputOf(request))}}`;
  } catch (error) {
    return `{"id":${id},"ok":false,"error":${JSON.stringify(describe(error))}}`;
  }
}

/** The id as JSON; one that cannot be written again (nested too deeply) is refused. */
function idOf(request: Fields): string {
  try {
    return request.optional('id', (value) => JSON.stringify(value), 'null');
  } catch {
    throw new Refusal('malformed_line', 'Its id cannot be repeated.');
  }
}

function outputOf(request: Fields): Json {
  const name = request.get('op', text);
  if (name === 'ops') return { ops: [...OPS.keys()] };
  const op = OPS.get(name);
  if (op === undefined) throw new Refusal('unknown_op');
  return op(request.get('in', (value) => object(value, 'in')));
}

function describe(error: unknown): { readonly code: string; readonly message: string } {
  if (error instanceof ProtocolError || error instanceof Refusal)
    return { code: error.code, message: error.message.slice(0, LONGEST_MESSAGE) };
  const { code, message } = new Refusal('internal', error instanceof Error ? error.message : String(error));
  return { code, message: message.slice(0, LONGEST_MESSAGE) };
}
