import { base58, hex } from '@scure/base';
import { keyText } from '../../wire/key.ts';
import type { HotspotKey } from '../../units.ts';

/** Every scalar of a decoded value with its path, in order; hotspots and payees are named as people know them. */
export function flatten(value: unknown, path = ''): [path: string, text: string][] {
  if (value instanceof Uint8Array) return [[path, hex.encode(value)]];
  if (value instanceof Map) return children([...value.entries()], path);
  if (Array.isArray(value) || value instanceof Set) return children([...[...value].entries()], path);
  if (typeof value === 'object' && value !== null) return children(Object.entries(value), path);
  return [[path, typeof value === 'string' ? value : String(value)]];
}

/** The first path on which two lists differ; undefined where they are equal. */
export function firstDifferentPath(
  theirs: readonly [string, string][],
  ours: readonly [string, string][],
): { readonly path: string; readonly theirs: string; readonly ours: string } | undefined {
  const [theirMap, ourMap] = [new Map(theirs), new Map(ours)];
  for (const [path, text] of ours) {
    const other = theirMap.get(path) ?? ABSENT;
    if (other !== text) return { path, theirs: other, ours: text };
  }
  const extra = theirs.find(([path]) => !ourMap.has(path));
  return extra && { path: extra[0], theirs: extra[1], ours: ABSENT };
}

/** What a difference shows for a value that one side does not have. */
export const ABSENT = 'absent';

function children(entries: readonly (readonly [unknown, unknown])[], path: string): [string, string][] {
  return entries.flatMap(([name, value]) =>
    flatten(value, path === '' ? named(name) : `${path} ${named(name)}`),
  );
}

function named(name: unknown): string {
  const text = String(name);
  if (/^20[0-9a-f]{64}$/.test(text)) return `payee ${base58.encode(hex.decode(text.slice(2)))}`;
  return /^[01][01][0-9a-f]{64}$/.test(text) ? keyText(text as HotspotKey) : text;
}
