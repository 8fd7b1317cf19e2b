import { describe, expect, test } from 'vitest';
import { DEFAULT_POLICY } from '#protocol/policy';
import { millis } from '#protocol/units';
import { advance } from '#protocol/verify/advance';
import type { CheckedPoc } from '#protocol/verify/checked-poc';
import type { LoggedReport } from '#protocol/verify/poc';
import { clocksOf } from '#protocol/verify/state';
import { toHex } from '#protocol/wire/hex';
import { reportId } from '#protocol/wire/report';
import { hotspot, NOON, PocWorld } from '../../support/poc-world.ts';

const AT = NOON + 10_000;
const HOUR_AGO = NOON - 3_600_000;
const BAD = Uint8Array.of(0);
const [beaconer, witness, thief, stranger] = [
  hotspot(1),
  hotspot(2, { metres: 600 }),
  hotspot(3, { metres: 900 }),
  hotspot(9, { metres: 1200 }),
];

function open(policy: ConstructorParameters<typeof PocWorld>[1] = {}) {
  const world = new PocWorld([beaconer, witness, thief], policy);
  const beacon = world.beacon(beaconer, { at: AT });
  const payload = toHex(beacon.report.data);
  return { world, beacon, payload, heard: world.witness(witness, beacon, { at: AT + 2000 }) };
}
const again = (report: LoggedReport, at: number, index: number): LoggedReport => ({
  ...report,
  position: { ...report.position, receivedAt: millis(at), index },
});

describe('what a PoC leaves in the state', () => {
  test('is its beacon, with the ids of its well-signed reports, attached or not', () => {
    const { world, beacon, payload, heard } = open();
    const stolen = world.beacon(thief, { at: AT + 500, data: beacon.report.data });
    const unknown = world.witness(stranger, beacon, { at: AT + 600 });
    const forged = world.witness(thief, beacon, { at: AT + 700, signature: BAD });
    world.judge(beacon, stolen, unknown, forged, heard);
    expect(world.state.recent.get(payload)).toEqual({
      payload,
      reportId: reportId(beacon.report),
      receivedAt: AT,
      seen: new Set([stolen, unknown, heard].map(({ report }) => reportId(report))),
    });
  });

  test('is no more than the witness clocks of those that passed, each at its own reception', () => {
    const { world, beacon, heard } = open();
    const loud = world.witness(thief, beacon, { at: AT + 2100, signal: 0 });
    world.judge(beacon, heard, loud);
    expect([witness, thief, beaconer].map(({ key }) => clocksOf(world.state, key))).toEqual([
      { lastBeacon: null, lastBeaconRecip: HOUR_AGO, lastWitness: AT + 2000 },
      { lastBeacon: null, lastBeaconRecip: HOUR_AGO, lastWitness: HOUR_AGO },
      { lastBeacon: AT, lastBeaconRecip: AT, lastWitness: HOUR_AGO },
    ]);
  });

  test('is nothing at all where a group has no beacon', () => {
    const { world, heard } = open();
    world.judge(heard);
    expect(world.state.recent.size).toBe(0);
    expect(clocksOf(world.state, witness.key).lastWitness).toBe(HOUR_AGO);
  });

  test('is the clock of a beaconer that one witness of two heard badly, and not that of one it heard alone', () => {
    const { world, beacon } = open();
    const own = world.witness(beaconer, beacon, { at: AT + 100 });
    const loud = world.witness(thief, beacon, { at: AT + 200, signal: 0 });
    world.judge(beacon, own, loud);
    expect(clocksOf(world.state, beaconer.key).lastBeaconRecip).toBe(AT);
  });
});

