import { DEFAULT_POLICY } from '#protocol/policy';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { millis } from '#protocol/units';
import { Grouper, judgedAt, UNCHECKED_ORPHANS } from '#protocol/verify/grouper';
import type { LoggedReport, PocGroup } from '#protocol/verify/poc';
import { comparePositions } from '#protocol/verify/position';
import { hotspot, NOON, PocWorld, verifyMarked } from '../../support/poc-world.ts';

const [beaconer, witness, another] = [hotspot(1), hotspot(2, { metres: 600 }), hotspot(3, { metres: 700 })];
const world = new PocWorld([beaconer, witness, another]);
const beacon = world.beacon(beaconer, { at: NOON + 20_000, index: 1000 });
const BAD = Uint8Array.of(0);

const heard = (at: number, by = witness, of = beacon): LoggedReport =>
  world.witness(by, of, { at: NOON + at });
const open = (recent: ConstructorParameters<typeof Grouper>[0]['recent'] = []) =>
  new Grouper({ verify: verifyMarked, windows: DEFAULT_POLICY.windows, recent });
const pushed = (...reports: readonly LoggedReport[]): Grouper => {
  const grouper = open();
  for (const report of reports) grouper.push(report);
  return grouper;
};
const shape = (groups: readonly PocGroup[]) => groups.map(({ kind, reports }) => [kind, reports.length]);

describe('the grouper', () => {
  test('keeps a PoC for ten seconds after its beacon, to the millisecond', () => {
    const grouper = pushed(beacon, heard(22_000));
    expect(grouper.advanceTo(millis(NOON + 30_000))).toEqual([]);
    grouper.push(heard(30_000, another));
    const groups = grouper.advanceTo(millis(NOON + 30_001));
    expect(shape(groups)).toEqual([['poc', 3]]);
    expect(groups[0]?.reports[groups[0].beacon ?? -1]).toBe(beacon);
    expect(grouper.advanceTo(millis(NOON + 31_000))).toEqual([]);
  });

  test('puts out what comes later on its own, and forgets the payload after 181 s', () => {
    const grouper = pushed(beacon, heard(30_001), heard(201_000), heard(201_001));
    expect(shape(grouper.flush())).toEqual([
      ['poc', 1],
      ['loose', 1],
      ['loose', 1],
      ['stale', 1],
    ]);
  });

  test('takes witnesses that came up to 181 s before the beacon, older ones are stale', () => {
    const late = world.beacon(beaconer, { at: NOON + 281_000, remoteEntropy: new Uint8Array(32) });
    const grouper = pushed(heard(99_999, witness, late), heard(100_000, another, late));
    expect(grouper.advanceTo(millis(NOON + 280_999))).toEqual([]);
    grouper.push(late);
    expect(shape(grouper.advanceTo(millis(NOON + 291_001)))).toEqual([
      ['poc', 2],
      ['stale', 1],
    ]);
  });

  test('puts out witnesses that meet no beacon when their time is over, not before', () => {
    const grouper = pushed(heard(0));
    expect(grouper.advanceTo(millis(NOON + 181_000))).toEqual([]);
    expect(shape(grouper.advanceTo(millis(NOON + 181_001)))).toEqual([['stale', 1]]);
    expect(grouper.lowestOpen().size).toBe(0);
  });

  test('does not let a badly signed beacon open, hold or take a PoC', () => {
    const forged = world.beacon(beaconer, { at: NOON + 19_000, signature: BAD });
    const unsigned = world.beacon(beaconer, { at: NOON + 19_500, signer: null });
    const groups = pushed(heard(18_000), forged, unsigned, beacon, heard(22_000)).flush();
    expect(shape(groups)).toEqual([
      ['loose', 1],
      ['loose', 1],
      ['poc', 3],
    ]);
    expect(groups.map((group) => judgedAt(group).receivedAt - NOON)).toEqual([19_000, 19_500, 20_000]);
  });

  test("leaves a second well-signed beacon in the first one's PoC", () => {
    const copy = world.beacon(another, { at: NOON + 21_000, data: beacon.report.data });
    const [group, ...rest] = pushed(beacon, copy).flush();
    expect([group?.reports.length, group?.beacon, rest.length]).toEqual([2, 0, 0]);
  });

  test('refuses records that are out of order', () => {
    const grouper = pushed(beacon);
    expect(() => {
      grouper.push(heard(19_999));
    }).toThrow(RangeError);
    expect(() => {
      grouper.push(beacon);
    }).toThrow(RangeError);
  });

  test('knows the beacons that were judged before it began', () => {
    const recent = {
      payload: Buffer.from(beacon.report.data).toString('hex'),
      reportId: '00'.repeat(32) as never,
      receivedAt: beacon.position.receivedAt,
      seen: new Set<never>(),
    };
    const grouper = open([recent]);
    for (const report of [beacon, heard(22_000), heard(31_000)]) grouper.push(report);
    // The first two were part of it.
    expect(shape(grouper.flush())).toEqual([['loose', 1]]);
  });

  test('names the first place that is still needed, in each log', () => {
    const reports = [
      world.witness(witness, beacon, { at: NOON + 19_000, index: 40 }),
      world.witness(another, beacon, { at: NOON + 19_500, index: 7, origin: 'log/b/1' }),
      beacon,
    ];
    const grouper = pushed(...reports);
    const expected = new Map([
      ['log/a/1', 40],
      ['log/b/1', 7],
    ]);
    expect(grouper.lowestOpen()).toEqual(expected);
    grouper.advanceTo(millis(NOON + 100_000));
    expect(grouper.lowestOpen()).toEqual(expected);
    grouper.advanceTo(millis(NOON + 201_001));
    expect(grouper.lowestOpen().size).toBe(0);
  });
});

