import { readFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { hotspotEpoch, type HotspotEpoch } from '#protocol/hotspot/hotspot-epoch';
import { openHotspotSources } from '#protocol/hotspot/sources';
import { amount, epochNumber, type HotspotKey } from '#protocol/units';
import { verifySignature } from '#services/runtime/signature';
import { whyJson } from '../../cli/hotspot/why-json.ts';
import { whyLines } from '../../cli/hotspot/why-lines.ts';
import { ACTORS, EPOCH, hotspotFolders } from '../support/hotspot-folders.ts';

const text = readFileSync('docs/hotspot-why.md', 'utf8');
let tell: (key: HotspotKey) => HotspotEpoch;
beforeAll(() => {
  const files = hotspotFolders().folders[EPOCH] ?? new Map<string, Uint8Array>();
  tell = (key) => hotspotEpoch(openHotspotSources({ files, key, verify: verifySignature }), key);
});

/** Every path of a value; an object that is null somewhere is told by its fields, and `numbers` stay whole. */
function pathsOf(value: unknown, path = ''): readonly string[] {
  if (typeof value !== 'object' || value === null || path.endsWith('.numbers')) return [path];
  if (Array.isArray(value)) return value.flatMap((entry) => pathsOf(entry, `${path}[]`));
  return Object.entries(value).flatMap(([name, entry]) =>
    pathsOf(entry, path === '' ? name : `${path}.${name}`),
  );
}
function codes(cell: string): readonly string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
}

describe('docs/hotspot-why.md', () => {
  it('shows a true screen', () => {
    const lines = whyLines(tell(ACTORS.crowded.key), {
      location: 'https://oracle.example',
      recomputed: false,
      chain: null,
    });
    const shown = /```text why\n([\s\S]*?)```/.exec(text)?.[1];
    expect(shown).toBe(`${stripVTControlCharacters(lines.join('\n'))}\n`);
  });

  it('describes exactly the fields of the JSON', () => {
    const chain = { latest: epochNumber(2n), tuple: 'final', claimed: amount(1n) } as const;
    const all = Object.values(ACTORS).flatMap(({ key }) =>
      pathsOf(whyJson(tell(key), { location: 'here', recomputed: true, chain })),
    );
    const paths = [...new Set(all)].filter((path) => !all.some((other) => other.startsWith(`${path}.`)));
    const described = [...text.matchAll(/^\|([^|]*)\|([^|]*)\|[^|]*\|$/gm)].flatMap(
      ([, objects = '', fields = '']) => {
        const parents = codes(objects);
        const names = codes(fields);
        return parents.length === 0
          ? names
          : parents.flatMap((parent) => names.map((name) => `${parent}.${name}`));
      },
    );
    expect(described.toSorted()).toEqual(paths.toSorted());
  });
});