describe('a report of a payload whose PoC was judged', () => {
  test.each<[string, (of: ReturnType<typeof open>) => LoggedReport, string, string, object]>([
    [
      'another beacon',
      ({ world, beacon }) => world.beacon(thief, { at: AT + 20_000, data: beacon.report.data }),
      'duplicate',
      'beaconer',
      { after_beacon_ms: 20_000 },
    ],
    [
      'a witness report',
      ({ world, beacon }) => world.witness(thief, beacon, { at: AT + 20_000 }),
      'too_late',
      'witness',
      { after_beacon_ms: 20_000 },
    ],
    [
      'a badly signed witness report',
      ({ world, beacon }) => world.witness(thief, beacon, { at: AT + 20_000, signature: BAD }),
      'bad_signature',
      'witness',
      { signer: thief.key },
    ],
    [
      'a badly signed beacon',
      ({ world, beacon }) =>
        world.beacon(thief, { at: AT + 20_000, data: beacon.report.data, signature: BAD }),
      'bad_signature',
      'beaconer',
      { signer: thief.key },
    ],
    [
      'a report of an unknown key',
      ({ world, beacon }) => world.witness(stranger, beacon, { at: AT + 20_000 }),
      'gateway_not_found',
      'witness',
      { received_ms: AT + 20_000, registered_s: null },
    ],
  ])('%s: is told why it is attached to nothing', (_, late, reason, side, numbers) => {
    const of = open();
    const report = late(of);
    const verdicts = of.world.judge(of.beacon, of.heard, report);
    const others = verdicts.flatMap((verdict) => verdict.others);
    expect(others).toEqual([
      {
        kind: report.report.kind,
        position: report.position,
        reportId: reportId(report.report),
        key: report.report.key,
        reason,
        side,
        numbers,
        selected: false,
        note: null,
      },
    ]);
    expect(verdicts.map(({ beacon, witnesses }) => [beacon?.key, witnesses.length])).toEqual(
      verdicts.map((__, order) => (verdicts[order]?.beacon ? [beaconer.key, 1] : [undefined, 0])),
    );
  });

  test('is judged once if it is well signed, and each time if it is not', () => {
    const { world, beacon, heard } = open();
    const late = world.witness(thief, beacon, { at: AT + 20_000 });
    const forged = world.witness(thief, beacon, { at: AT + 21_000, signature: BAD });
    const verdicts = world.judge(
      beacon,
      heard,
      late,
      forged,
      again(late, AT + 22_000, 90),
      again(forged, AT + 23_000, 91),
    );
    expect(verdicts.flatMap(({ others }) => others).map(({ reason }) => reason)).toEqual([
      'too_late',
      'bad_signature',
      'bad_signature',
    ]);
  });

  test('and that is grouped anew with another first beacon is late as a whole', () => {
    const { world, beacon, heard } = open();
    world.judge(beacon);
    const stolen = world.beacon(thief, { at: AT + 1000, data: beacon.report.data });
    const [verdict] = world.judge(stolen, heard);
    expect(verdict).toMatchObject({
      beacon: null,
      witnesses: [],
      others: [
        { kind: 'beacon', reason: 'duplicate', numbers: { after_beacon_ms: 1000 } },
        { kind: 'witness', reason: 'too_late', numbers: { after_beacon_ms: 2000 } },
      ],
    });
  });

  test('that met no beacon, for it came too long before, is stale and not late', () => {
    const world = new PocWorld([beaconer, witness], {}, 6);
    const beacon = world.beacon(beaconer, { at: NOON + 281_000, minute: 4 });
    const early = world.witness(witness, beacon, { at: NOON + 99_999 });
    const verdicts = world.judge(early, beacon);
    expect(verdicts.map((verdict) => verdict.beacon?.reason)).toEqual([null, undefined]);
    expect(verdicts.flatMap(({ others }) => others)).toMatchObject([
      { reason: 'stale', side: 'witness', numbers: { received_ms: NOON + 99_999 } },
    ]);
  });
});

describe('the memory of beacons', () => {
  const emptyAt = (time: number): CheckedPoc => ({
    kind: 'stale',
    payload: 'ff',
    at: { receivedAt: millis(time), origin: 'log/a/1', index: 1000 },
    beacon: null,
    witnesses: [],
    others: [],
  });

  test.each([
    [362_000, 1],
    [362_001, 0],
  ])('is dropped with the first group that comes more than two spans later: %i ms', (after, left) => {
    const { world, beacon } = open();
    world.judge(beacon);
    const { state, epoch } = world;
    const judged = advance({ state, checked: emptyAt(AT + after), policy: DEFAULT_POLICY, epoch });
    expect(judged).toEqual({ payload: 'ff', beacon: null, witnesses: [], others: [] });
    expect(state.recent.size).toBe(left);
  });
});

describe('a valid witness', () => {
  test('counts for reciprocity of its own beacon only once that was heard', () => {
    const { world, beacon, heard } = open();
    world.state.clocks.delete(witness.key);
    const [verdict] = world.judge(beacon, heard);
    expect(verdict?.beacon).toMatchObject({ reason: null, numbers: { bucket: Math.floor(AT / 21_600_000) } });
    expect(verdict?.witnesses).toMatchObject([
      {
        reason: 'gateway_no_valid_beacons',
        side: 'witness',
        selected: false,
        note: null,
        numbers: { last_ms: null, age_ms: null, limit_ms: 172_800_000 },
      },
    ]);
  });

  test('that fails reciprocity takes no place among those that are paid', () => {
    const { world, beacon, heard } = open({ selected_witnesses: 1 });
    world.state.clocks.delete(witness.key);
    const other = world.witness(thief, beacon, { at: AT + 2000 });
    const [verdict] = world.judge(beacon, heard, other);
    expect(verdict?.witnesses.map(({ reason, selected }) => [reason, selected])).toEqual([
      ['gateway_no_valid_beacons', false],
      [null, true],
    ]);
  });
});
