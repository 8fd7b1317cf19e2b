import { DEFAULT_POLICY } from '#protocol/policy';
import { describe, expect, test } from 'vitest';
import { millis } from '#protocol/units';
import { Grouper } from '#protocol/verify/grouper';
import type { LoggedReport } from '#protocol/verify/poc';
import { clocksOf, clonePocState, findEntropy, forgetBefore, rememberEntropy } from '#protocol/verify/state';
import { hotspot, NOON, PocWorld, verifyMarked } from '../../support/poc-world.ts';

const [beaconer, witness, thief, stranger] = [
  hotspot(1),
  hotspot(2, { metres: 600 }),
  hotspot(3, { metres: 900 }),
  hotspot(9, { metres: 1200 }),
];
const AT = NOON + 10_000;
const BAD = Uint8Array.of(0);

function open(): { readonly world: PocWorld; readonly beacon: LoggedReport; readonly heard: LoggedReport } {
  const world = new PocWorld([beaconer, witness, thief]);
  const beacon = world.beacon(beaconer, { at: AT });
  return { world, beacon, heard: world.witness(witness, beacon, { at: AT + 2000 }) };
}

/** The same bytes at another place of the log. */
function again(report: LoggedReport, at: number, index: number): LoggedReport {
  return { ...report, position: { ...report.position, receivedAt: millis(at), index } };
}

const { windows } = DEFAULT_POLICY;

describe('what is attached to nothing', () => {
  test('is a badly signed report: it is named, and shadows nothing', () => {
    const { world } = open();
    const forged = world.beacon(beaconer, { at: AT, signature: BAD });
    const good = world.beacon(beaconer, { at: AT, index: 50 });
    const forgedWitness = world.witness(witness, good, { at: AT + 1000, signature: BAD, index: 51 });
    const heard = world.witness(witness, good, { at: AT + 1000, index: 52 });
    const verdicts = world.judge(forged, good, forgedWitness, heard);
    expect(
      verdicts.map(({ beacon, others }) => [beacon?.reason, others.map(({ reason }) => reason)]),
    ).toEqual([
      [undefined, ['bad_signature']],
      [null, ['bad_signature']],
    ]);
    expect(verdicts[1]?.witnesses).toMatchObject([{ reason: null, selected: true }]);
  });

  test("is the payload in another's name: the first well-signed beacon keeps it", () => {
    const { world, beacon, heard } = open();
    const stolen = world.beacon(thief, { at: AT + 500, data: beacon.report.data });
    const [verdict] = world.judge(beacon, stolen, heard);
    expect(verdict?.others).toMatchObject([
      { kind: 'beacon', key: thief.key, reason: 'duplicate', side: 'beaconer' },
    ]);
    expect(verdict?.witnesses).toMatchObject([{ reason: null }]);
    expect(clocksOf(world.state, thief.key).lastBeacon).toBeNull();
  });

  test('is a report of a key that is not registered, wherever it stands', () => {
    const { world, beacon } = open();
    const place = (at: number): LoggedReport => world.witness(stranger, beacon, { at });
    const verdicts = world.judge(place(AT - 500), beacon, place(AT + 1), place(AT + 60_000));
    const others = verdicts.flatMap((verdict) => verdict.others);
    expect(others.map(({ reason, side }) => [reason, side])).toEqual(
      Array(3).fill(['gateway_not_found', 'witness']),
    );
    // Not attached: the beacon was heard by nobody.
    expect(clocksOf(world.state, beaconer.key).lastBeaconRecip).toBe(NOON - 3_600_000);
  });

  test.each([
    [-180_000, 'attached'],
    [-180_001, 'too_late'],
    [10_000, 'attached'],
    [10_001, 'too_late'],
  ])('is a report %i ms off its beacon: %s', (offset, outcome) => {
    const { world, beacon } = open();
    const late = again(beacon, NOON + 181_000, 99);
    const verdicts = world.judge(late, world.witness(witness, late, { at: NOON + 181_000 + offset }));
    const attached = verdicts.flatMap(({ witnesses }) => witnesses);
    const reasons = verdicts.flatMap(({ others }) => others.map(({ reason }) => reason));
    expect([attached.length, reasons]).toEqual(outcome === 'attached' ? [1, []] : [0, ['too_late']]);
  });

  test('is a report that meets no beacon', () => {
    const { world, heard } = open();
    expect(world.judge(heard)).toMatchObject([
      { beacon: null, others: [{ reason: 'stale', side: 'witness' }] },
    ]);
  });
});