describe('whoever cannot sign for a key', () => {
  const payload = (number: number) => ({ data: Uint8Array.from({ length: 51 }, () => number) });

  test('holds 32 reports of it at most, and cannot push an honest one out', () => {
    const forged = Array.from({ length: 50 }, (_, at) =>
      world.witness(witness, beacon, { at: NOON + at, signature: BAD, ...payload(at) }),
    );
    const grouper = pushed(...forged);
    const out = grouper.advanceTo(millis(NOON + 100));
    expect(shape(out)).toEqual(Array(50 - UNCHECKED_ORPHANS).fill(['loose', 1]));
    grouper.push(heard(19_000));
    grouper.push(beacon);
    expect(shape(grouper.flush())).toContainEqual(['poc', 2]);
  });

  test('holds 256 reports of a payload at most, and cannot push an honest one out', () => {
    const forged = Array.from({ length: 300 }, (_, at) =>
      world.witness(witness, beacon, { at: NOON + 20_001 + at, signature: BAD, snr: at }),
    );
    const groups = pushed(beacon, ...forged, heard(22_000)).flush();
    expect(groups.filter(({ kind }) => kind === 'loose')).toHaveLength(300 - 255);
    expect(groups.find(({ kind }) => kind === 'poc')?.reports).toHaveLength(1 + 255 + 1);
  });
});

describe('any log', () => {
  const payloads = Array.from({ length: 4 }, (_, seed) => world.beacon(beaconer, { at: NOON, seed }));
  const report = fc.record({
    after: fc.integer({ min: 0, max: 30_000 }),
    of: fc.nat(3),
    kind: fc.constantFrom('beacon' as const, 'witness' as const),
    good: fc.boolean(),
    origin: fc.constantFrom('log/a/1', 'log/b/1'),
  });
  const logs = fc.array(report, { maxLength: 60, size: 'max' }).map((items) => {
    let at = NOON;
    return items
      .map(({ after, of, kind, good, origin }, index): LoggedReport => {
        at += after;
        const first = payloads[of] ?? beacon;
        const how = { at, index, origin, ...(good ? {} : { signature: BAD }) };
        return kind === 'beacon'
          ? world.beacon(beaconer, { ...how, seed: of })
          : world.witness(witness, first, how);
      })
      .sort((a, b) => comparePositions(a.position, b.position));
  });

  test('gives the same groups in the same order, however often it is asked', () => {
    fc.assert(
      fc.property(logs, fc.array(fc.boolean(), { minLength: 60, maxLength: 60 }), (reports, ask) => {
        const often = open();
        const groups: PocGroup[] = [];
        reports.forEach((item, at) => {
          if (ask[at] === true) groups.push(...often.advanceTo(item.position.receivedAt));
          often.push(item);
        });
        groups.push(...often.flush());
        const judged = (of: readonly PocGroup[]) => of.filter(({ kind }) => kind !== 'stale');
        const stale = (of: readonly PocGroup[]) =>
          of.flatMap((each) => (each.kind === 'stale' ? each.reports : []));
        const once = pushed(...reports).flush();
        expect(judged(groups)).toEqual(judged(once));
        expect(stale(groups).sort((a, b) => comparePositions(a.position, b.position))).toEqual(
          stale(once).sort((a, b) => comparePositions(a.position, b.position)),
        );
      }),
      { seed: 14, numRuns: 300 },
    );
  });

  test('loses no report and gives none twice, with the beacons in order', () => {
    fc.assert(
      fc.property(logs, (reports) => {
        const groups = pushed(...reports).flush();
        const out = groups.flatMap((group) => group.reports);
        expect(out.sort((a, b) => comparePositions(a.position, b.position))).toEqual(reports);
        const beacons = groups.filter(({ kind }) => kind === 'poc').map(judgedAt);
        expect([...beacons].sort(comparePositions)).toEqual(beacons);
      }),
      { seed: 15, numRuns: 300 },
    );
  });
});
