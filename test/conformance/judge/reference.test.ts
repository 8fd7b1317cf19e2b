import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { outOf, type Input } from '../support/ask.ts';
import {
  beaconLine,
  cellEast,
  ENTROPY,
  keyNumber,
  NOON,
  placeEast,
  summary,
  witnessLine,
  type Judged,
  type Place,
} from './poc-lines.ts';
import { referenceJudge, type ReferenceInput } from './reference-judge.ts';

const KEYS = Array.from({ length: 7 }, (_, number) => keyNumber(number + 1));
const [A = ''] = KEYS;
const HOURS_48 = 48 * 3_600_000;

/** Mostly the first value, and now and then one of the others. */
function mostly<Value>(usual: Value, ...others: readonly Value[]): fc.Arbitrary<Value> {
  return fc.oneof(
    { weight: 12, arbitrary: fc.constant(usual) },
    { weight: 2, arbitrary: fc.constantFrom(...others) },
  );
}

const place = (number: number): fc.Arbitrary<Required<Place>> =>
  fc.record({
    cell: mostly<string | null>(cellEast(number * 900), null, cellEast(0), cellEast(340), cellEast(101_500)),
    region: mostly<string | null>('EU868', null, 'US915'),
    gain: mostly(12, 0, 23, -15, 171),
    full: mostly(true, false),
    tier: mostly('endorsed', 'open', 'bonded'),
    status: mostly('active', 'quarantined'),
  });

const hotspots = fc
  .tuple(...KEYS.map((_, number) => place(number)))
  .chain((places) =>
    fc
      .subarray([...KEYS.keys()], { minLength: 5 })
      .map((registered): Record<string, Required<Place>> =>
        Object.fromEntries(
          registered.map(
            (number) => [KEYS[number] ?? '', places[number] ?? placeEast(0)] as [string, Required<Place>],
          ),
        ),
      ),
  );

const beacon = fc
  .record({
    gain: mostly(12, 0, 23),
    received_ms: mostly(NOON + 5000, NOON, NOON - 1, NOON + 180_999, NOON + 181_000),
    frequencyOffset: mostly(0, 200_000),
    datarate: mostly('', 'SF9BW125'),
    local: mostly('01020304', '05060708'),
    lies: mostly(false, true),
    tx_power: mostly(14, 5, 30),
  })
  .map(({ gain, frequencyOffset, datarate, lies, local, ...fields }) => {
    const line = beaconLine(A, { gain, local, ...fields });
    return {
      ...line,
      local: lies ? '00' : line.local,
      frequency: Number(line.frequency) + frequencyOffset,
      datarate: datarate === '' ? line.datarate : datarate,
    };
  });

const witness = fc.record({
  key: fc.constantFrom(...KEYS),
  after: mostly(2000, -180_001, -180_000, -3000, -1, 0, 1499, 1500, 1501, 3999, 4000, 4001, 10_000, 10_001),
  frequencyOffset: mostly(0, 100_000, -100_000, 100_001, -100_001),
  signal: fc.oneof(
    { weight: 4, arbitrary: fc.constant(-1300) },
    { weight: 1, arbitrary: fc.integer({ min: -950, max: -550 }) },
  ),
  other: mostly(false, true),
});

const clock = fc.constantFrom(
  ...[-HOURS_48, -HOURS_48 + 5000, -HOURS_48 + 7000, -1, 0, 60_000].map((at) => NOON + at),
);
const clocks = fc.dictionary(fc.constantFrom(...KEYS), clock, { maxKeys: 7 });
const heard = fc.record(
  Object.fromEntries(KEYS.map((key) => [key, mostly(NOON - 3_600_000, NOON - HOURS_48)])),
);