describe('the same report again', () => {
  test('is ignored, beside its first copy and after its PoC was closed', () => {
    const { world, beacon, heard } = open();
    const copies = [
      again(beacon, AT + 1, 60),
      again(heard, AT + 2500, 61),
      again(beacon, AT + 60_000, 62),
      again(heard, AT + 60_001, 63),
    ];
    const verdicts = world.judge(beacon, heard, ...copies);
    expect(
      verdicts.map(({ beacon: of, witnesses, others }) => [of?.reason, witnesses.length, others.length]),
    ).toEqual([
      [null, 1, 0],
      [undefined, 0, 0],
      [undefined, 0, 0],
    ]);
  });

  test('within 181 s of the beacon is known even to whoever groups it anew', () => {
    const { world, beacon, heard } = open();
    world.judge(beacon, heard);
    const before = clonePocState(world.state);
    const [repeated] = world.judge(beacon, heard);
    expect(repeated).toEqual({ payload: repeated?.payload, beacon: null, witnesses: [], others: [] });
    expect(world.state).toEqual(before);
  });

  test('after 181 s is a new PoC: its entropy has expired, and it moves no clock', () => {
    const { world, beacon, heard } = open();
    world.judge(beacon, heard);
    const before = clonePocState(world.state);
    const [replayed] = world.judge(again(beacon, AT + 181_001, 70), again(heard, AT + 181_002, 71));
    expect(replayed?.beacon?.reason).toBe('entropy_expired');
    expect(replayed?.witnesses).toMatchObject([{ reason: 'entropy_expired', side: 'beaconer' }]);
    expect(world.state.clocks).toEqual(before.clocks);
  });

  test("within 181 s, by another of the beacon's hotspots, is a duplicate or too late", () => {
    const { world, beacon, heard } = open();
    world.judge(beacon, heard);
    const clocks = new Map(world.state.clocks);
    const stolen = world.beacon(thief, { at: AT + 181_000, data: beacon.report.data });
    const late = world.witness(thief, beacon, { at: AT + 181_000 });
    const [verdict] = world.judge(stolen, late);
    expect(verdict).toMatchObject({ beacon: null, witnesses: [] });
    expect(verdict?.others.map(({ reason }) => reason)).toEqual(['duplicate', 'too_late']);
    expect(world.state.clocks).toEqual(clocks);
    expect(world.judge(stolen, late)[0]?.others).toEqual([]);
  });

  test('costs the same however many came before: what was seen grows in place, in nobody else but the copy', () => {
    const { world, beacon, heard } = open();
    const [judged] = world.judge(beacon, heard);
    const before = clonePocState(world.state);
    const seen = world.state.recent.get(judged?.payload ?? '')?.seen;
    for (const after of [20_000, 30_000, 40_000])
      world.judge(world.beacon(thief, { at: AT + after, index: after, data: beacon.report.data }));
    expect(seen?.size).toBe(4);
    expect(world.state.recent.get(judged?.payload ?? '')?.seen).toBe(seen);
    expect(before.recent.get(judged?.payload ?? '')?.seen.size).toBe(1);
  });
});

describe('what is remembered', () => {
  test('is no beacon longer than two spans of 181 s, and no entropy longer than an hour', () => {
    const { world, beacon } = open();
    world.judge(beacon);
    for (const fact of world.entropies.values()) rememberEntropy(world.state.entropies, fact);
    forgetBefore(world.state, { time: millis(AT + 362_000), windows });
    expect([world.state.recent.size, world.state.entropies.size]).toEqual([1, 1]);
    forgetBefore(world.state, { time: millis(AT + 362_001), windows });
    expect([world.state.recent.size, world.state.entropies.size]).toEqual([0, 1]);
    forgetBefore(world.state, { time: millis(NOON + 3_600_001), windows });
    expect(world.state.entropies.size).toBe(0);
  });

  test('of entropies with the same data is the first that was received', () => {
    const [fact] = new PocWorld([]).entropies.values();
    if (fact === undefined) throw new Error('no entropy');
    const entropies = new Map([[fact.data, fact]]);
    rememberEntropy(entropies, { ...fact, receivedAt: millis(NOON + 1), timestamp: 5 });
    expect(entropies.get(fact.data)).toBe(fact);
    rememberEntropy(entropies, { ...fact, receivedAt: millis(NOON - 1) });
    expect(entropies.get(fact.data)?.receivedAt).toBe(NOON - 1);
    expect(
      findEntropy(entropies, { data: fact.data, at: millis(NOON - 1 + 3_600_000), windows }),
    ).toBeDefined();
    expect(
      findEntropy(entropies, { data: fact.data, at: millis(NOON + 3_600_000), windows }),
    ).toBeUndefined();
  });
});

test('a thousand PoCs leave no more than the last six minutes of beacons in the state', () => {
  const world = new PocWorld([beaconer], { beacon_interval_s: 1 });
  const grouper = new Grouper({ verify: verifyMarked, windows });
  for (let seed = 0; seed < 1000; seed += 1)
    grouper.push(world.beacon(beaconer, { at: NOON + 1000 * seed, seed }));
  for (const group of grouper.flush()) world.judgeGroup(group);
  expect(world.state.recent.size).toBe(363);
});
