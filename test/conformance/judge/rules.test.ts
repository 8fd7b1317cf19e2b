import { hex } from '@scure/base';
import { sha256 } from '@noble/hashes/sha2.js';
import { describe, expect, it } from 'vitest';
import { keyBytes, keyFromText } from '#protocol/wire/key';
import {
  beaconLine,
  cellEast,
  ENTROPY,
  judge,
  keyNumber,
  NOON,
  placeEast,
  summary,
  witnessLine,
  type BeaconLine,
  type Place,
  type PocInput,
  type WitnessLine,
} from './poc-lines.ts';

const [A, B, C] = [keyNumber(1), keyNumber(2), keyNumber(3)];
const beacon = beaconLine(A);
const hotspots: Readonly<Record<string, Place>> = {
  [A]: placeEast(0),
  [B]: placeEast(2000),
  [C]: placeEast(-2000),
};

/** A beacon of A and its witness B, with anything changed. */
const judgeOne = (
  of: { readonly beacon?: Partial<BeaconLine>; readonly witness?: Partial<WitnessLine> } & Partial<
    Omit<PocInput, 'beacon' | 'witnesses'>
  > = {},
) => {
  const { beacon: sent, witness, ...rest } = of;
  const line = { ...beacon, ...sent };
  return summary(judge({ hotspots, ...rest, beacon: line, witnesses: [witnessLine(B, line, witness)] }));
};
const withPlace = (key: string, of: Partial<Place>) => ({
  ...hotspots,
  [key]: placeEast(key === A ? 0 : 2000, of),
});
const ago = (ms: number) => NOON + 1000 - ms;
const HOURS_48 = 48 * 3_600_000;

