import { describe, expect, test } from 'vitest';
import type { DenyList } from '#protocol/deny/deny-list';
import type { Policy } from '#protocol/policy';
import { epochNumber, millis } from '#protocol/units';
import type { HotspotFacts, PocVerdict } from '#protocol/verify/poc';
import { clocksOf } from '#protocol/verify/state';
import {
  cellAt,
  denyKeys,
  ENTROPY_S,
  hotspot,
  keyNumber,
  NOON,
  PocWorld,
  type At,
} from '../../support/poc-world.ts';

const HOUR = 3_600_000;

function judge(of: {
  readonly facts?: Partial<HotspotFacts>;
  readonly policy?: Partial<Policy>;
  readonly deny?: DenyList;
  readonly prepare?: (world: PocWorld, beaconer: HotspotFacts) => void;
  readonly beacon?: Partial<At> & Partial<Parameters<PocWorld['beacon']>[1]>;
}): { readonly world: PocWorld; readonly beaconer: HotspotFacts; readonly verdict: PocVerdict } {
  const beaconer = hotspot(1, of.facts);
  const witness = hotspot(2, { metres: 600 });
  const world = new PocWorld([beaconer, witness], of.policy);
  world.deny = of.deny ?? world.deny;
  of.prepare?.(world, beaconer);
  const beacon = world.beacon(beaconer, { at: NOON + 10_000, ...of.beacon });
  const heard = world.witness(witness, beacon, { at: beacon.position.receivedAt + 2000 });
  const [verdict] = world.judge(beacon, heard);
  if (verdict === undefined) throw new Error('no verdict');
  return { world, beaconer, verdict };
}

const reasonOf = (of: Parameters<typeof judge>[0]) => judge(of).verdict.beacon?.reason;
const clocks = (of: Parameters<typeof judge>[0]) => {
  const { world, beaconer } = judge(of);
  const { lastBeacon, lastBeaconRecip } = clocksOf(world.state, beaconer.key);
  return { beacon: lastBeacon !== null, recip: lastBeaconRecip === NOON + 10_000 };
};

