import { cellToCenterChild, gridRing, latLngToCell } from 'h3-js';
import { describe, expect, test } from 'vitest';
import { cellCentre, parseCell } from '#protocol/geo/cell';
import { freeSpaceTenths } from '#protocol/geo/free-space';
import type { DenyList } from '#protocol/deny/deny-list';
import type { Policy } from '#protocol/policy';
import { epochNumber, millis, type Cell } from '#protocol/units';
import type { HotspotFacts, ReportVerdict } from '#protocol/verify/poc';
import { clocksOf } from '#protocol/verify/state';
import type { WitnessFields } from '#protocol/wire/encode';
import {
  cellAt,
  denyEdges,
  denyKeys,
  hotspot,
  keyNumber,
  LOG,
  NOON,
  PocWorld,
  type At,
} from '../../support/poc-world.ts';

const HOUR = 3_600_000;
const BEACON_AT = NOON + 10_000;
const OTHER_LOG = 'log/b/1';

function judge(of: {
  readonly beaconer?: Partial<HotspotFacts>;
  readonly witness?: Partial<HotspotFacts> & { readonly metres?: number };
  readonly policy?: Partial<Policy>;
  readonly deny?: DenyList;
  readonly prepare?: (world: PocWorld) => void;
  readonly report?: Partial<At> & Partial<WitnessFields>;
}): { readonly world: PocWorld; readonly verdict: ReportVerdict } {
  const beaconer = hotspot(1, of.beaconer);
  const witness = hotspot(2, { metres: 600, ...of.witness });
  const world = new PocWorld([beaconer, witness], of.policy);
  world.deny = of.deny ?? world.deny;
  of.prepare?.(world);
  const beacon = world.beacon(beaconer, { at: BEACON_AT });
  const heard = world.witness(witness, beacon, { at: BEACON_AT + 2000, ...of.report });
  const verdict = world.judge(beacon, heard).flatMap(({ witnesses }) => witnesses)[0];
  if (verdict === undefined) throw new Error('the witness is not attached');
  return { world, verdict };
}

const reasonOf = (of: Parameters<typeof judge>[0]) => judge(of).verdict.reason;

/** Facts of a hotspot whose distance from hotspot 1 is an arc along its meridian. */
function arcNorth(metres: number): Partial<HotspotFacts> {
  const { latitude, longitude } = hotspot(1);
  return { latitude: latitude + Math.round((metres / 111_195.051_975_229_4) * 1e9), longitude };
}

/** A cell of resolution 12 whose parent is so many cells of resolution 11 from hotspot 1's. */
function cellsAway(steps: number): Cell {
  const [latitude, longitude] = [52.5, 13];
  const [away = ''] = gridRing(latLngToCell(latitude, longitude, 11), steps);
  return parseCell(BigInt(`0x${cellToCenterChild(away, 12)}`));
}

