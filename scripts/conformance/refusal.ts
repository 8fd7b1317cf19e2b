/** The command's own error codes, append-only; refusals of the protocol keep theirs (protocol/errors.ts). */
export const REFUSALS = {
  malformed_line: 'The line is not one JSON object in UTF-8.',
  unknown_op: 'No op has this name; {"op": "ops"} lists them.',
  malformed_input: 'A field is missing or has another type or range than the op takes; the path names it.',
  unreadable_folder: 'A file of the epoch folder cannot be read.',
  internal: 'The op failed in a way that it should not; this is a bug.',
} as const;

export type RefusalCode = keyof typeof REFUSALS;

/** Why a line is answered by an error. */
export class Refusal extends Error {
  readonly code: RefusalCode;

  constructor(code: RefusalCode, detail = '') {
    super(detail === '' ? REFUSALS[code] : `${REFUSALS[code]} ${detail}`);
    this.name = 'Refusal';
    this.code = code;
  }
}

/** A field that is not what the op takes. */
export function malformed(path: string, expected: string, found: unknown): Refusal {
  return new Refusal('malformed_input', `${path}: expected ${expected}, found ${brief(found)}`);
}

function brief(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string')
    return value.length > 40 ? `text of ${value.length} characters` : `"${value}"`;
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'number' || typeof value === 'boolean' || value === null
    ? String(value)
    : 'an object';
}