describe('a beacon', () => {
  test('that meets every rule is valid, with numbers', () => {
    const { verdict } = judge({});
    expect(verdict.beacon).toMatchObject({
      reason: null,
      side: null,
      numbers: { entropy_age_s: 10, attached: 1 },
    });
    expect(verdict.witnesses).toMatchObject([{ reason: null, side: null, selected: true, note: null }]);
    expect(verdict.others).toEqual([]);
  });

  test.each<[string, Partial<HotspotFacts>, string | null]>([
    ['registered in the second before', { registeredAt: NOON / 1000 + 10 }, null],
    ['registered after it', { registeredAt: NOON / 1000 + 11 }, 'gateway_not_found'],
    ['without a cell', { cell: null }, 'not_asserted'],
    ['in no region', { cell: cellAt(0, -140) }, 'not_asserted'],
    ['in quarantine', { status: 'quarantined' }, 'quarantined'],
    ['for data only', { mode: 'data_only' }, 'invalid_capability'],
    ['of an open hotspot', { tier: 'open' }, null],
  ])('of a hotspot that is %s', (_, facts, reason) => {
    expect(reasonOf({ facts })).toBe(reason);
  });

  test.each([
    [1, null],
    [2, 'denied'],
    [3, 'denied'],
  ])('in epoch %i, when the deny list names its key from epoch 2', (epoch, reason) => {
    const deny = denyKeys([keyNumber(1)], 2);
    const prepare = (world: PocWorld): void => {
      world.epoch = epochNumber(BigInt(epoch));
    };
    expect(reasonOf({ deny, prepare })).toBe(reason);
  });

  test.each([
    ['at the first moment of its entropy', NOON, null],
    ['one millisecond before it', NOON - 1, 'entropy_expired'],
    ['in its last second', NOON + 180_999, null],
    ['one millisecond later', NOON + 181_000, 'entropy_expired'],
  ])('received %s', (_, at, reason) => {
    const prepare = (world: PocWorld): void => {
      for (const [data, fact] of world.entropies)
        world.entropies.set(data, { ...fact, receivedAt: millis(NOON - 500) });
    };
    expect(reasonOf({ beacon: { at }, prepare })).toBe(reason);
  });

  test.each([
    ['in the same millisecond', 10_000, null],
    ['a millisecond later', 10_001, 'stale'],
  ])('whose entropy was logged %s', (_, late, reason) => {
    const prepare = (world: PocWorld): void => {
      for (const [data, fact] of world.entropies)
        world.entropies.set(data, { ...fact, receivedAt: millis(NOON + late) });
    };
    expect(reasonOf({ prepare })).toBe(reason);
  });

  test('whose entropy is unknown is stale, and says which', () => {
    const { verdict } = judge({ beacon: { remoteEntropy: new Uint8Array(32) } });
    expect(verdict.beacon).toMatchObject({ reason: 'stale', numbers: { remote_entropy: '00'.repeat(32) } });
    expect(verdict.witnesses).toMatchObject([{ reason: 'stale', side: 'beaconer', selected: false }]);
  });

  test.each([
    ['never', null, null],
    ['in the bucket before', NOON - 1, null],
    ['in the same bucket', NOON, 'irregular_interval'],
    ['in the next bucket', NOON + 6 * HOUR, 'irregular_interval'],
  ])('when the last one was %s', (_, last, reason) => {
    const prepare = (world: PocWorld, { key }: HotspotFacts): void => {
      const lastBeacon = last === null ? null : millis(last);
      world.state.clocks.set(key, { ...clocksOf(world.state, key), lastBeacon });
    };
    expect(reasonOf({ prepare })).toBe(reason);
  });

  test.each([
    ['another payload', { data: Uint8Array.from({ length: 51 }, () => 1) }],
    ['another frequency', { frequency: 868_300_001n }],
    ['another data rate', { datarate: 1 }],
    ['a data rate that does not exist', { datarate: 99 }],
    ['the frequency of another region', { region: 'US915' as const }],
  ])('with %s is an invalid packet', (_, beacon) => {
    expect(reasonOf({ beacon })).toBe('invalid_packet');
  });

  test('is an invalid packet where the gain leaves no power, or the entropy has another version', () => {
    const beaconer = hotspot(1, { gain: 171 });
    const world = new PocWorld([beaconer]);
    const fields = world.beacon(hotspot(1), { at: NOON + 10_000 });
    expect(world.judge(fields)[0]?.beacon).toMatchObject({
      reason: 'invalid_packet',
      numbers: { error: 'unsuitable_plan' },
    });
    const prepare = (other: PocWorld): void => {
      for (const [data, fact] of other.entropies) other.entropies.set(data, { ...fact, version: 2 });
    };
    expect(judge({ prepare }).verdict.beacon).toMatchObject({
      reason: 'invalid_packet',
      numbers: { error: 'malformed_entropy' },
    });
  });

  test.each([
    ['just under 48 h', 48 * HOUR - 1, 2, null],
    ['48 h', 48 * HOUR, 2, 'gateway_no_valid_witnesses'],
    ['in the future', -1, 2, null],
    ['48 h, before reciprocity is asked for', 48 * HOUR, 1, null],
  ])('whose hotspot was a valid witness %s ago', (_, age, epoch, reason) => {
    const prepare = (world: PocWorld, { key }: HotspotFacts): void => {
      world.epoch = epochNumber(BigInt(epoch));
      world.state.clocks.set(key, {
        ...clocksOf(world.state, key),
        lastWitness: millis(NOON + 10_000 - age),
      });
    };
    const { verdict } = judge({ prepare });
    expect(verdict.beacon?.reason).toBe(reason);
    const side = reason === null ? null : 'beaconer';
    expect(verdict.witnesses).toMatchObject([{ reason, side, selected: reason === null }]);
  });

  test('whose hotspot was never a valid witness is not paid for', () => {
    const prepare = (world: PocWorld, { key }: HotspotFacts): void => {
      world.state.clocks.delete(key);
    };
    expect(reasonOf({ prepare })).toBe('gateway_no_valid_witnesses');
  });

  test('gets the first objection in the order of the rules', () => {
    const late = { beacon: { at: NOON + 200_000, datarate: 1 } };
    const irregular = (world: PocWorld, { key }: HotspotFacts): void => {
      world.state.clocks.set(key, {
        lastBeacon: millis(NOON + 200_000),
        lastBeaconRecip: null,
        lastWitness: null,
      });
    };
    const deny = denyKeys([keyNumber(1)], 0);
    const worst: Partial<HotspotFacts> = {
      registeredAt: NOON,
      cell: null,
      status: 'quarantined',
      mode: 'data_only',
    };
    const order = [
      judge({ ...late, facts: worst, deny, prepare: irregular }),
      judge({ ...late, facts: { ...worst, registeredAt: 0 }, deny, prepare: irregular }),
      judge({
        ...late,
        facts: { status: 'quarantined', mode: 'data_only' },
        deny,
        prepare: irregular,
      }),
      judge({ ...late, facts: { status: 'quarantined', mode: 'data_only' }, prepare: irregular }),
      judge({ ...late, facts: { mode: 'data_only' }, prepare: irregular }),
      judge({
        beacon: { at: NOON + 100_000, datarate: 1 },
        facts: { mode: 'data_only' },
        prepare: irregular,
      }),
      judge({ beacon: { at: NOON + 100_000, datarate: 1 }, prepare: irregular }),
      judge({ beacon: { at: NOON + 100_000, datarate: 1 } }),
    ].map(({ verdict }) => verdict.beacon?.reason);
    expect(order).toEqual([
      'gateway_not_found',
      'not_asserted',
      'denied',
      'quarantined',
      'entropy_expired',
      'invalid_capability',
      'irregular_interval',
      'invalid_packet',
    ]);
  });
});

