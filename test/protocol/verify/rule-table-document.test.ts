import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { DEFAULT_POLICY } from '#protocol/policy';
import { PARAMETERS } from '../../../scripts/rules/parameters.ts';
import { rulesText } from '../../../scripts/rules/rules-text.ts';

/** Paths of all values; of a list that has entries, those of its entries. */
function pathsOf(value: unknown, path = ''): readonly string[] {
  if (typeof value !== 'object' || value === null) return [path];
  if (Array.isArray(value))
    return value.length === 0 ? [path] : [...new Set(value.flatMap((entry) => pathsOf(entry, `${path}[]`)))];
  return Object.entries(value).flatMap(([name, entry]) =>
    pathsOf(entry, path === '' ? name : `${path}.${name}`),
  );
}

describe('docs/rules.md', () => {
  test('is what scripts/make-rules.ts makes of the code', async () => {
    expect(readFileSync('docs/rules.md', 'utf8')).toBe(await rulesText());
  });

  test('describes every parameter of the policy, in its order', () => {
    expect(PARAMETERS.map(({ path }) => path)).toEqual(pathsOf(DEFAULT_POLICY));
  });
});
