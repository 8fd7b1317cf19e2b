import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NOBODY_DENIED } from '#protocol/deny/deny-list';
import { ddbm, epochNumber, millis } from '#protocol/units';
import { advance } from '#protocol/verify/advance';
import { checkPoc } from '#protocol/verify/check-poc';
import { Grouper } from '#protocol/verify/grouper';
import type { PocVerdict, ReportVerdict } from '#protocol/verify/poc';
import { comparePositions } from '#protocol/verify/position';
import {
  cellAt,
  denyEdges,
  denyKeys,
  hotspot,
  NOON,
  PocWorld,
  verifyMarked,
} from '../../support/poc-world.ts';

/*
 * What no honest hotspot sends and the wire lets through all the same: every number of a report and of the registry at and
 * around the limits of its type.
 */

const around = (...values: readonly number[]): readonly number[] =>
  values.flatMap((value) => [value - 1, value, value + 1]);
const I32 = [-(2 ** 31), -(2 ** 31) + 1, 2 ** 31 - 2, 2 ** 31 - 1, ...around(-32_768, -10, 0, 10, 1200)];
const U64 = [
  0n,
  1n,
  2n ** 32n,
  2n ** 53n - 1n,
  2n ** 53n,
  2n ** 53n + 1n,
  2n ** 63n,
  2n ** 64n - 2n,
  2n ** 64n - 1n,
];
const i32 = fc.oneof(fc.constantFrom(...I32), fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }));
const u64 = fc.oneof(fc.constantFrom(...U64), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }));
const seconds = fc.constantFrom(0, 1, NOON / 1000, NOON / 1000 + 11, Number.MAX_SAFE_INTEGER);
const cell = fc.constantFrom(
  hotspot(2, { metres: 600 }).cell,
  hotspot(2).cell,
  cellAt(52.5, 13.5),
  cellAt(-52.5, -167),
  cellAt(90, 0),
  cellAt(40.71, -74.01),
  null,
);
/** Mostly as it should be. */
const maybe = <Value>(value: fc.Arbitrary<Value>) =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });
const facts = fc.record({
  gain: fc.oneof(fc.constant(12), i32),
  elevation: i32,
  registeredAt: maybe(seconds),
  cell: maybe(cell),
  mode: maybe(fc.constant('data_only' as const)),
  status: maybe(fc.constant('quarantined' as const)),
  tier: fc.constantFrom('open' as const, 'endorsed' as const),
});
const report = { datarate: maybe(i32), timestamp: u64, tmst: fc.constantFrom(0, 2 ** 32 - 1) };
const world = fc.record({
  beaconer: facts,
  witness: facts,
  beacon: fc.record({
    ...report,
    txPower: fc.oneof(fc.constant(14), i32),
    channel: i32,
    frequency: maybe(u64),
  }),
  heard: fc.record({ ...report, signal: i32, snr: i32, frequency: maybe(u64) }),
  after: fc.oneof(
    fc.constant(1000),
    fc.constantFrom(-180_001, -180_000, -1, 0, 4001, 10_000, 10_001, 181_000, 181_001),
  ),
  denied: fc.constantFrom('nobody', 'nobody', 'key', 'pair'),
  clock: fc.constantFrom(0, NOON, Number.MAX_SAFE_INTEGER),
  regions: fc.boolean(),
});
type World = typeof world extends fc.Arbitrary<infer Value> ? Value : never;
type Given<Fields> = { readonly [Name in keyof Fields]?: Exclude<Fields[Name], undefined> };

const given = <Fields extends object>(fields: Fields): Given<Fields> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Given<Fields>;

function judge(of: World): readonly PocVerdict[] {
  const beaconer = hotspot(1, given(of.beaconer));
  const witness = hotspot(2, { metres: 600, ...given(of.witness) });
  const network = new PocWorld([beaconer, witness]);
  const { registry, policy, entropies, state } = network;
  const at = millis(of.clock);
  state.clocks.set(witness.key, { lastBeacon: at, lastBeaconRecip: at, lastWitness: at });
  const plain = hotspot(1);
  const { data, frequency } = network.beacon(plain, { at: NOON }).report;
  const beacon = network.beacon(plain, { at: NOON + 20_000, data, frequency, ...given(of.beacon) });
  const { signal, ...fields } = of.heard;
  const when = NOON + 20_000 + of.after;
  const heard = network.witness(witness, beacon, { at: when, ...given(fields), signal: ddbm(signal) });
  const grouper = new Grouper({ verify: verifyMarked, windows: policy.windows });
  for (const each of [beacon, heard].sort((a, b) => comparePositions(a.position, b.position)))
    grouper.push(each);
  const deny = {
    nobody: NOBODY_DENIED,
    key: denyKeys([witness.key], Number.MAX_SAFE_INTEGER),
    pair: denyEdges([[beaconer.key, witness.key]], 0),
  }[of.denied];
  const epoch = epochNumber(2n ** 64n - 1n);
  const facts = { registry, policy, deny, epoch, entropies, verify: verifyMarked };
  return grouper.flush().map((group) => {
    // With one region for all, a pair far apart gets as far as its distance.
    const checked = checkPoc({ ...facts, group, ...(of.regions ? { regionOf: () => 'EU868' } : {}) });
    return advance({ state, checked, policy, epoch });
  });
}

const all = ({ beacon, witnesses, others }: PocVerdict): readonly ReportVerdict[] => [
  ...(beacon === null ? [] : [beacon]),
  ...witnesses,
  ...others,
];

test('numbers at the limits of their types are judged like others, and verdicts hold none that JSON would change', () => {
  const reasons = new Set<string>();
  fc.assert(
    fc.property(world, (of) => {
      for (const { reason, numbers } of judge(of).flatMap(all)) {
        reasons.add(reason ?? 'valid');
        for (const [name, value] of Object.entries(numbers)) {
          const safe =
            typeof value === 'number' ? Number.isSafeInteger(value) && !Object.is(value, -0) : true;
          expect(safe, `${reason ?? 'valid'}: ${name} is ${String(value)}`).toBe(true);
          if (name.endsWith('frequency_hz')) expect(value).toMatch(/^(0|[1-9][0-9]*)$/);
        }
      }
    }),
    { seed: 20_261_124, numRuns: 4000 },
  );
  // The limits are met behind every rule, not only before the first.
  for (const reason of [
    'valid',
    'bad_rssi',
    'below_min_distance',
    'denied_edge',
    'gateway_not_found',
    'invalid_capability',
    'invalid_frequency',
    'invalid_packet',
    'invalid_region',
    'max_distance_exceeded',
    'not_asserted',
    'too_late',
  ])
    expect([...reasons]).toContain(reason);
});
