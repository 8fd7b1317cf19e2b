import { computeEpoch, type ComputedEpoch, type EpochInput } from '#protocol/epoch';
import { withoutEvidence } from '#protocol/settle/epoch/open-evidence';
import { hotspotLeafKey, payeeLeafKey } from '#protocol/settle/leaf';
import { emptyState, stateBytes, stateHash } from '#protocol/settle/state';
import { amount, epochNumber, type Hash } from '#protocol/units';
import { describe, expect, it } from 'vitest';
import {
  computed,
  EMISSION,
  GENESIS,
  testAddress,
  testHotspot,
  TestWorld,
  type TestHotspot,
} from './world.ts';

const hotspots = Array.from({ length: 5 }, (_, at) => testHotspot(`compute ${at}`, at));
const fresh = { state: emptyState(), parent: null };
const refusal = (code: string): Error => expect.objectContaining({ code }) as Error;

function hotspot(at: number): TestHotspot {
  const found = hotspots[at];
  if (found === undefined) throw new RangeError(`no hotspot ${at}`);
  return found;
}

describe('an epoch', () => {
  const world = new TestWorld({ hotspots, epochs: 3, logs: 2 });
  world.busyEpoch(0);
  const input = world.input(0, { ...fresh, voters: [testAddress('oracle a'), testAddress('oracle b')] });
  const result = computed(input);

  it('pays every honest hotspot, the fund and the voters, and accounts for the whole emission', () => {
    const { rewards } = result;
    // Five beacons with four witnesses each: a unit for every report.
    expect(result.payouts.map(({ shares }) => shares)).toEqual(
      hotspots.map(() => ({ beacon: 10n ** 8n, witness: 4n * 10n ** 8n, credits: 0n })),
    );
    const paid = new Map(result.leaves.map((leaf) => [leaf.key, leaf.cumulative]));
    // 16 % to beacons and 64 % to witnesses, as no data was carried.
    for (const { key } of hotspots) expect(paid.get(hotspotLeafKey(key))).toBe((EMISSION * 80n) / 500n);
    expect(paid.get(payeeLeafKey(world.operations))).toBe((EMISSION * 7n) / 100n);
    expect(paid.get(payeeLeafKey(testAddress('oracle a')))).toBe((EMISSION * 7n) / 200n);
    expect(rewards.minted).toBe((EMISSION * 94n) / 100n);
    expect(result.tuple.cumulativeTotal).toBe(rewards.minted);
    expect(result.tuple.leafCount).toBe(8);
  });

  it('does not depend on the order in which logs, hotspots and voters are given', () => {
    const { registry } = input;
    const shuffled: EpochInput = {
      ...input,
      evidence: [...input.evidence].reverse(),
      registry: {
        ...registry,
        hotspots: new Map([...registry.hotspots].reverse()),
        voters: [...registry.voters].reverse(),
      },
    };
    expect(computed(shuffled).tupleHash).toBe(result.tupleHash);
  });

  it('pays the same whichever log a report went to', () => {
    const single = new TestWorld({ hotspots, epochs: 1 });
    single.busyEpoch(0);
    const { leaves } = computed(single.input(0, { ...fresh, voters: [...input.registry.voters] }));
    expect(leaves).toEqual(result.leaves);
  });

  it('leaves its inputs as they were', () => {
    const { state } = world.input(0, fresh);
    computeEpoch({ ...input, state });
    expect(state).toEqual(emptyState());
  });

  it('goes on without a log that is left out', () => {
    const [first, second] = input.evidence;
    if (first === undefined || second === undefined) throw new Error('two logs');
    const without = computed({ ...input, evidence: [first, withoutEvidence(second.origin)] });
    expect(without.verdicts.length).toBeLessThan(result.verdicts.length);
    expect(without.tuple.evidenceHash).not.toBe(result.tuple.evidenceHash);
  });

  it('is refused where chain and policy differ', () => {
    const { facts, policy } = input;
    const refused: readonly EpochInput[] = [
      { ...input, facts: { ...facts, creditPrice: facts.creditPrice + 1n } },
      { ...input, facts: { ...facts, holdback: 1 } },
      { ...input, policy: { ...policy, regions: '0'.repeat(64) } },
    ];
    for (const other of refused) expect(() => computeEpoch(other)).toThrow(refusal('policy_mismatch'));
  });

  it('is refused where the state is not the one that its parent left', () => {
    const parent = result.tuple;
    const next = world.input(1, { state: result.state, parent });
    const refused: readonly EpochInput[] = [
      { ...input, state: result.state },
      { ...next, state: emptyState() },
      { ...next, parent: { ...parent, stateHash: '0'.repeat(64) as Hash } },
      { ...next, parent: { ...parent, network: testAddress('another') } },
      { ...next, parent: { ...parent, epoch: epochNumber(1n) } },
    ];
    for (const other of refused) expect(() => computeEpoch(other)).toThrow(refusal('state_mismatch'));
    expect(computeEpoch(next).kind).toBe('empty');
  });

  it('is refused where evidence is missing, foreign, cut elsewhere, closed early or begins too late or early', () => {
    const [first, second] = input.evidence;
    if (first === undefined || second === undefined) throw new Error('two logs');
    const early = new TestWorld({ hotspots, epochs: 1, policy: { grace_ms: 14_999 } });
    early.busyEpoch(0);
    const late = world.input(1, fresh).evidence;
    const fourEpochs = new TestWorld({ hotspots, epochs: 5 });
    fourEpochs.busyEpoch(4);
    const fifth = fourEpochs.input(4, fresh);
    const seventh = new TestWorld({ hotspots, epochs: 7 }).input(6, fresh);
    const wide = new TestWorld({ hotspots, epochs: 7 }).logs.map((log) =>
      log.seal({ ...seventh.facts, start: GENESIS }),
    );
    const bare = { from: fifth.evidence[0]?.size ?? 0, left: [], entries: [], sessions: [] };
    const refused: readonly EpochInput[] = [
      { ...input, evidence: [first] },
      { ...input, evidence: [first, second, first] },
      { ...input, evidence: [first, { ...second, origin: 'elsewhere' }] },
      { ...input, evidence: [first, { ...second, root: first.root }] },
      { ...input, evidence: late },
      {
        ...input,
        evidence: [first, { ...second, entries: second.entries.slice(0, -1), size: second.size - 1 }],
      },
      { ...early.input(0, fresh), policy: { ...early.policy, grace_ms: 15_000 } },
      { ...fifth, evidence: fifth.evidence.map((sealed) => ({ ...sealed, ...bare })) },
      { ...seventh, evidence: wide },
    ];
    for (const other of refused) expect(() => computeEpoch(other)).toThrow(refusal('evidence_mismatch'));
    expect(computeEpoch(seventh).kind).toBe('empty');
  });

  it('is refused where a total leaves the range of u64', () => {
    const [rich = hotspot(0)] = hotspots;
    const cumulative = new Map([[hotspotLeafKey(rich.key), amount(2n ** 64n - 1n)]]);
    const state = { ...result.state, cumulative };
    const parent = { ...result.tuple, stateHash: stateHash(stateBytes(state)) };
    const next = new TestWorld({ hotspots, epochs: 2 });
    next.busyEpoch(1);
    expect(() => computeEpoch(next.input(1, { state, parent }))).toThrow(refusal('amount_out_of_range'));
  });

  it('never mints more than its emission', () => {
    const { policy } = input;
    const pools_bp = { ...policy.pools_bp, delegators: 0, data: 5600 };
    const all = computed({
      ...input,
      policy: { ...policy, pools_bp },
      facts: { ...input.facts, emission: amount(7n) },
    });
    expect(all.rewards.minted <= 7n).toBe(true);
  });
});

