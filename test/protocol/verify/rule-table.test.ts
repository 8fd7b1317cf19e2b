import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DEFAULT_POLICY } from '#protocol/policy';
import { explain, checkOf } from '#protocol/verify/explain/explain';
import type { CheckEntry } from '#protocol/verify/explain/check-entry';
import { namesIn, policyFigure } from '#protocol/verify/explain/figures';
import { RULE_TABLE } from '#protocol/verify/explain/rule-table';
import { VALID_BEACON, VALID_WITNESS } from '#protocol/verify/explain/valid-entries';
import type { PocVerdict, ReportVerdict } from '#protocol/verify/poc';
import { comparePositions } from '#protocol/verify/position';
import { REASONS } from '#protocol/verify/reasons';
import { BEACON_CONTENT_RULES, BEACON_STANDING_RULES } from '#protocol/verify/rules/beacon';
import { regularInterval, wasBeaconer, wasWitness } from '#protocol/verify/rules/state';
import { WITNESS_RULES } from '#protocol/verify/rules/witness';
import { hotspot, NOON, PocWorld } from '../../support/poc-world.ts';
import { PROVOKED } from '../../support/provoked-verdicts.ts';

const rulesOf = (stage: CheckEntry['stage']): readonly string[] => [
  ...new Set(RULE_TABLE.flatMap((entry) => (entry.stage === stage ? [entry.rule ?? []].flat() : []))),
];
const nameOf = ({ stage, number, check }: CheckEntry): string => `${stage} ${number ?? '-'} ${check}`;
const nullable = (entry: CheckEntry): readonly string[] => Object.keys(entry.whenNull ?? {});

describe('the rule table', () => {
  test('has the rules that judge, in the order in which they do', () => {
    expect(rulesOf('beacon')).toEqual(
      [...BEACON_STANDING_RULES, regularInterval, ...BEACON_CONTENT_RULES, wasWitness].map(
        ({ name }) => name,
      ),
    );
    expect(rulesOf('witness')).toEqual([...WITNESS_RULES, wasBeaconer].map(({ name }) => name));
  });

  test('numbers its checks as the specification does, in its order of judgement', () => {
    const numbers = (stage: CheckEntry['stage']) => [
      ...new Set(RULE_TABLE.filter((entry) => entry.stage === stage).map(({ number }) => number)),
    ];
    expect(numbers('beacon')).toEqual(['1', '2', '3', '3b', '4', '5', '6', '7', '8']);
    // 8 asks what being attached means already.
    const witness = [null, '0', '1', '2', '3', '4', '5', '6', '7', '9', '10', '11', '12', '13', '14', '15'];
    expect(numbers('witness')).toEqual(witness);
    expect(RULE_TABLE.at(-1)?.rule).toBe('wasWitness');
  });

  test('has every reason', () => {
    expect(new Set(RULE_TABLE.map(({ reason }) => reason))).toEqual(new Set(Object.keys(REASONS)));
  });

  test('speaks of numbers and parameters that there are, and of each number whose absence changes the sentence', () => {
    const entries = [...RULE_TABLE, ...Object.values(VALID_BEACON), ...Object.values(VALID_WITNESS)];
    for (const { says, whenNull = {}, numbers } of entries) {
      for (const name of Object.keys(whenNull)) expect(Object.keys(numbers), says).toContain(name);
      for (const name of [says, ...Object.values(whenNull)].flatMap(namesIn))
        if (name.startsWith('policy.')) policyFigure(DEFAULT_POLICY, name.slice('policy.'.length));
        else expect(Object.keys(numbers), says).toContain(name);
    }
  });

  test('is met entry by entry: every objection that can be provoked has the numbers and the side of its entry', () => {
    const met = new Map<string, Set<string>>();
    for (const [sentence, provoke] of PROVOKED) {
      const { verdict } = provoke();
      if (verdict.reason === null) continue;
      const entry = checkOf(verdict);
      if (entry === undefined) throw new Error(`no entry for: ${sentence}`);
      const absent = nullable(entry).filter((name) => verdict.numbers[name] === null);
      const forms = met.get(nameOf(entry)) ?? new Set();
      met.set(nameOf(entry), forms.add(absent[0] ?? 'all'));
    }
    const expected = RULE_TABLE.map((entry): [string, Set<string>] => [
      nameOf(entry),
      new Set(['all', ...nullable(entry)]),
    ]);
    // What no report can meet: only registered keys are attached, a beacon that stands has a region and an entropy, and
    // the table of free space ends far beyond the default distance.
    const unreachable: Readonly<Record<string, string>> = {
      'witness 1 known': 'all registered_s',
      'beacon 7 payload can be rebuilt': 'error',
      'witness 14 signal': 'bound_ddbm',
    };
    const missing = expected.flatMap(([name, forms]) => {
      const left = [...forms].filter((form) => met.get(name)?.has(form) !== true);
      return left.length === 0 ? [] : [[name, left.join(' ')]];
    });
    expect(Object.fromEntries(missing)).toEqual(unreachable);
  });

  test('explains whatever random histories bring', () => {
    const hotspots = [
      hotspot(1),
      hotspot(2, { metres: 600, tier: 'open' }),
      hotspot(3, { metres: 1200, mode: 'data_only' }),
      hotspot(4, { metres: 150, tier: 'open' }),
    ];
    const unregistered = hotspot(9, { metres: 2000 });
    const step = fc.record({
      after: fc.oneof(fc.integer({ min: 0, max: 3000 }), fc.integer({ min: 0, max: 100_000 })),
      beacon: fc.boolean(),
      by: fc.nat(hotspots.length),
      from: fc.nat(hotspots.length - 1),
      seed: fc.nat(3),
      signal: fc.constantFrom(-1300, -700, -300),
      signed: fc.nat(7),
    });
    const all = ({ beacon, witnesses, others }: PocVerdict): readonly ReportVerdict[] => [
      ...(beacon === null ? [] : [beacon]),
      ...witnesses,
      ...others,
    ];
    const reasons = new Set<string>();
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => {
        const world = new PocWorld(hotspots, { beacon_interval_s: 60, max_witnesses: 4 });
        let at = NOON;
        const reports = steps.map(({ after, beacon, by, from, seed, signal, signed }, index) => {
          at += after;
          const author = hotspots[by] ?? unregistered;
          const sent = world.beacon(hotspots[from] ?? author, { at, index, seed });
          const signature = signed === 0 ? { signature: Uint8Array.of(0) } : {};
          return beacon
            ? world.beacon(author, { at, index, seed, data: sent.report.data, ...signature })
            : world.witness(author, sent, { at, index, signal, ...signature });
        });
        const verdicts = world.judge(...reports.sort((a, b) => comparePositions(a.position, b.position)));
        for (const verdict of verdicts.flatMap(all)) {
          reasons.add(verdict.reason ?? 'valid');
          if (verdict.reason !== null) expect(checkOf(verdict), JSON.stringify(verdict)).toBeDefined();
          expect(explain(verdict, world.policy)).not.toMatch(/undefined|NaN|\{|none/);
        }
      }),
      { seed: 7, numRuns: 100 },
    );
    expect(reasons.size, [...reasons].join(' ')).toBeGreaterThan(10);
  });
});
