import { readFileSync } from 'node:fs';
import * as ears from '#protocol/deny/classifiers/ears';
import * as farNotNear from '#protocol/deny/classifiers/far-not-near';
import * as heardAlike from '#protocol/deny/classifiers/heard-alike';
import * as impossibleLag from '#protocol/deny/classifiers/impossible-lag';
import * as neverReciprocates from '#protocol/deny/classifiers/never-reciprocates';
import * as payloadFarApart from '#protocol/deny/classifiers/payload-far-apart';
import * as rssiNotMutual from '#protocol/deny/classifiers/rssi-not-mutual';
import { DENY_REASONS } from '#protocol/deny/deny-reasons';
import { describe, expect, it } from 'vitest';

const text = readFileSync('docs/deny.md', 'utf8');
/** In the order of the document's tables. */
const CLASSIFIERS: readonly (readonly [string, object])[] = [
  ['payload_far_apart', payloadFarApart],
  ['impossible_lag', impossibleLag],
  ['rssi_without_distance', { ...ears, ...heardAlike }],
  ['rssi_without_distance', farNotNear],
  ['rssi_not_mutual', rssiNotMutual],
  ['never_reciprocates', neverReciprocates],
];

/** Numbers that a module exports, by name. */
function constantsOf(module: object): readonly (readonly [string, number])[] {
  return Object.entries(module).flatMap(([name, value]: [string, unknown]): [string, number][] => {
    if (typeof value === 'number') return [[name, value]];
    if (typeof value !== 'object' || value === null) return [];
    return Object.entries(value).map(([part, number]) => [`${name}.${part}`, Number(number)]);
  });
}

/** Rows `| constant | value | ... |` of each table. */
const tables = text
  .split(/^\| constant .*\n\| -.*\n/m)
  .map((part) =>
    [...part.matchAll(/^\| `([A-Z_.a-z]+)` *\| ([\d,]+) /gm)].map(
      ([, name, value = '']): [string, number] => [name ?? '', Number(value.replaceAll(',', ''))],
    ),
  );

describe('docs/deny.md', () => {
  it('has a heading for each reason that a classifier finds, and names every reason', () => {
    const headings = [...text.matchAll(/^## ([a-z_]+)$/gm)].map(([, name]) => name);
    expect(headings).toEqual([...new Set(CLASSIFIERS.map(([reason]) => reason))]);
    expect([...headings, 'keeper'].sort()).toEqual(Object.keys(DENY_REASONS).sort());
    expect(text).toContain('`keeper`');
  });

  it.each(CLASSIFIERS.map(([reason, module], at) => [at + 1, reason, module] as const))(
    'states every threshold of classifier %i, %s, as it is',
    (at, _, module) => {
      expect(tables[at]?.toSorted()).toEqual(constantsOf(module).toSorted());
    },
  );
});