describe('a beacon', () => {
  it('of an undisturbed network is valid and pays its witness', () => {
    const judged = judge({ hotspots, beacon, witnesses: [witnessLine(B, beacon)] });
    expect(summary(judged)).toEqual(['valid', 'selected']);
    expect(judged.units).toEqual({ beacon: '0.2500', witness: '1.0000' });
    expect(judged.state).toEqual({
      last_beacon: { [A]: NOON + 1000 },
      last_beacon_recip: { [A]: NOON + 1000, [B]: NOON - 3_600_000, [C]: NOON - 3_600_000 },
      last_witness: { [A]: NOON - 3_600_000, [B]: NOON + 3000, [C]: NOON - 3_600_000 },
    });
  });

  it.each<[string, Parameters<typeof judgeOne>[0], string]>([
    ['a key that is not registered', { hotspots: { [B]: placeEast(2000) } }, 'gateway_not_found'],
    ['no cell', { hotspots: withPlace(A, { cell: null }) }, 'not_asserted'],
    ['a cell in no region', { hotspots: withPlace(A, { region: null }) }, 'not_asserted'],
    ['a denied key', { deny: { keys: [A] } }, 'denied'],
    ['quarantine', { hotspots: withPlace(A, { status: 'quarantined' }) }, 'quarantined'],
    ['no entropy in the evidence', { entropy: null }, 'stale'],
    ['an entropy of other data', { entropy: { ...ENTROPY, data: 'cd'.repeat(32) } }, 'stale'],
    ['data only', { hotspots: withPlace(A, { full: false }) }, 'invalid_capability'],
    ['a beacon in the same interval', { state: { last_beacon: { [A]: NOON } } }, 'irregular_interval'],
    ['another payload', { beacon: { data: beacon.data.replace(/^../, 'ff') } }, 'invalid_packet'],
    ['another local entropy', { beacon: { local: '01020305' } }, 'invalid_packet'],
    ['another frequency', { beacon: { frequency: Number(beacon.frequency) + 1 } }, 'invalid_packet'],
    ['another data rate', { beacon: { datarate: 'SF11BW125' } }, 'invalid_packet'],
    ['another region', { hotspots: withPlace(A, { region: 'US915' }) }, 'invalid_packet'],
    ['an entropy of an unknown version', { entropy: { ...ENTROPY, version: 2 } }, 'invalid_packet'],
    [
      'an entropy of another second',
      { entropy: { ...ENTROPY, timestamp_s: NOON / 1000 - 1 } },
      'invalid_packet',
    ],
    ['a gain that leaves no power', { hotspots: withPlace(A, { gain: 171 }) }, 'invalid_packet'],
  ])('with %s is refused, and its witness with it', (_, change, reason) => {
    expect(judgeOne(change)).toEqual([reason, `${reason} beaconer`]);
  });

  it.each([
    ['at its start', 0, 'valid'],
    ['in the last of 180 seconds', 180_999, 'valid'],
    ['a second later', 181_000, 'entropy_expired'],
    ['a millisecond before its start', -1, 'entropy_expired'],
    ['two hours later', 7_200_000, 'entropy_expired'],
  ])('received %s of its entropy is %s', (_, after, reason) => {
    expect(
      judgeOne({ beacon: { received_ms: NOON + after }, witness: { received_ms: NOON + after } })[0],
    ).toBe(reason);
  });

  it('may follow in the next bucket at once, and not in the same one however late', () => {
    const state = (last: number) => ({
      last_beacon: { [A]: last },
      last_witness: { [A]: NOON },
      last_beacon_recip: { [B]: NOON },
    });
    expect(judgeOne({ state: state(NOON - 1) })).toEqual(['valid', 'selected']);
    const late = { received_ms: NOON + 160_000 };
    const policy = { beacon_interval: 120 };
    expect(judgeOne({ beacon: late, policy, state: state(NOON + 119_999) })[0]).toBe('valid');
    expect(judgeOne({ beacon: late, policy, state: state(NOON + 120_000) })[0]).toBe('irregular_interval');
    expect(judgeOne({ beacon: late, policy, state: state(NOON + 500_000) })[0]).toBe('irregular_interval');
  });

  it('needs a valid witness report of its own from less than 48 hours ago', () => {
    const state = (last: number | null) => ({
      last_witness: last === null ? {} : { [A]: last },
      last_beacon_recip: { [B]: NOON },
    });
    expect(judgeOne({ state: state(ago(HOURS_48 - 1)) })).toEqual(['valid', 'selected']);
    expect(judgeOne({ state: state(NOON + 999_000) })).toEqual(['valid', 'selected']);
    for (const last of [ago(HOURS_48), null])
      expect(judgeOne({ state: state(last) })).toEqual([
        'gateway_no_valid_witnesses',
        'gateway_no_valid_witnesses beaconer',
      ]);
  });

  it('needs none before the epoch from which reciprocity is asked for', () => {
    for (const [epoch, policy, expected] of [
      [1, {}, 'valid'],
      ['1', {}, 'valid'],
      [2, {}, 'gateway_no_valid_witnesses'],
      [4, { reciprocity_from: 5 }, 'valid'],
      [5, { reciprocity_from: 5 }, 'gateway_no_valid_witnesses'],
    ] as const)
      expect(judgeOne({ epoch, policy, state: {} })[0]).toBe(expected);
  });

  it('is judged by the first objection in the order of the rules', () => {
    const wrong = { data: 'ff'.repeat(51) };
    const state = { last_beacon: { [A]: NOON } };
    const known = { beacon: wrong, state };
    const undenied = { ...known, entropy: null };
    const all = { ...undenied, deny: { keys: [A] } };
    const data = (of: Partial<Place>) => withPlace(A, { full: false, ...of });
    expect(judgeOne({ ...all, hotspots: data({ cell: null, status: 'quarantined' }) })[0]).toBe(
      'not_asserted',
    );
    expect(judgeOne({ ...all, hotspots: data({ status: 'quarantined' }) })[0]).toBe('denied');
    expect(judgeOne({ ...undenied, hotspots: data({ status: 'quarantined' }) })[0]).toBe('quarantined');
    expect(judgeOne({ ...undenied, hotspots: data({}) })[0]).toBe('stale');
    expect(judgeOne({ ...known, hotspots: data({}) })[0]).toBe('invalid_capability');
    expect(judgeOne({ beacon: wrong, state })[0]).toBe('irregular_interval');
    expect(judgeOne({ beacon: wrong })[0]).toBe('invalid_packet');
  });
});

