import { malformed } from '../refusal.ts';

/** Checks a JSON value and gives what it stands for; `path` names the field in refusals. */
export type Read<Value> = (value: unknown, path: string) => Value;

/** The fields of a JSON object, read by name; those that nobody asks for are ignored. */
export class Fields {
  readonly #values: object;
  readonly #path: string;

  constructor(value: unknown, path: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw malformed(path, 'an object', value);
    this.#values = value;
    this.#path = path;
  }

  get path(): string {
    return this.#path;
  }

  /** Whether the field is there at all, null included. */
  has(name: string): boolean {
    return Object.hasOwn(this.#values, name);
  }

  get<Value>(name: string, read: Read<Value>): Value {
    return read(this.#value(name), this.#nameOf(name));
  }

  /** A field that may be absent or null. */
  optional<Value, Absent>(name: string, read: Read<Value>, absent: Absent): Value | Absent {
    const value = this.#value(name);
    return value === undefined || value === null ? absent : read(value, this.#nameOf(name));
  }

  /** The one field of several names that is there. */
  either<Value>(names: readonly string[], read: Read<Value>): Value {
    const [name, second] = names.filter((candidate) => this.has(candidate));
    if (name === undefined) throw malformed(this.#nameOf(names.join(' or ')), 'a value', undefined);
    if (second !== undefined)
      throw malformed(this.#nameOf(second), `nothing beside ${name}`, this.#value(second));
    return this.get(name, read);
  }

  /** Every field, each read with its name. */
  entries<Value>(read: (name: string, value: unknown, path: string) => Value): Value[] {
    return Object.entries(this.#values).map(([name, value]: [string, unknown]) =>
      read(name, value, this.#nameOf(name)),
    );
  }

  #value(name: string): unknown {
    return Object.hasOwn(this.#values, name) ? Reflect.get(this.#values, name) : undefined;
  }

  #nameOf(name: string): string {
    return `${this.#path}.${name.slice(0, 80)}`;
  }
}

/** Stands for an object that is not there. */
export const NO_FIELDS: Fields = new Fields({}, 'nothing');

export const object: Read<Fields> = (value, path) => new Fields(value, path);

/** A list whose items are all read alike. */
export function listOf<Value>(read: Read<Value>): Read<readonly Value[]> {
  return (value, path) => {
    if (!Array.isArray(value)) throw malformed(path, 'a list', value);
    return value.map((item: unknown, at) => read(item, `${path}.${at}`));
  };
}
