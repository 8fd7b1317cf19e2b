import { describe, expect, test } from 'vitest';
import { NOBODY_DENIED } from '#protocol/deny/deny-list';
import { DEFAULT_POLICY } from '#protocol/policy';
import { millis } from '#protocol/units';
import type { HotspotFacts } from '#protocol/verify/poc';
import { BEACON_CONTENT_RULES, derivedFor } from '#protocol/verify/rules/beacon';
import {
  asserted,
  assertedRegion,
  capable,
  isRegistered,
  known,
  notQuarantined,
  withinEntropy,
  type Participant,
} from '#protocol/verify/rules/participant';
import { bucketOf } from '#protocol/verify/rules/state';
import { Path, PathEnd } from '#protocol/verify/rules/witness';
import { EPOCH, hotspot, NOON, PocWorld } from '../../support/poc-world.ts';

const FULL = hotspot(1);
const world = new PocWorld([FULL]);
const [ENTROPY] = world.entropies.values();
const { report } = world.beacon(FULL, { at: NOON + 10_000 });
if (report.kind !== 'beacon') throw new Error('no beacon');

const participant = (of: Partial<Participant> = {}): Participant => ({
  policy: DEFAULT_POLICY,
  deny: NOBODY_DENIED,
  epoch: EPOCH,
  side: 'witness',
  key: FULL.key,
  receivedAt: millis(NOON + 10_000),
  facts: FULL,
  region: 'EU868',
  entropy: ENTROPY,
  ...of,
});
const nobody = participant({ facts: undefined, region: null, entropy: undefined });

describe('whoever is not registered', () => {
  test('fails each rule that asks for facts, and the verdict says that there are none', () => {
    expect([known, asserted, notQuarantined, withinEntropy, capable].map((rule) => rule(nobody))).toEqual([
      {
        reason: 'gateway_not_found',
        side: 'witness',
        numbers: { received_ms: NOON + 10_000, registered_s: null },
      },
      { reason: 'not_asserted', side: 'witness', numbers: { cell: null } },
      { reason: 'quarantined', side: 'witness', numbers: { epoch: String(EPOCH) } },
      { reason: 'stale', side: 'witness', numbers: { entropy_s: null } },
      { reason: 'invalid_capability', side: 'witness', numbers: { mode: null } },
    ]);
  });

  test('has nothing to send, and a beacon without anything to compare with is an invalid packet', () => {
    expect(derivedFor(report, nobody)).toBeUndefined();
    expect(derivedFor(report, participant({ facts: undefined }))).toBeUndefined();
    expect(derivedFor(report, participant({ region: null }))).toBeUndefined();
    expect(derivedFor(report, participant({ entropy: undefined }))).toBeUndefined();
    const of = { ...participant({ side: 'beaconer' }), report, derived: undefined };
    expect(BEACON_CONTENT_RULES.map((rule) => rule(of))).toEqual([
      { reason: 'invalid_packet', side: 'beaconer', numbers: { error: null } },
    ]);
  });
});

describe('whoever meets a rule', () => {
  test('hears no objection from it', () => {
    const rules = [known, asserted, notQuarantined, withinEntropy, capable];
    expect(rules.map((rule) => rule(participant()))).toEqual(rules.map(() => undefined));
  });

  test.each([
    ['in the millisecond of its reception', 10_000, true],
    ['a second later', 9999, false],
  ])('is registered %s', (_, offset, registered) => {
    const facts = { ...FULL, registeredAt: NOON / 1000 + 10 };
    expect(isRegistered(facts, millis(NOON + offset))).toBe(registered);
  });

  test('is asserted only with both a cell and a region', () => {
    expect(asserted(participant({ region: null }))).toMatchObject({ numbers: { cell: String(FULL.cell) } });
    const facts: HotspotFacts = { ...FULL, cell: null };
    expect(asserted(participant({ facts }))).toMatchObject({ numbers: { cell: null } });
    expect([assertedRegion(FULL), assertedRegion(facts)]).toEqual(['EU868', null]);
  });

  test('in the entropy: its age is in whole seconds of the reception', () => {
    const at = (offset: number) => withinEntropy(participant({ receivedAt: millis(NOON + offset) }));
    expect([at(0), at(180_999)]).toEqual([undefined, undefined]);
    const numbers = (age: number) => ({ entropy_s: NOON / 1000, age_s: age, limit_s: 180 });
    expect([at(-1), at(181_000)]).toEqual([
      { reason: 'entropy_expired', side: 'witness', numbers: numbers(-1) },
      { reason: 'entropy_expired', side: 'witness', numbers: numbers(181) },
    ]);
  });
});

describe('a fault that is no error of the protocol', () => {
  test('is thrown, not made a verdict', () => {
    const facts = {
      ...FULL,
      get gain(): number {
        throw new RangeError('the registry is broken');
      },
    };
    expect(() => derivedFor(report, participant({ facts }))).toThrow('the registry is broken');
  });
});

test('the interval of a time begins with its first millisecond', () => {
  const day = { ...DEFAULT_POLICY, beacon_interval_s: 60 };
  expect([59_999, 60_000, 119_999, 120_000].map((time) => bucketOf(millis(time), day))).toEqual([0, 1, 1, 2]);
});

describe('the geometry of a pair', () => {
  const pathOf = (from: HotspotFacts | undefined, to: HotspotFacts | undefined): Path =>
    new Path(new PathEnd(from), new PathEnd(to));
  const east = hotspot(2, { metres: 600 });

  test('is measured once and stays, in metres and in cells', () => {
    const path = pathOf(FULL, east);
    const [metres, cells] = [path.metres, path.cells];
    expect(metres).toBeGreaterThan(580);
    expect(cells).toBeGreaterThan(8);
    expect([path.metres, path.cells]).toEqual([metres, cells]);
    expect(Number.isInteger(metres)).toBe(true);
  });

  test('is nothing where one of the two is unknown or has no cell', () => {
    const nowhere = { ...east, cell: null };
    for (const path of [pathOf(undefined, east), pathOf(FULL, undefined)])
      expect([path.metres, path.cells]).toEqual([0, null]);
    for (const path of [pathOf(nowhere, FULL), pathOf(FULL, nowhere)]) expect(path.cells).toBeNull();
  });
});
