import { ProtocolError } from '../../errors.ts';
import { openCanonicalJson } from '../bytes/canonical-json.ts';

/** Reads the fields of one canonical JSON object of an epoch folder; malformed_folder names file and field. */
export class JsonFile {
  readonly #file: string;
  readonly #fields: ReadonlyMap<string, unknown>;

  constructor(file: string, bytes: Uint8Array) {
    const value = openCanonicalJson(bytes);
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new ProtocolError('malformed_folder', { file, expected: 'an object in canonical JSON' });
    this.#file = file;
    this.#fields = new Map(Object.entries(value));
  }

  /** Refuses other versions than the known one and fields that this version does not have. */
  requireShape(version: number, names: readonly string[]): void {
    const found = this.#fields.get('version');
    if (found !== version) throw this.refusal('version', `version ${version}`);
    const unknownName = [...this.#fields.keys()].find((name) => name !== 'version' && !names.includes(name));
    if (unknownName !== undefined) throw this.refusal(unknownName, 'no such field');
  }

  text(name: string, pattern: RegExp): string {
    const value = this.#fields.get(name);
    if (typeof value !== 'string' || !pattern.test(value))
      throw this.refusal(name, `text like ${pattern.source}`);
    return value;
  }

  u64(name: string): bigint {
    const value = BigInt(this.text(name, /^(0|[1-9][0-9]{0,19})$/));
    if (value > 0xffff_ffff_ffff_ffffn) throw this.refusal(name, 'a u64');
    return value;
  }

  integer(name: string): number {
    const value = this.#fields.get(name);
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
      throw this.refusal(name, 'a whole number');
    return value;
  }

  /** An object whose values are all text. */
  texts(name: string): ReadonlyMap<string, string> {
    const value = this.#fields.get(name);
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw this.refusal(name, 'an object');
    const texts = new Map<string, string>();
    for (const [key, entry] of Object.entries(value)) {
      if (typeof entry !== 'string') throw this.refusal(`${name}.${key}`, 'text');
      texts.set(key, entry);
    }
    return texts;
  }

  refusal(field: string, expected: string): ProtocolError {
    return new ProtocolError('malformed_folder', { file: this.#file, field, expected });
  }
}