describe('a witness', () => {
  it.each<[string, Parameters<typeof judgeOne>[0], string]>([
    ['a key that is not registered', { hotspots: { [A]: placeEast(0) } }, 'gateway_not_found'],
    ['no cell', { hotspots: withPlace(B, { cell: null }) }, 'not_asserted'],
    ['a cell in no region', { hotspots: withPlace(B, { region: null }) }, 'not_asserted'],
    ['a denied key', { deny: { keys: [B] } }, 'denied'],
    ['quarantine', { hotspots: withPlace(B, { status: 'quarantined' }) }, 'quarantined'],
    ['a denied pair', { deny: { edges: [[B, A]] } }, 'denied_edge'],
    ['a denied pair the other way round', { deny: { edges: [[A, B]] } }, 'denied_edge'],
    ['data only', { hotspots: withPlace(B, { full: false }) }, 'invalid_capability'],
    ['another region', { hotspots: withPlace(B, { region: 'US915' }) }, 'invalid_region'],
    ['a place far away', { hotspots: { ...hotspots, [B]: placeEast(101_500) } }, 'max_distance_exceeded'],
    ['the place of the beaconer', { hotspots: { ...hotspots, [B]: placeEast(0) } }, 'below_min_distance'],
    ['too strong a signal', { witness: { signal: 0 } }, 'bad_rssi'],
    ['no beacon of its own', { state: { last_witness: { [A]: NOON } } }, 'gateway_no_valid_beacons'],
  ])('with %s is refused', (_, change, reason) => {
    expect(judgeOne(change)).toEqual(['valid', `${reason} witness`]);
  });

  it('of its own beacon is refused', () => {
    expect(summary(judge({ hotspots, beacon, witnesses: [witnessLine(A, beacon)] }))).toEqual([
      'valid',
      'self_witness witness',
    ]);
  });

  it('that reports twice is a duplicate the second time, whatever the first one was', () => {
    const [good, bad] = [
      witnessLine(B, beacon),
      witnessLine(B, beacon, { signal: 0, received_ms: NOON + 2000 }),
    ];
    expect(summary(judge({ hotspots, beacon, witnesses: [good, good] }))).toEqual([
      'valid',
      'selected',
      'duplicate witness',
    ]);
    expect(summary(judge({ hotspots, beacon, witnesses: [good, bad] }))).toEqual([
      'valid',
      'bad_rssi witness',
      'duplicate witness',
    ]);
  });

  it.each([
    [180_000, 'valid', 'too_late witness'],
    [180_001, 'valid', 'too_late witness'],
  ])(
    '%i ms before its beacon is judged or not, and late for the first one either way',
    (before, of, late) => {
      const early = witnessLine(B, beacon, { received_ms: beacon.received_ms - before });
      const judged = judge({ hotspots, beacon: { ...beacon }, witnesses: [early, witnessLine(C, beacon)] });
      // Within the window it is the first of the attached ones, and the others are late behind it; it has itself no entropy yet.
      const expected = before === 180_000 ? [of, 'entropy_expired witness', late] : [of, late, 'selected'];
      expect(summary(judged)).toEqual(expected);
    },
  );

  it.each([
    [4000, 'selected'],
    [4001, 'too_late witness'],
    [10_000, 'too_late witness'],
    [10_001, 'too_late witness'],
  ])('%i ms after its beacon is %s', (after, expected) => {
    expect(judgeOne({ witness: { received_ms: beacon.received_ms + after } })[1]).toBe(expected);
  });

  it('moves nothing and takes no part when it comes after the window', () => {
    const apart = judge({
      hotspots,
      beacon,
      witnesses: [witnessLine(B, beacon, { received_ms: beacon.received_ms + 10_001 })],
    });
    expect(apart.state.last_beacon).toEqual({ [A]: NOON + 1000 });
    expect(apart.state.last_beacon_recip?.[A]).toBe(NOON - 3_600_000);
    const attached = judge({
      hotspots,
      beacon,
      witnesses: [witnessLine(B, beacon, { received_ms: beacon.received_ms + 10_000 })],
    });
    expect(attached.state.last_beacon_recip?.[A]).toBe(NOON + 1000);
    expect(attached.state.last_witness?.[B]).toBe(NOON - 3_600_000);
  });

  it('before the beacon sets the time for all: 1500 ms behind the first attached one', () => {
    const at = (key: string, after: number) =>
      witnessLine(key, beacon, { received_ms: beacon.received_ms + after });
    expect(summary(judge({ hotspots, beacon, witnesses: [at(B, -1), at(C, 1499)] }))).toEqual([
      'valid',
      'selected',
      'selected',
    ]);
    expect(summary(judge({ hotspots, beacon, witnesses: [at(B, -1), at(C, 1500)] }))).toEqual([
      'valid',
      'selected',
      'too_late witness',
    ]);
    // At the same time the beacon comes first.
    expect(summary(judge({ hotspots, beacon, witnesses: [at(B, 0), at(C, 4000)] }))).toEqual([
      'valid',
      'selected',
      'selected',
    ]);
    // Whatever the verdict of the first one is.
    expect(summary(judge({ hotspots, beacon, witnesses: [at(A, -1), at(C, 1500)] }))).toEqual([
      'valid',
      'self_witness witness',
      'too_late witness',
    ]);
    // One that is not registered is not attached.
    const far = at(keyNumber(9), -1);
    expect(summary(judge({ hotspots, beacon, witnesses: [far, at(C, 4000)] }))).toEqual([
      'valid',
      'gateway_not_found witness',
      'selected',
    ]);
  });

  it.each([
    [100_000, 'selected'],
    [-100_000, 'selected'],
    [100_001, 'invalid_frequency witness'],
    [-100_001, 'invalid_frequency witness'],
  ])('%i Hz off the beacon is %s', (offset, expected) => {
    expect(judgeOne({ witness: { frequency: Number(beacon.frequency) + offset } })[1]).toBe(expected);
  });

  it.each([
    ['its last second', 180_999, 'selected'],
    ['the second after', 181_000, 'entropy_expired witness'],
  ])('received in %s of the entropy is %s', (_, after, expected) => {
    const sent = { received_ms: NOON + 178_000 };
    expect(judgeOne({ beacon: sent, witness: { received_ms: NOON + after } })[1]).toBe(expected);
  });

  it('must be 8 cells away: 7 are too close', () => {
    const outcomes = new Map<number, string>();
    for (let metres = 250; metres < 450; metres += 2) {
      const cell = cellEast(metres);
      const judged = judge({
        hotspots: { ...hotspots, [B]: placeEast(0, { cell }) },
        beacon,
        witnesses: [witnessLine(B, beacon)],
      });
      outcomes.set(Number(judged.witnesses[0]?.numbers['cells_apart']), summary(judged)[1] ?? '');
    }
    expect(outcomes.get(7)).toBe('below_min_distance witness');
    expect(outcomes.get(8)).toBe('selected');
  });

  it('may be 100 km away, counted in whole ones', () => {
    const outcomes = new Map<string, number[]>();
    for (let metres = 100_900; metres < 101_100; metres += 8) {
      const judged = judge({
        hotspots: { ...hotspots, [B]: placeEast(metres) },
        beacon,
        witnesses: [witnessLine(B, beacon, { signal: -1400 })],
      });
      const of = summary(judged)[1] ?? '';
      outcomes.set(of, [...(outcomes.get(of) ?? []), Number(judged.witnesses[0]?.numbers['distance_m'])]);
    }
    expect([...outcomes.keys()]).toEqual(['selected', 'max_distance_exceeded witness']);
    expect(Math.max(...(outcomes.get('selected') ?? []))).toBeLessThan(101_000);
    expect(Math.min(...(outcomes.get('max_distance_exceeded witness') ?? []))).toBeGreaterThanOrEqual(
      101_000,
    );
  });

  it.each([
    ['the plan allows', 14, 0],
    ['it says, where that is less', 5, -9],
    ['the plan allows, where it says more', 30, 0],
  ])('is bounded by free space from the power that %s', (_, power, more) => {
    const [heard] = judge({ hotspots, beacon, witnesses: [witnessLine(B, beacon)] }).witnesses;
    const metres = Number(heard?.numbers['distance_m']);
    const loss = 20 * Math.log10((4 * Math.PI * metres * Number(beacon.frequency)) / 2.998e8);
    expect(loss).toBeCloseTo(97.2, 0);
    // 14 dBm and twice 1 dBi.
    const bound = 14 + more + 1 + 1 - loss;
    const signalOf = (signal: number) => judgeOne({ beacon: { tx_power: power }, witness: { signal } })[1];
    expect(signalOf(Math.floor(bound * 10))).toBe('selected');
    expect(signalOf(Math.floor(bound * 10) + 1)).toBe('bad_rssi witness');
  });

  it('needs a beacon of its own that was heard less than 48 hours before its report', () => {
    const state = (last: number) => ({ last_witness: { [A]: NOON }, last_beacon_recip: { [B]: last } });
    expect(judgeOne({ state: state(NOON + 3000 - HOURS_48 + 1) })[1]).toBe('selected');
    expect(judgeOne({ state: state(NOON + 3000 - HOURS_48) })[1]).toBe('gateway_no_valid_beacons witness');
  });

  it('that lacks it was a valid witness all the same', () => {
    const judged = judge({
      hotspots,
      beacon,
      state: { last_witness: { [A]: NOON } },
      witnesses: [witnessLine(B, beacon)],
    });
    expect(judged.state.last_witness).toEqual({ [A]: NOON, [B]: NOON + 3000 });
  });

  it('of other data met no beacon, and is stale whatever the beacon is', () => {
    const other = witnessLine(B, beacon, { data: 'ee'.repeat(51), received_ms: NOON + 1500 });
    const judged = judge({ hotspots, beacon, witnesses: [witnessLine(C, beacon), other] });
    expect(summary(judged)).toEqual(['valid', 'stale witness', 'selected']);
    expect(judged.witnesses.map(({ key }) => key)).toEqual([B, C]);
    expect(
      summary(judge({ hotspots, beacon, entropy: null, witnesses: [witnessLine(C, beacon), other] })),
    ).toEqual(['stale', 'stale witness', 'stale beaconer']);
  });

  it('keeps its own reason where it is not attached and the beacon is refused', () => {
    const late = witnessLine(C, beacon, { received_ms: beacon.received_ms + 20_000 });
    const foreign = witnessLine(keyNumber(9), beacon);
    const judged = judge({
      hotspots,
      beacon,
      deny: { keys: [A] },
      witnesses: [witnessLine(B, beacon), foreign, late],
    });
    expect(summary(judged)).toEqual([
      'denied',
      'denied beaconer',
      'gateway_not_found witness',
      'too_late witness',
    ]);
    expect(judged.units).toEqual({ beacon: '0.0000', witness: '0.0000' });
  });
});