describe('the clocks of a beaconer', () => {
  test('both move when it is heard by somebody else', () => {
    expect(clocks({})).toEqual({ beacon: true, recip: true });
  });

  test.each<[string, Parameters<typeof judge>[0], { beacon: boolean; recip: boolean }]>([
    ['not by a quarantined one', { facts: { status: 'quarantined' } }, { beacon: false, recip: false }],
    ['not by an expired entropy', { beacon: { at: NOON + 200_000 } }, { beacon: false, recip: false }],
    ['not by a wrong packet', { beacon: { datarate: 1 } }, { beacon: false, recip: false }],
  ])('move %s', (_, of, moved) => {
    expect(clocks(of)).toEqual(moved);
  });

  test('only the interval moves by an irregular beacon, and by one that nobody else heard', () => {
    const prepare = (world: PocWorld, { key }: HotspotFacts): void => {
      world.state.clocks.set(key, { lastBeacon: millis(NOON), lastBeaconRecip: null, lastWitness: null });
    };
    const { world, beaconer } = judge({ prepare });
    expect(clocksOf(world.state, beaconer.key)).toMatchObject({
      lastBeacon: NOON + 10_000,
      lastBeaconRecip: null,
    });

    const alone = new PocWorld([beaconer]);
    alone.state.clocks.clear();
    const beacon = alone.beacon(beaconer, { at: NOON + 10_000 });
    const own = alone.witness(beaconer, beacon, { at: NOON + 11_000 });
    alone.judge(beacon, own);
    expect(clocksOf(alone.state, beaconer.key)).toEqual({
      lastBeacon: NOON + 10_000,
      lastBeaconRecip: null,
      lastWitness: null,
    });
  });

  test('move by a beacon that reciprocity fails, so that a newcomer gets started', () => {
    const prepare = (world: PocWorld, { key }: HotspotFacts): void => {
      world.state.clocks.delete(key);
    };
    expect(clocks({ prepare })).toEqual({ beacon: true, recip: true });
  });

  test('never move back', () => {
    const prepare = (world: PocWorld, { key }: HotspotFacts): void => {
      const ahead = millis(NOON + 60_000);
      world.state.clocks.set(key, { lastBeacon: null, lastBeaconRecip: ahead, lastWitness: ahead });
    };
    const { world, beaconer } = judge({ prepare });
    expect(clocksOf(world.state, beaconer.key).lastBeaconRecip).toBe(NOON + 60_000);
    expect(ENTROPY_S * 1000).toBe(NOON);
  });
});
