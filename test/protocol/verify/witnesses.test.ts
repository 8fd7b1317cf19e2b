import { describe, expect, test } from 'vitest';
import type { LoggedReport } from '#protocol/verify/poc';
import { clocksOf } from '#protocol/verify/state';
import { hotspot, NOON, PocWorld } from '../../support/poc-world.ts';

const HOUR = 3_600_000;
const BEACON_AT = NOON + 10_000;
const OTHER_LOG = 'log/b/1';

describe('several witnesses of a beacon', () => {
  const beaconer = hotspot(1);
  const others = Array.from({ length: 20 }, (_, at) => hotspot(at + 2, { metres: 600 + 20 * at }));
  const heardBy = (world: PocWorld, beacon: LoggedReport, at: (order: number) => number): LoggedReport[] =>
    others.map((each, order) => world.witness(each, beacon, { at: at(order) }));

  test('are 14 at most, those with the smallest hash of payload and key, whoever came first', () => {
    const world = new PocWorld([beaconer, ...others]);
    const beacon = world.beacon(beaconer, { at: BEACON_AT });
    const [verdict] = world.judge(beacon, ...heardBy(world, beacon, (order) => BEACON_AT + order));
    const backward = new PocWorld([beaconer, ...others]);
    const [reversed] = backward.judge(beacon, ...heardBy(world, beacon, (order) => BEACON_AT + 50 - order));
    const selectedOf = (of: typeof verdict) =>
      (of?.witnesses ?? [])
        .filter(({ selected }) => selected)
        .map(({ key }) => key)
        .sort();
    expect(selectedOf(verdict)).toHaveLength(14);
    expect(selectedOf(reversed)).toEqual(selectedOf(verdict));
    expect(verdict?.witnesses.every(({ reason }) => reason === null)).toBe(true);
    expect(verdict?.witnesses.filter(({ note }) => note === 'not_selected')).toHaveLength(6);
  });

  test('are selected for pairs of which one is not open', () => {
    const open = hotspot(1, { tier: 'open' });
    const [endorsed, alsoOpen] = [hotspot(2, { metres: 600 }), hotspot(3, { metres: 700, tier: 'open' })];
    const judgeWith = (pairs: 'one_trusted' | 'any') => {
      const world = new PocWorld([open, endorsed, alsoOpen], { trust: { pairs, open_cap_bp: 1000 } });
      const beacon = world.beacon(open, { at: BEACON_AT });
      const heard = [endorsed, alsoOpen].map((each) => world.witness(each, beacon, { at: BEACON_AT + 1 }));
      return world.judge(beacon, ...heard)[0]?.witnesses;
    };
    expect(judgeWith('one_trusted')).toMatchObject([
      { reason: null, selected: true, note: null },
      { reason: null, selected: false, note: 'untrusted_pair' },
    ]);
    expect(judgeWith('any')).toMatchObject([{ selected: true }, { selected: true }]);
  });

  test('are judged up to the limit of the policy, in order', () => {
    const world = new PocWorld([beaconer, ...others], { max_witnesses: 3 });
    const beacon = world.beacon(beaconer, { at: BEACON_AT });
    const [verdict] = world.judge(beacon, ...heardBy(world, beacon, (order) => BEACON_AT + order));
    expect(verdict?.witnesses.map(({ reason }) => reason)).toEqual([
      ...Array<null>(3).fill(null),
      ...Array<string>(17).fill('over_limit'),
    ]);
  });

  test('are one report per key: the first is judged, whatever its verdict', () => {
    const [witness = beaconer] = others;
    const world = new PocWorld([beaconer, witness]);
    const beacon = world.beacon(beaconer, { at: BEACON_AT });
    const loud = world.witness(witness, beacon, { at: BEACON_AT + 1, signal: 0 });
    const good = world.witness(witness, beacon, { at: BEACON_AT + 2 });
    const [verdict] = world.judge(beacon, loud, good);
    expect(verdict?.witnesses.map(({ reason }) => reason)).toEqual(['bad_rssi', 'duplicate']);
    expect(verdict?.beacon?.reason).toBeNull();
  });

  test('have 1.5 s behind the first of them where that was logged before the beacon', () => {
    const [first = beaconer, second = beaconer, third = beaconer, fourth = beaconer] = others;
    const world = new PocWorld([beaconer, ...others]);
    const beacon = world.beacon(beaconer, { at: BEACON_AT + 100 });
    const reports = [
      world.witness(first, beacon, { at: BEACON_AT, signal: 0 }),
      beacon,
      world.witness(second, beacon, { at: BEACON_AT + 1500 }),
      world.witness(third, beacon, { at: BEACON_AT + 1501 }),
      world.witness(fourth, beacon, { at: BEACON_AT + 2000, origin: OTHER_LOG }),
    ];
    const verdicts = world.judge(...reports)[0]?.witnesses ?? [];
    expect(verdicts.map(({ reason }) => reason)).toEqual(['bad_rssi', null, 'too_late', null]);
    expect(verdicts[3]?.numbers).toMatchObject({
      lag_ms: 2000,
      lag_limit_ms: 2000,
      lag_behind: 'first_witness',
    });
  });

  test('come after their beacon in the same millisecond only by index', () => {
    const [witness = beaconer] = others;
    for (const [index, behind] of [
      [5, 'first_witness'],
      [7, 'beacon'],
    ] as const) {
      const world = new PocWorld([beaconer, witness]);
      const beacon = world.beacon(beaconer, { at: BEACON_AT, index: 6 });
      const [verdict] = world.judge(beacon, world.witness(witness, beacon, { at: BEACON_AT, index }));
      expect(verdict?.witnesses[0]?.numbers).toMatchObject({ lag_behind: behind, lag_ms: 0 });
    }
  });

  test('take the reason of a beacon that fails, duplicates and those over the limit too', () => {
    const [witness = beaconer, another = beaconer] = others;
    const world = new PocWorld([{ ...beaconer, mode: 'data_only' }, witness, another], { max_witnesses: 2 });
    const beacon = world.beacon(beaconer, { at: BEACON_AT });
    const reports = [witness, witness, another].map((each, order) =>
      world.witness(each, beacon, { at: BEACON_AT + order, snr: order }),
    );
    const [verdict] = world.judge(beacon, ...reports);
    expect(verdict?.witnesses).toHaveLength(3);
    for (const each of verdict?.witnesses ?? [])
      expect(each).toMatchObject({ reason: 'invalid_capability', side: 'beaconer', selected: false });
    expect(clocksOf(world.state, witness.key).lastWitness).toBe(NOON - HOUR);
  });
});
