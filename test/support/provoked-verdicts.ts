import type { DenyList } from '#protocol/deny/deny-list';
import { cellCentre } from '#protocol/geo/cell';
import type { Policy } from '#protocol/policy';
import { millis } from '#protocol/units';
import type { HotspotFacts, LoggedReport, PocVerdict, ReportVerdict } from '#protocol/verify/poc';
import type { WitnessFields } from '#protocol/wire/encode';
import { cellAt, denyEdges, denyKeys, hotspot, keyNumber, NOON, PocWorld, type At } from './poc-world.ts';

/** A verdict of a small world, and the policy that it was judged by. */
export interface Provoked {
  readonly verdict: ReportVerdict;
  readonly policy: Policy;
}

const BEACON_AT = NOON + 10_000;
const BAD = Uint8Array.of(0);
const HOUR = 3_600_000;
const NEW_YORK = cellAt(40.71, -74.01);
const NO_REGION = cellAt(0, -140);
const SYDNEY = cellAt(-33.9, 151.2);

interface Setting {
  readonly beaconer?: Partial<HotspotFacts>;
  readonly witness?: Partial<HotspotFacts> & { readonly metres?: number };
  readonly policy?: Partial<Policy>;
  readonly deny?: DenyList;
  readonly prepare?: (world: PocWorld) => unknown;
  readonly beacon?: Parameters<PocWorld['beacon']>[1];
  readonly report?: Partial<At> & Partial<WitnessFields>;
}

/** Hotspot 1 beacons, hotspot 2 hears it from 600 m. */
function play(of: Setting): Provoked & { readonly heard: ReportVerdict | undefined } {
  const beaconer = hotspot(1, of.beaconer);
  const witness = hotspot(2, { metres: 600, ...of.witness });
  const world = new PocWorld([beaconer, witness], of.policy);
  world.deny = of.deny ?? world.deny;
  of.prepare?.(world);
  const beacon = world.beacon(beaconer, { at: BEACON_AT, ...of.beacon });
  const heard = world.witness(witness, beacon, { at: beacon.position.receivedAt + 2000, ...of.report });
  const [verdict] = world.judge(beacon, heard).filter((each) => each.beacon !== null);
  if (verdict?.beacon === undefined || verdict.beacon === null) throw new Error('no beacon');
  return { verdict: verdict.beacon, policy: world.policy, heard: verdict.witnesses[0] };
}

const beacon = (of: Setting): Provoked => play(of);
const witness = (of: Setting): Provoked => {
  const { heard, policy } = play(of);
  if (heard === undefined) throw new Error('the witness is not attached');
  return { verdict: heard, policy };
};

/** The first verdict that fits, of reports that a world of three judges. */
function among(
  reports: (
    world: PocWorld,
    at: { readonly first: HotspotFacts; readonly second: HotspotFacts; readonly third: HotspotFacts },
  ) => readonly LoggedReport[],
  find: (verdicts: readonly PocVerdict[]) => ReportVerdict | undefined,
  policy: Partial<Policy> = {},
): Provoked {
  const at = {
    first: hotspot(1),
    second: hotspot(2, { metres: 600 }),
    third: hotspot(3, { metres: 900 }),
  };
  const world = new PocWorld(Object.values(at), policy);
  const verdict = find(world.judge(...reports(world, at)));
  if (verdict === undefined) throw new Error('no such verdict');
  return { verdict, policy: world.policy };
}
const other = (verdicts: readonly PocVerdict[]): ReportVerdict | undefined =>
  verdicts.flatMap(({ others }) => others)[0];
const last = (verdicts: readonly PocVerdict[]): ReportVerdict | undefined =>
  verdicts.flatMap(({ witnesses }) => witnesses).at(-1);

const clocks =
  (number: number, of: { recip?: number; witness?: number; beacon?: number }) =>
  (world: PocWorld): void => {
    const at = (value: number | undefined) => (value === undefined ? null : millis(value));
    world.state.clocks.set(keyNumber(number), {
      lastBeacon: at(of.beacon),
      lastBeaconRecip: at(of.recip),
      lastWitness: at(of.witness),
    });
  };
