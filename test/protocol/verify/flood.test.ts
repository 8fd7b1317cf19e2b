import { describe, expect, test } from 'vitest';
import { DEFAULT_POLICY } from '#protocol/policy';
import { epochNumber } from '#protocol/units';
import { advance } from '#protocol/verify/advance';
import { checkPoc } from '#protocol/verify/check-poc';
import { Grouper, UNCHECKED_REPORTS } from '#protocol/verify/grouper';
import type { LoggedReport, VerifySignature } from '#protocol/verify/poc';
import { comparePositions } from '#protocol/verify/position';
import { assertedRegion } from '#protocol/verify/rules/participant';
import { hotspot, NOON, PocWorld, verifyMarked } from '../../support/poc-world.ts';

const REPORTS = 60_000;
const BEACON_AT = NOON + 10_000;
const BAD = Uint8Array.of(0);
const { max_witnesses } = DEFAULT_POLICY;

const beaconer = hotspot(1);
const near = Array.from({ length: 400 }, (_, at) => hotspot(at + 2, { metres: 600 + at }));

/** What judging the log costs, and how its reports end. */
function judge(world: PocWorld, reports: readonly LoggedReport[]) {
  const cost = { signatures: 0, judged: 0 };
  const verify: VerifySignature = (of) => {
    cost.signatures += 1;
    return verifyMarked(of);
  };
  const { registry, policy, deny, entropies, state } = world;
  const epoch = epochNumber(2n);
  const grouper = new Grouper({ verify, windows: policy.windows });
  for (const report of reports.toSorted((a, b) => comparePositions(a.position, b.position)))
    grouper.push(report);
  const ends = new Map<string, number>();
  for (const group of grouper.flush()) {
    // The rules ask for the region of everybody whom they judge.
    const regionOf: typeof assertedRegion = (facts) => {
      cost.judged += 1;
      return assertedRegion(facts);
    };
    const checked = checkPoc({ group, registry, policy, deny, epoch, entropies, verify, regionOf });
    const { beacon, witnesses, others } = advance({ state, checked, policy, epoch });
    for (const { kind, reason, selected } of [
      ...(beacon === null ? [] : [beacon]),
      ...witnesses,
      ...others,
    ]) {
      const end = `${kind} ${reason ?? (selected ? 'selected' : 'valid')}`;
      ends.set(end, (ends.get(end) ?? 0) + 1);
    }
  }
  return { cost, ends: Object.fromEntries(ends) };
}

/** A flood on one beacon: a third well signed by 400 hotspots in turn, a third badly signed, a third copies of the former. */
function flood(world: PocWorld, beacon: LoggedReport, after: number): readonly LoggedReport[] {
  const reports: LoggedReport[] = [];
  for (let at = 0; at < REPORTS / 3; at += 1) {
    const by = near[at % near.length] ?? beaconer;
    const how = { at: BEACON_AT + after + (at % 4000), tmst: at };
    const sent = world.witness(by, beacon, how);
    reports.push(sent, world.witness(by, beacon, { ...how, signature: BAD }));
    reports.push({ ...sent, position: { ...sent.position, index: sent.position.index + REPORTS } });
  }
  return reports;
}

describe('sixty thousand reports of one beacon', () => {
  test('cost two signature checks each at most and the rules for 256 of them, and all get their verdicts', () => {
    const world = new PocWorld([beaconer, ...near]);
    const beacon = world.beacon(beaconer, { at: BEACON_AT, index: 0 });
    const { cost, ends } = judge(world, [beacon, ...flood(world, beacon, 1)]);
    expect(cost.signatures).toBeLessThanOrEqual(2 * REPORTS + 1);
    expect(cost.judged).toBe(1 + max_witnesses);
    // Five reports a millisecond, of one hotspot each: the first 256 are of 52 hotspots, and only the first one of each counts.
    expect(ends).toEqual({
      'beacon valid': 1,
      'witness selected': 14,
      'witness valid': 52 - 14,
      'witness duplicate': max_witnesses - 52,
      'witness over_limit': REPORTS / 3 - max_witnesses,
      'witness bad_signature': REPORTS / 3,
    });
  });

  test('that come before it wait for it, but for the badly signed ones beyond the first 256', () => {
    const world = new PocWorld([beaconer, ...near]);
    const beacon = world.beacon(beaconer, { at: BEACON_AT, index: 0 });
    const reports = flood(world, beacon, -5000);
    const grouper = new Grouper({ verify: verifyMarked, windows: world.policy.windows });
    for (const report of reports.toSorted((a, b) => comparePositions(a.position, b.position)))
      grouper.push(report);
    const waiting = grouper.advanceTo(beacon.position.receivedAt);
    expect(waiting.length).toBeGreaterThanOrEqual(REPORTS / 3 - UNCHECKED_REPORTS);
    expect(new Set(waiting.map(({ kind }) => kind))).toEqual(new Set(['loose']));
    const { cost, ends } = judge(world, [beacon, ...reports]);
    expect(cost.signatures).toBeLessThanOrEqual(2 * REPORTS + 1);
    expect(cost.judged).toBe(1 + max_witnesses);
    expect(ends).toMatchObject({
      'witness over_limit': REPORTS / 3 - max_witnesses,
      'witness bad_signature': REPORTS / 3,
    });
  });

  test('of keys that nobody registered are refused without any rule', () => {
    const world = new PocWorld([beaconer]);
    const beacon = world.beacon(beaconer, { at: BEACON_AT, index: 0 });
    const strangers = Array.from({ length: REPORTS }, (_, at) =>
      world.witness(near[at % near.length] ?? beaconer, beacon, { at: BEACON_AT + 1, tmst: at }),
    );
    const { cost, ends } = judge(world, [beacon, ...strangers]);
    expect(cost.signatures).toBeLessThanOrEqual(2 * REPORTS + 1);
    expect(cost.judged).toBe(1);
    expect(ends).toEqual({ 'beacon valid': 1, 'witness gateway_not_found': REPORTS });
  });
});
