import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const ROOT = new URL('../../protocol/', import.meta.url);

test('the README of protocol names every room and file of it, and no other', () => {
  const readme = readFileSync(new URL('README.md', ROOT), 'utf8');
  const named = [...readme.matchAll(/^\| `([\w.-]+\/?)`/gm)].map(([, name = '']) => name);
  const there = readdirSync(ROOT, { withFileTypes: true })
    .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
    .filter((name) => name.endsWith('/') || name.endsWith('.ts'));
  expect(named.sort()).toEqual(there.sort());
});