const entropyAt =
  (receivedAt: number) =>
  (world: PocWorld): void => {
    for (const [data, fact] of world.entropies)
      world.entropies.set(data, { ...fact, receivedAt: millis(receivedAt) });
  };

/** One verdict of every kind that the rules give, by the sentence that explains it; written by hand. */
export const PROVOKED: readonly (readonly [sentence: string, provoke: () => Provoked])[] = [
  [
    'The signature is not one of the key that the report names, so anybody may have sent it.',
    () => among((world, { first }) => [world.beacon(first, { at: BEACON_AT, signature: BAD })], other),
  ],
  [
    'The session key that signed it is not one that the hotspot vouched for: its session is unknown, too old or of another hotspot.',
    () =>
      among((world, { first, second }) => {
        const sent = world.beacon(first, { at: BEACON_AT });
        return [sent, world.witness(second, sent, { at: BEACON_AT + 1, signer: null })];
      }, other),
  ],
  [
    'Another report had made this payload its beacon at 2026-11-01 00:00:10 UTC.',
    () =>
      among((world, { first, third }) => {
        const sent = world.beacon(first, { at: BEACON_AT });
        return [sent, world.beacon(third, { at: BEACON_AT + 500, data: sent.report.data })];
      }, other),
  ],
  [
    'The key was not registered on chain when the report came at 2026-11-01 00:00:10.001 UTC.',
    () =>
      among((world, { first }) => {
        const sent = world.beacon(first, { at: BEACON_AT });
        return [sent, world.witness(hotspot(9), sent, { at: BEACON_AT + 1 })];
      }, other),
  ],
  [
    'The report came at 2026-11-01 00:00:10.001 UTC, before the key was registered at 2026-11-01 00:00:11 UTC.',
    () =>
      among((world, { first, second }) => {
        world.registry.set(second.key, { ...second, registeredAt: NOON / 1000 + 11 });
        const sent = world.beacon(first, { at: BEACON_AT });
        return [sent, world.witness(second, sent, { at: BEACON_AT + 1 })];
      }, other),
  ],
  [
    'No beacon of its payload came within 181 s.',
    () =>
      among((world, { first, second }) => {
        const sent = world.beacon(first, { at: BEACON_AT });
        return [world.witness(second, sent, { at: BEACON_AT + 1 })];
      }, other),
  ],
  [
    'It came -180.5 s after its beacon, and reports count from -180 s to 10 s after it.',
    () =>
      among((world, { first, second }) => {
        const sent = world.beacon(first, { at: NOON + 180_501 });
        return [world.witness(second, sent, { at: NOON + 1 }), sent];
      }, other),
  ],
  [
    'This payload had its beacon 60 s before, and keeps it for 181 s.',
    () =>
      among((world, { first, third }) => {
        const sent = world.beacon(first, { at: BEACON_AT });
        return [sent, world.beacon(third, { at: BEACON_AT + 60_000, data: sent.report.data })];
      }, other),
  ],
  [
    'It came 10.001 s after its beacon, which was judged 10 s after it came.',
    () =>
      among((world, { first, second }) => {
        const sent = world.beacon(first, { at: BEACON_AT });
        return [sent, world.witness(second, sent, { at: BEACON_AT + 10_001 })];
      }, other),
  ],
  [
    'The key was not registered on chain when the report came at 2026-11-01 00:00:10 UTC.',
    () => beacon({ prepare: (world) => world.registry.delete(keyNumber(1)) }),
  ],
  [
    'The report came at 2026-11-01 00:00:10 UTC, before the key was registered at 2026-11-01 00:00:11 UTC.',
    () => beacon({ beaconer: { registeredAt: NOON / 1000 + 11 } }),
  ],
  [
    'No location was in force: none is asserted, or it holds from a later epoch.',
    () => beacon({ beaconer: { cell: null } }),
  ],
  [
    `The asserted cell ${NO_REGION} lies in no region of the table.`,
    () => beacon({ beaconer: { cell: NO_REGION } }),
  ],
  [
    'The deny list names the key from epoch 2 on, for: keeper.',
    () => beacon({ deny: denyKeys([keyNumber(1)], 2) }),
  ],
  ['The hotspot is quarantined on chain in epoch 2.', () => beacon({ beaconer: { status: 'quarantined' } })],
  [
    'The entropy that it names stands in no log, or was logged more than 1 h before.',
    () => beacon({ beacon: { at: BEACON_AT, remoteEntropy: new Uint8Array(32) } }),
  ],
  [
    'Its entropy was logged at 2026-11-01 00:00:10.001 UTC, after the beacon at 2026-11-01 00:00:10 UTC.',
    () => beacon({ prepare: entropyAt(BEACON_AT + 1) }),
  ],
  [
    "It came 181 s after its beacon's entropy began, which holds for 180 s from then.",
    () => beacon({ beacon: { at: NOON + 181_000 } }),
  ],
  [
    'The hotspot is asserted as data only, and only full ones take part.',
    () => beacon({ beaconer: { mode: 'data_only' } }),
  ],
  [
    'It came in interval 83,032 of 6 h, which is not after interval 83,032 of the last beacon, of 2026-11-01 00:00:00 UTC.',
    () => beacon({ prepare: clocks(1, { beacon: NOON }) }),
  ],
  [
    'Entropies, region and gain of the hotspot give no beacon at all (unsuitable plan).',
    () => {
      const mute = hotspot(1, { gain: 171 });
      const world = new PocWorld([mute]);
      const [verdict] = world.judge(world.beacon(hotspot(1), { at: BEACON_AT }));
      if (verdict?.beacon === undefined || verdict.beacon === null) throw new Error('no beacon');
      return { verdict: verdict.beacon, policy: world.policy };
    },
  ],
  [
    'It reports 868.300001 MHz SF12BW125 and payload 01010101…, but its entropies, region and gain give 868.3 MHz SF12BW125 and payload 8ede6e80….',
    () =>
      beacon({
        beacon: { at: BEACON_AT, frequency: 868_300_001n, data: new Uint8Array(51).fill(1) },
      }),
  ],
  [
    'Its beacon was not valid: the hotspot is asserted as data only, and only full ones take part.',
    () => witness({ beaconer: { mode: 'data_only' } }),
  ],
  [
    'Its place among the reports of the beacon, counted from 0, is 1, and 1 are judged.',
    () =>
      among(
        (world, { first, second, third }) => {
          const sent = world.beacon(first, { at: BEACON_AT });
          const heard = [second, third].map((each, order) =>
            world.witness(each, sent, { at: BEACON_AT + 1 + order }),
          );
          return [sent, ...heard];
        },
        last,
        { max_witnesses: 1, selected_witnesses: 1 },
      ),
  ],
  [
    'The same hotspot had reported this beacon before, and its first report was judged.',
    () =>
      among((world, { first, second }) => {
        const sent = world.beacon(first, { at: BEACON_AT });
        const heard = [0, 1].map((order) => world.witness(second, sent, { at: BEACON_AT + 1, snr: order }));
        return [sent, ...heard];
      }, last),
  ],
  [
    'No location was in force: none is asserted, or it holds from a later epoch.',
    () => witness({ witness: { cell: null } }),
  ],
  [
    `The asserted cell ${NO_REGION} lies in no region of the table.`,
    () => witness({ witness: { cell: NO_REGION } }),
  ],
  [
    'The deny list names the key from epoch 1 on, for: keeper.',
    () => witness({ deny: denyKeys([keyNumber(2)], 1) }),
  ],
  ['The hotspot is quarantined on chain in epoch 2.', () => witness({ witness: { status: 'quarantined' } })],
  [
    'The deny list names this pair from epoch 0 on, for: keeper.',
    () => witness({ deny: denyEdges([[keyNumber(1), keyNumber(2)]], 0) }),
  ],
  [
    'The hotspot says that it heard its own beacon.',
    () =>
      among((world, { first }) => {
        const sent = world.beacon(first, { at: BEACON_AT });
        return [sent, world.witness(first, sent, { at: BEACON_AT + 1 })];
      }, last),
  ],
  [
    "It came 181 s after its beacon's entropy began, which holds for 180 s from then.",
    () => witness({ beacon: { at: NOON + 180_999 }, report: { at: NOON + 181_000 } }),
  ],
  [
    'It came 4.001 s behind the beacon, and at most 4 s count.',
    () => witness({ report: { at: BEACON_AT + 4001 } }),
  ],
  [
    'It came 2.001 s behind the first witness, and at most 2 s count.',
    () =>
      among((world, { first, second, third }) => {
        const sent = world.beacon(first, { at: BEACON_AT });
        return [
          world.witness(second, sent, { at: BEACON_AT - 1 }),
          sent,
          world.witness(third, sent, { at: BEACON_AT + 2000, origin: 'log/b/1' }),
        ];
      }, last),
  ],
  [
    'The hotspot is asserted as data only, and only full ones take part.',
    () => witness({ witness: { mode: 'data_only' } }),
  ],
  [
    'Heard on 868 MHz, but sent on 868.3 MHz: at most 100 kHz apart count.',
    () => witness({ report: { frequency: 868_000_000n } }),
  ],
  [
    'The witness is in US915 and the beaconer in EU868.',
    () => witness({ witness: { cell: NEW_YORK, ...cellCentre(NEW_YORK) } }),
  ],
  [
    'The two places are 111,195 m apart, and at most 100 km count, in whole kilometres.',
    () => {
      const { latitude, longitude } = hotspot(1);
      return witness({ witness: { latitude: latitude + 1_000_000_000, longitude } });
    },
  ],
  [
    'The two places are 2 cells of resolution 11 apart (98 m), and at least 8 are asked.',
    () => witness({ witness: { metres: 100 } }),
  ],
  [
    'H3 counts no cells between the two places (600 m apart), and at least 8 of resolution 11 are asked.',
    () => {
      const { latitude, longitude } = hotspot(1);
      return witness({
        prepare: (world) => {
          world.regionOf = () => 'EU868';
        },
        witness: { cell: SYDNEY, latitude: latitude + 5_395_925, longitude },
      });
    },
  ],
  [
    'Heard at -30.0 dBm, but free space allows at most -70.6 dBm over 585 m.',
    () => witness({ report: { signal: -300 } }),
  ],
  [
    "The witness's own beacon was last heard 48 h before, and that must be less than 48 h.",
    () => witness({ prepare: clocks(2, { recip: BEACON_AT + 2000 - 48 * HOUR }) }),
  ],
  [
    "The witness's own beacon was never heard, and must have been in the 48 h before.",
    () => witness({ prepare: clocks(2, {}) }),
  ],
  [
    'Its hotspot was a valid witness 50 h 1 min 0.5 s before, and that must be less than 48 h.',
    () => beacon({ prepare: clocks(1, { witness: BEACON_AT - 50 * HOUR - 60_500 }) }),
  ],
  [
    'Its hotspot never was a valid witness, and must have been one in the 48 h before.',
    () => beacon({ prepare: clocks(1, {}) }),
  ],
  [
    'Valid: the first beacon in interval 83,032, sent on 868.3 MHz with 14 dBm; reports attached: 1, of which the selected ones decide what it earns.',
    () => beacon({}),
  ],
  [
    'Valid, but nobody reported it, so it earns nothing: sent on 868.3 MHz with 14 dBm in interval 83,032.',
    () =>
      among(
        (world, { first }) => [world.beacon(first, { at: BEACON_AT })],
        ([verdict]) => verdict?.beacon ?? undefined,
      ),
  ],
  [
    'Paid: heard at -120.0 dBm (free space allows -70.6 dBm) over 585 m, 2 s behind the beacon.',
    () => witness({}),
  ],
  [
    'Valid, but not paid: both hotspots are of tier open, and nobody vouches for either; heard at -120.0 dBm (free space allows -70.6 dBm) over 585 m, 2 s behind the beacon.',
    () => witness({ beaconer: { tier: 'open' }, witness: { tier: 'open' } }),
  ],
  [
    'Valid, but not paid: of all valid ones the 1 with the smallest hashes of payload and key are paid; heard at -120.0 dBm (free space allows -74.2 dBm) over 886 m, 1 ms behind the beacon.',
    () =>
      among(
        (world, { first, second, third }) => {
          const sent = world.beacon(first, { at: BEACON_AT });
          return [sent, ...[second, third].map((each) => world.witness(each, sent, { at: BEACON_AT + 1 }))];
        },
        (verdicts) => verdicts.flatMap(({ witnesses }) => witnesses).find(({ note }) => note !== null),
        { selected_witnesses: 1 },
      ),
  ],
];