describe('the bounds of an epoch', () => {
  const beaconTimes = (result: ComputedEpoch): readonly (number | undefined)[] =>
    result.verdicts.map(({ beacon }) => beacon?.position.receivedAt);

  it('exclude its start and include its end, so that every beacon counts once', () => {
    const world = new TestWorld({ hotspots, epochs: 2 });
    const { start, end } = world.facts(0);
    const times = [start * 1000, start * 1000 + 1, end * 1000, end * 1000 + 1];
    for (const [order, at] of times.entries())
      world.poc({ beaconer: hotspot(order), witnesses: [hotspot(4)], at });
    const first = computed(world.input(0, fresh));
    expect(beaconTimes(first)).toEqual([start * 1000 + 1, end * 1000]);
    const second = computed(world.input(1, { state: first.state, parent: first.tuple }));
    expect(beaconTimes(second)).toEqual([end * 1000 + 1]);
  });

  it('do not part a beacon from its witnesses', () => {
    const world = new TestWorld({ hotspots, epochs: 2 });
    const { end } = world.facts(0);
    // The first is heard after the end, the second before its own epoch's start.
    world.poc({ beaconer: hotspot(0), witnesses: [hotspot(1), hotspot(2)], at: end * 1000 - 100, lag: 1000 });
    world.poc({ beaconer: hotspot(3), witnesses: [hotspot(1), hotspot(2)], at: end * 1000 + 200, lag: -900 });
    const first = computed(world.input(0, fresh));
    const second = computed(world.input(1, { state: first.state, parent: first.tuple }));
    const selected = [first, second].map(({ verdicts }) => verdicts.map(({ witnesses }) => witnesses.length));
    expect(selected).toEqual([[2], [2]]);
  });

  it('make a copy of the last epoch a duplicate, that moves nothing', () => {
    const world = new TestWorld({ hotspots, epochs: 2 });
    const { end } = world.facts(0);
    const { derived } = world.poc({ beaconer: hotspot(0), witnesses: [hotspot(1)], at: end * 1000 - 20_000 });
    world.poc({ beaconer: hotspot(2), witnesses: [hotspot(1)], at: end * 1000 + 5000 });
    world.copy({ thief: hotspot(3), derived, at: end * 1000 + 4000 });
    const first = computed(world.input(0, fresh));
    const second = computed(world.input(1, { state: first.state, parent: first.tuple }));
    const reasons = second.verdicts.flatMap(({ others }) =>
      others.map(({ key, reason }) => ({ key, reason })),
    );
    expect(reasons).toEqual([{ key: hotspot(3).key, reason: 'duplicate' }]);
    expect(second.state.poc.clocks.get(hotspot(3).key)).toBeUndefined();
  });
});