const input: fc.Arbitrary<ReferenceInput> = fc
  .record({
    beacon,
    witnesses: fc.array(witness, { maxLength: 9 }),
    hotspots,
    entropy: mostly<ReferenceInput['entropy']>(
      ENTROPY,
      null,
      { ...ENTROPY, data: 'cd'.repeat(32) },
      { ...ENTROPY, version: 2 },
      { ...ENTROPY, version: 1 },
    ),
    epoch: mostly(2, 1),
    state: fc.record({
      last_beacon: fc.oneof(fc.constant({}), clocks),
      last_beacon_recip: fc.oneof({ weight: 4, arbitrary: heard }, { weight: 1, arbitrary: clocks }),
      last_witness: fc.oneof({ weight: 4, arbitrary: heard }, { weight: 1, arbitrary: clocks }),
    }),
    deny: fc.record({
      keys: mostly<readonly string[]>([], [KEYS[2] ?? ''], [A]),
      edges: mostly<readonly (readonly string[])[]>(
        [],
        [
          [KEYS[3] ?? '', A],
          [A, KEYS[4] ?? ''],
        ],
        [[A, A]],
        [[KEYS[1] ?? '', KEYS[2] ?? '']],
      ),
    }),
    interval: mostly(21_600, 60),
    maxWitnesses: mostly(256, 3),
    selectedWitnesses: mostly(14, 2),
    pairs: mostly('one_trusted', 'any'),
  })
  .map(({ witnesses, ...of }) => ({
    ...of,
    witnesses: witnesses.map(({ key, after, frequencyOffset, signal, other }) =>
      witnessLine(key, of.beacon, {
        received_ms: Math.max(0, of.beacon.received_ms + after),
        frequency: of.beacon.frequency + frequencyOffset,
        signal,
        ...(other ? { data: 'ee'.repeat(51) } : {}),
      }),
    ),
  }));

describe('the judgement of any line', { timeout: 120_000 }, () => {
  it('is the one of a second reading of the rules', () => {
    const reasons = new Map<string, number>();
    fc.assert(
      fc.property(input, (of) => {
        const { interval, maxWitnesses, selectedWitnesses, pairs, ...line } = of;
        const policy = {
          beacon_interval: interval,
          max_witnesses: maxWitnesses,
          selected_witnesses: Math.min(selectedWitnesses, maxWitnesses),
          trust: { pairs },
        };
        const judged = outOf('poc.judge', { ...line, policy } as unknown as Input) as unknown as Judged;
        const expected = referenceJudge({ ...of, selectedWitnesses: policy.selected_witnesses });
        const found = summary(judged).map((each) =>
          /^(untrusted_pair|not_selected)$/.test(each) ? 'unselected' : each,
        );
        for (const each of found) reasons.set(each, (reasons.get(each) ?? 0) + 1);
        expect(found).toEqual(expected.summary);
        expect(judged.state).toEqual(expected.state);
        expect(judged.units).toEqual(outOf('reward.units', { n: expected.selected }));
      }),
      { seed: 7, numRuns: 4000 },
    );
    // Every reason came up that a line can have.
    expect([...reasons.keys()].toSorted()).toEqual(EVERY_OUTCOME.toSorted());
  });
});

const OF_BOTH = [
  'gateway_not_found',
  'not_asserted',
  'denied',
  'quarantined',
  'stale',
  'entropy_expired',
  'invalid_capability',
];
const OF_BEACONS = [...OF_BOTH, 'irregular_interval', 'invalid_packet', 'gateway_no_valid_witnesses'];
const OF_WITNESSES = [
  ...OF_BOTH,
  'duplicate',
  'denied_edge',
  'self_witness',
  'too_late',
  'invalid_frequency',
  'invalid_region',
  'max_distance_exceeded',
  'below_min_distance',
  'bad_rssi',
  'gateway_no_valid_beacons',
  'over_limit',
];
const EVERY_OUTCOME = [
  'valid',
  'selected',
  'unselected',
  ...OF_BEACONS,
  ...OF_BEACONS.map((reason) => `${reason} beaconer`),
  ...OF_WITNESSES.map((reason) => `${reason} witness`),
];
