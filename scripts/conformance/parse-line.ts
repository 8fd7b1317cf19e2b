import { Fields } from './input/fields.ts';
import { Refusal } from './refusal.ts';

/** More brackets and commas than any input needs: JSON that is nothing else takes twenty times its length in memory. */
const MOST_VALUES = 8_000_000;
const COMMA = 0x2c;
const BRACKET = 0x5b;
const BRACE = 0x7b;
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The fields of a line; malformed_line unless it is one JSON object in UTF-8. `null` stands for a line too long to keep. */
export function parseLine(line: Uint8Array | null): Fields {
  if (line === null || isDense(line)) throw new Refusal('malformed_line', 'It is too long.');
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(line));
  } catch (error) {
    throw new Refusal('malformed_line', error instanceof Error ? error.message : '');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Refusal('malformed_line');
  return new Fields(value, 'line');
}

function isDense(line: Uint8Array): boolean {
  if (line.length <= MOST_VALUES) return false;
  let values = 0;
  for (const byte of line) if (byte === COMMA || byte === BRACKET || byte === BRACE) values += 1;
  return values > MOST_VALUES;
}
