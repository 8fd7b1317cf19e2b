/** The environment as it came; every stage's parser reads from one of these, never from process.env. */
export type Env = Readonly<Record<string, string | undefined>>;

/** A variable of the environment that cannot be used; says which, what it holds and what it should hold. */
export class ConfigError extends Error {
  readonly code = 'invalid_config';

  constructor(field: {
    readonly name: string;
    readonly value: string | undefined;
    readonly expected: string;
  }) {
    super(`${field.name}=${field.value ?? '(unset)'} cannot be used: expected ${field.expected}`);
    this.name = 'ConfigError';
  }
}

export function textField(env: Env, name: string, fallback: string): string {
  const value = env[name];
  return value === undefined || value === '' ? fallback : value;
}

export function optionalField(env: Env, name: string): string | null {
  const value = env[name];
  return value === undefined || value === '' ? null : value;
}

/** A whole number within [min, max]; both ends included. */
export function integerField(
  env: Env,
  name: string,
  range: { readonly fallback: number; readonly min: number; readonly max: number },
): number {
  const value = optionalField(env, name);
  if (value === null) return range.fallback;
  const number = Number(value);
  if (!/^\d+$/.test(value) || number < range.min || number > range.max)
    throw new ConfigError({ name, value, expected: `a whole number from ${range.min} to ${range.max}` });
  return number;
}

export function portField(env: Env, name: string, fallback: number): number {
  return integerField(env, name, { fallback, min: 0, max: 65_535 });
}

/** An address with one of the given schemes, without a slash at its end. */
export function urlField(
  env: Env,
  name: string,
  options: { readonly fallback: string; readonly schemes: readonly string[] },
): string {
  const value = textField(env, name, options.fallback);
  const expected = `an address that begins with ${options.schemes.map((scheme) => `${scheme}//`).join(' or ')}`;
  if (!URL.canParse(value) || !options.schemes.includes(new URL(value).protocol))
    // Only its scheme: addresses hold passwords, and keys of providers.
    throw new ConfigError({ name, value: `${/^[a-z+]*:\/\//.exec(value)?.[0] ?? ''}...`, expected });
  return value.replace(/\/+$/, '');
}

/** Addresses of http or https, separated by commas. */
export function urlList(env: Env, name: string, fallback: string): readonly string[] {
  return textField(env, name, fallback)
    .split(',')
    .map((url) => urlField({ [name]: url.trim() }, name, { fallback: '', schemes: ['http:', 'https:'] }));
}

export function choiceField<Choice extends string>(
  env: Env,
  name: string,
  options: { readonly fallback: Choice; readonly choices: readonly Choice[] },
): Choice {
  const value = textField(env, name, options.fallback);
  const choice = options.choices.find((candidate) => candidate === value);
  if (choice === undefined) throw new ConfigError({ name, value, expected: options.choices.join(', ') });
  return choice;
}