describe('the choice of the paid witnesses', () => {
  const many = Array.from({ length: 20 }, (_, number) => keyNumber(100 + number));
  const places = Object.fromEntries(many.map((key, number) => [key, placeEast(1000 + 100 * number)]));
  const witnesses = many.map((key, number) =>
    witnessLine(key, beacon, { received_ms: NOON + 2000 + number }),
  );
  const ticket = (key: string) =>
    hex.encode(sha256(Buffer.concat([hex.decode(beacon.data), keyBytes(keyFromText(key))])));

  it('takes the 14 smallest hashes of payload and key, and the others are valid', () => {
    const judged = judge({ hotspots: { ...hotspots, ...places }, beacon, witnesses });
    const paid = judged.witnesses.filter(({ selected }) => selected).map(({ key }) => key);
    const smallest = many.toSorted((a, b) => (ticket(a) < ticket(b) ? -1 : 1)).slice(0, 14);
    expect(paid.toSorted()).toEqual(smallest.toSorted());
    expect(judged.witnesses.every(({ valid }) => valid)).toBe(true);
    expect(judged.units).toEqual({ beacon: '1.8926', witness: '0.2220' });
  });

  it('leaves out pairs of two open hotspots, unless the policy takes any', () => {
    const open = {
      ...hotspots,
      [A]: placeEast(0, { tier: 'open' }),
      [B]: placeEast(2000, { tier: 'open' }),
      [C]: placeEast(-2000, { tier: 'bonded' }),
    };
    const both = [witnessLine(B, beacon), witnessLine(C, beacon)];
    expect(summary(judge({ hotspots: open, beacon, witnesses: both }))).toEqual([
      'valid',
      'untrusted_pair',
      'selected',
    ]);
    expect(
      summary(judge({ hotspots: open, beacon, witnesses: both, policy: { trust: { pairs: 'any' } } })),
    ).toEqual(['valid', 'selected', 'selected']);
  });

  it('looks at the first ones up to the limit of the policy', () => {
    const judged = judge({
      hotspots: { ...hotspots, ...places },
      beacon,
      witnesses: witnesses.slice(0, 4),
      policy: { max_witnesses: 3 },
    });
    expect(summary(judged)).toEqual(['valid', 'selected', 'selected', 'selected', 'over_limit witness']);
    const two = judge({
      hotspots: { ...hotspots, ...places },
      beacon,
      witnesses: witnesses.slice(0, 4),
      policy: { selected_witnesses: 2 },
    });
    expect(two.witnesses.filter(({ selected }) => selected)).toHaveLength(2);
    expect(two.witnesses.filter(({ note }) => note === 'not_selected')).toHaveLength(2);
  });
});