describe('an empty epoch', () => {
  it('holds no report at all, or none of a registered beaconer that signed it', () => {
    const stranger = testHotspot('stranger', 9);
    const later = testHotspot('later', 10, { registeredAt: GENESIS + 3600 });
    const world = new TestWorld({ hotspots: [...hotspots, later], epochs: 4 });
    const at = (epoch: number): number => world.facts(epoch).start * 1000 + 9000;
    world.poc({ beaconer: stranger, witnesses: [hotspot(0)], at: at(1) });
    world.poc({ beaconer: later, witnesses: [hotspot(0)], at: at(1) + 10 });
    world.poc({ beaconer: { ...hotspot(1), secret: stranger.secret }, witnesses: [hotspot(0)], at: at(2) });
    world.witness({ witness: hotspot(0), derived: world.derive(hotspot(2), at(3)).derived, at: at(3) });
    for (const epoch of [0, 1, 2, 3]) {
      const result = computeEpoch(world.input(epoch, fresh));
      expect([epoch, result.kind]).toEqual([epoch, 'empty']);
      expect(result.state).toEqual(emptyState());
    }
  });

  it('is not one whose only beacon is invalid: that verdict is public', () => {
    const world = new TestWorld({ hotspots, epochs: 1, policy: { reciprocity_from: 0 } });
    world.poc({ beaconer: hotspot(0), witnesses: [hotspot(1)], at: GENESIS * 1000 + 9000 });
    const result = computed(world.input(0, fresh));
    expect(result.verdicts[0]?.beacon?.reason).toBe('gateway_no_valid_witnesses');
    expect(result.payouts).toEqual([]);
    expect(result.tuple.leafCount).toBe(1);
  });
});
