import { ProtocolError, type ProtocolErrorCode } from '../errors.ts';
import { keyFromText, keyText } from '../wire/key.ts';

/** Reads parsed JSON of one format strictly; every refusal has the format's code and names the field. */
export class JsonFields {
  readonly #code: ProtocolErrorCode;

  constructor(code: ProtocolErrorCode) {
    this.#code = code;
  }

  /** Exactly the named fields, read by name. */
  object<Name extends string>(value: unknown, path: string, names: readonly Name[]): (name: Name) => unknown {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw this.refusal(path, 'an object', value);
    const found = new Map<string, unknown>(Object.entries(value));
    const unknownName = [...found.keys()].find((name) => !names.some((known) => known === name));
    if (unknownName !== undefined) throw this.refusal(`${path}.${unknownName}`, 'no such field', unknownName);
    const missing = names.find((name) => !found.has(name));
    if (missing !== undefined) throw this.refusal(`${path}.${missing}`, 'a value', undefined);
    return (name) => found.get(name);
  }

  list(value: unknown, path: string): readonly unknown[] {
    if (!Array.isArray(value)) throw this.refusal(path, 'a list', value);
    return value;
  }

  integer(value: unknown, path: string, range: { readonly least: number; readonly most: number }): number {
    if (typeof value !== 'number' || !Number.isInteger(value) || value < range.least || value > range.most)
      throw this.refusal(path, `an integer from ${range.least} to ${range.most}`, value);
    return value;
  }

  text(value: unknown, path: string, expected: RegExp): string {
    if (typeof value !== 'string' || !expected.test(value))
      throw this.refusal(path, `text like ${expected.source}`, value);
    return value;
  }

  /** A hotspot key in its base58check text form, and in no other. */
  keyText(value: unknown, path: string): string {
    if (typeof value !== 'string') throw this.refusal(path, "a key's text", value);
    try {
      if (keyText(keyFromText(value)) === value) return value;
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
    }
    throw this.refusal(path, "a key's base58check text", value);
  }

  ascending(values: readonly string[], path: string): void {
    const wrong = values.findIndex((value, at) => at > 0 && value <= (values[at - 1] ?? ''));
    if (wrong >= 0)
      throw this.refusal(`${path}.${wrong}`, 'ascending order without repetition', values[wrong]);
  }

  refusal(field: string, expected: string, value: unknown): ProtocolError {
    return new ProtocolError(this.#code, { field: shown(field), expected, found: kindOrValue(value) });
  }
}

const LONGEST_SHOWN = 80;

/** Texts as JSON writes them and in part: they go to terminals. */
function kindOrValue(value: unknown): string | number {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return shown(value);
  return typeof value === 'number' ? value : typeof value;
}

function shown(text: string): string {
  const escaped = JSON.stringify(text.slice(0, LONGEST_SHOWN)).slice(1, -1);
  return text.length > LONGEST_SHOWN ? `${escaped}...` : escaped;
}