describe('a witness report', () => {
  test('that meets every rule is valid, with the numbers that were measured', () => {
    const { verdict } = judge({});
    expect(verdict).toMatchObject({ kind: 'witness', reason: null, side: null, selected: true, note: null });
    const { numbers } = verdict;
    expect(numbers).toMatchObject({
      lag_ms: 2000,
      lag_limit_ms: 4000,
      lag_behind: 'beacon',
      frequency_offset_hz: 0,
    });
    expect(Math.abs(Number(numbers['distance_m']) - 600)).toBeLessThan(20);
    expect(numbers).toMatchObject({ signal_ddbm: -1200, power_dbm: 14 });
    expect(Number(numbers['bound_ddbm'])).toBe(10 * (14 + 1 + 1) - Number(numbers['fspl_ddb']));
  });

  test.each<[string, Partial<HotspotFacts>, string | null]>([
    ['without a cell', { cell: null }, 'not_asserted'],
    ['in no region', { cell: cellAt(0, -140) }, 'not_asserted'],
    ['in quarantine', { status: 'quarantined' }, 'quarantined'],
    ['for data only', { mode: 'data_only' }, 'invalid_capability'],
    ['in another region', { cell: cellAt(40.71, -74.01) }, 'invalid_region'],
    ['open', { tier: 'open' }, null],
  ])('of a hotspot that is %s', (_, witness, reason) => {
    expect(reasonOf({ witness })).toBe(reason);
  });

  test.each([
    [1, null, null],
    [2, 'denied', 'denied_edge'],
  ])('in epoch %i, when the deny list names key or pair from epoch 2', (epoch, byKey, byEdge) => {
    const [a, b] = [keyNumber(1), keyNumber(2)];
    const prepare = (world: PocWorld): void => {
      world.epoch = epochNumber(BigInt(epoch));
    };
    const denied = (deny: DenyList) => reasonOf({ deny, prepare });
    expect(denied(denyKeys([b], 2))).toBe(byKey);
    expect(denied(denyEdges([[a, b]], 2))).toBe(byEdge);
    expect(denied(denyEdges([[b, a]], 2))).toBe(byEdge);
    expect(denied(denyEdges([[a, keyNumber(3)]], 2))).toBeNull();
  });

  test('of the beaconer itself is a self witness', () => {
    const beaconer = hotspot(1);
    const world = new PocWorld([beaconer]);
    const beacon = world.beacon(beaconer, { at: BEACON_AT });
    const [verdict] = world.judge(beacon, world.witness(beaconer, beacon, { at: BEACON_AT + 1 }));
    expect(verdict?.beacon?.reason).toBeNull();
    expect(verdict?.witnesses).toMatchObject([{ reason: 'self_witness', side: 'witness' }]);
  });

  test('arrives while the entropy lives', () => {
    const expiring = NOON + 180_999;
    const beaconer = hotspot(1);
    const witness = hotspot(2, { metres: 600 });
    for (const [lag, reason] of [
      [0, null],
      [1, 'entropy_expired'],
    ] as const) {
      const world = new PocWorld([beaconer, witness]);
      const beacon = world.beacon(beaconer, { at: expiring });
      const [verdict] = world.judge(beacon, world.witness(witness, beacon, { at: expiring + lag }));
      expect(verdict?.witnesses[0]?.reason).toBe(reason);
    }
  });

  test.each([
    [4000, LOG, null],
    [4001, LOG, 'too_late'],
    [4500, OTHER_LOG, null],
    [4501, OTHER_LOG, 'too_late'],
  ])('%i ms after its beacon, in %s', (lag, origin, reason) => {
    const { verdict } = judge({ report: { at: BEACON_AT + lag, origin } });
    expect(verdict.reason).toBe(reason);
    expect(verdict.numbers).toMatchObject({ lag_ms: lag, lag_limit_ms: origin === LOG ? 4000 : 4500 });
  });

  test.each([
    ['869.2', 100_000n, null],
    ['above', 100_001n, 'invalid_frequency'],
    ['below', -100_000n, null],
    ['far below', -100_001n, 'invalid_frequency'],
  ])('on a frequency that is off: %s', (_, offset, reason) => {
    const world = new PocWorld([hotspot(1)]);
    const { frequency } = world.beacon(hotspot(1), { at: BEACON_AT }).report;
    expect(reasonOf({ report: { frequency: frequency + offset } })).toBe(reason);
  });

  test.each([
    [100_999.4, null],
    [100_999.6, 'max_distance_exceeded'],
  ])('from %f m away', (metres, reason) => {
    const { verdict } = judge({
      witness: { ...hotspot(2, { metres: 600 }), ...arcNorth(metres) },
      report: { signal: -1300 },
    });
    expect(verdict.reason).toBe(reason);
    expect(verdict.numbers).toMatchObject({ distance_m: Math.round(metres) });
  });

  test.each([
    [7, 'below_min_distance'],
    [8, null],
  ])('from %i cells away', (cells, reason) => {
    const { verdict } = judge({ witness: { cell: cellsAway(cells), ...cellCentre(cellsAway(cells)) } });
    expect(verdict.reason).toBe(reason);
    expect(verdict.numbers).toMatchObject({ cells_apart: cells });
  });

  test('from far is called far, not near, where H3 counts no cells', () => {
    const cell = cellAt(40.42, -3.7);
    expect(reasonOf({ witness: { cell, ...cellCentre(cell) } })).toBe('max_distance_exceeded');
    // Near by its coordinates, in a cell from which H3 cannot count: fails as well.
    const prepare = (world: PocWorld): void => {
      world.regionOf = () => 'EU868';
    };
    const { verdict } = judge({ prepare, witness: { cell: cellAt(-33.9, 151.2), ...arcNorth(600) } });
    expect(verdict).toMatchObject({ reason: 'below_min_distance', numbers: { cells_apart: null } });
  });

  test.each([
    ['both gains count in whole dBi', 19, 28, 14 + 1 + 2],
    ['negative gains are truncated towards zero', -19, -9, 18 - 1 - 0],
  ])('is as loud as free space lets through: %s', (_, beaconGain, witnessGain, total) => {
    const facts = { beaconer: { gain: beaconGain }, witness: { gain: witnessGain } };
    const { numbers } = judge(facts).verdict;
    const world = new PocWorld([hotspot(1)]);
    const { frequency } = world.beacon(hotspot(1, facts.beaconer), { at: BEACON_AT }).report;
    const bound = 10 * total - (freeSpaceTenths(Number(numbers['distance_m']), frequency) ?? 0);
    expect(numbers).toMatchObject({ bound_ddbm: bound });
    expect(reasonOf({ ...facts, report: { signal: bound } })).toBeNull();
    expect(reasonOf({ ...facts, report: { signal: bound + 1 } })).toBe('bad_rssi');
  });

  test('does not gain by a power above the plan, and loses by one below', () => {
    const [beaconer, witness] = [hotspot(1), hotspot(2, { metres: 600 })];
    const powerOf = (txPower: number) => {
      const world = new PocWorld([beaconer, witness]);
      const beacon = world.beacon(beaconer, { at: BEACON_AT, txPower });
      const [verdict] = world.judge(beacon, world.witness(witness, beacon, { at: BEACON_AT + 1 }));
      return verdict?.witnesses[0]?.numbers['power_dbm'];
    };
    expect([powerOf(99), powerOf(14), powerOf(13), powerOf(-5)]).toEqual([14, 14, 13, -5]);
  });

  test.each([
    ['just under 48 h', 48 * HOUR - 1, 2, null],
    ['48 h', 48 * HOUR, 2, 'gateway_no_valid_beacons'],
    ['after it', -5000, 2, null],
    ['48 h, before reciprocity is asked for', 48 * HOUR, 1, null],
  ])('of a hotspot that was heard %s before', (_, age, epoch, reason) => {
    const prepare = (world: PocWorld): void => {
      world.epoch = epochNumber(BigInt(epoch));
      const lastBeaconRecip = millis(BEACON_AT + 2000 - age);
      world.state.clocks.set(keyNumber(2), { lastBeacon: null, lastBeaconRecip, lastWitness: null });
    };
    const { world, verdict } = judge({ prepare });
    expect(verdict).toMatchObject({ reason, side: reason === null ? null : 'witness' });
    // Its own clock moves whatever reciprocity says.
    expect(clocksOf(world.state, keyNumber(2)).lastWitness).toBe(BEACON_AT + 2000);
  });

  test('moves no clock where a rule before reciprocity fails', () => {
    const { world, verdict } = judge({ witness: { mode: 'data_only' } });
    expect(verdict.reason).toBe('invalid_capability');
    expect(clocksOf(world.state, keyNumber(2)).lastWitness).toBe(NOON - HOUR);
  });

  test('gets the first objection in the order of the rules', () => {
    const { edges } = denyEdges([[keyNumber(1), keyNumber(2)]], 0);
    const deny = { ...denyKeys([keyNumber(2)], 0), edges };
    const late = BEACON_AT + 4001;
    const cell = cellAt(40.71, -74.01);
    const far = { cell, ...cellCentre(cell) };
    const order = [
      judge({
        deny,
        witness: { cell: null, status: 'quarantined', mode: 'data_only' },
        report: { at: late },
      }),
      judge({
        deny,
        witness: { status: 'quarantined', mode: 'data_only' },
        report: { at: late },
      }),
      judge({
        deny: { ...deny, keys: new Map() },
        witness: { status: 'quarantined' },
        report: { at: late },
      }),
      judge({ deny: { ...deny, keys: new Map() }, report: { at: late } }),
      judge({ witness: { mode: 'data_only' }, report: { at: late, frequency: 1n } }),
      judge({ witness: { mode: 'data_only' }, report: { frequency: 1n } }),
      judge({ witness: far, report: { frequency: 1n, signal: 0 } }),
      judge({ witness: far, report: { signal: 0 } }),
      judge({ witness: { ...hotspot(2, { metres: 50 }), ...arcNorth(200_000) }, report: { signal: 0 } }),
      judge({ witness: { metres: 50 }, report: { signal: 0 } }),
      judge({ report: { signal: 0 } }),
    ].map(({ verdict }) => verdict.reason);
    expect(order).toEqual([
      'not_asserted',
      'denied',
      'quarantined',
      'denied_edge',
      'too_late',
      'invalid_capability',
      'invalid_frequency',
      'invalid_region',
      'max_distance_exceeded',
      'below_min_distance',
      'bad_rssi',
    ]);
  });
});
