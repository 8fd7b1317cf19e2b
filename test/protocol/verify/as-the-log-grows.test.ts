import { expect, test } from 'vitest';
import { DEFAULT_POLICY } from '#protocol/policy';
import { NOBODY_DENIED } from '#protocol/deny/deny-list';
import { judgeEpoch } from '#protocol/settle/epoch/judge-epoch';
import { epochNumber, millis } from '#protocol/units';
import { Grouper } from '#protocol/verify/grouper';
import type { LoggedReport } from '#protocol/verify/poc';
import { emptyPocState, findEntropy } from '#protocol/verify/state';
import { reportId } from '#protocol/wire/report';
import { hotspot, NOON, PocWorld, verifyMarked } from '../../support/poc-world.ts';

/* What whoever judges as the log grows cannot know must not matter to whoever judges at the end. */

const { windows } = DEFAULT_POLICY;
const [a, b] = [hotspot(1), hotspot(2, { metres: 700 })];

test('an entropy that is logged after its beacon’s group has closed is none', () => {
  const entropy = { data: 'e', timestamp: NOON / 1000, version: 0, receivedAt: millis(NOON) };
  const known = (at: number): boolean =>
    findEntropy(new Map([['e', entropy]]), { data: 'e', at: millis(at), windows }) !== undefined;

  expect([NOON - 10_001, NOON - 10_000, NOON].map(known)).toEqual([false, true, true]);
});

test('orphans of one payload come out one by one, however seldom anybody asks', () => {
  const world = new PocWorld([a, b]);
  const unsent = world.beacon(a, { at: NOON });
  const orphans = [1, 2, 3].map((after) => world.witness(b, unsent, { at: NOON + after, tmst: after }));
  const groupsOf = (asks: readonly number[]): readonly (readonly number[])[] => {
    const grouper = new Grouper({ verify: verifyMarked, windows });
    for (const orphan of orphans) grouper.push(orphan);
    const groups = asks.flatMap((ask) => grouper.advanceTo(millis(ask)));
    return [...groups, ...grouper.flush()].map(({ reports }) =>
      reports.map(({ position }) => position.index),
    );
  };

  const often = groupsOf([1, 2, 3].map((after) => NOON + after + windows.identity_ms + 1));

  expect(often).toHaveLength(3);
  expect(groupsOf([])).toEqual(often);
});

test('a beacon from before the first epoch is judged in none, and a late report still comes too late for it', () => {
  const world = new PocWorld([a, b]);
  const beacon = world.beacon(a, { at: NOON - 1000 });
  const late = world.witness(b, beacon, { at: NOON + 60_000 });
  const start = NOON / 1000;

  const judged = judgeEpoch({
    facts: { epoch: epochNumber(0n), start, end: start + 120 },
    policy: world.policy,
    deny: NOBODY_DENIED,
    registry: world.registry,
    state: emptyPocState(),
    reports: [beacon, late],
    entropies: [],
    verify: verifyMarked,
  });

  expect(judged.verdicts).toMatchObject([
    { beacon: null, others: [{ reason: 'too_late', numbers: { after_beacon_ms: 61_000 } }] },
  ]);
  expect(judged.state.clocks.size).toBe(0);
});

test('a badly signed copy is told as such, whether it stands with its original or comes after the PoC was closed', () => {
  const world = new PocWorld([a, b]);
  const beacon = world.beacon(a, { at: NOON });
  const witness = world.witness(b, beacon, { at: NOON + 100 });
  const forgedAt = (at: number): LoggedReport =>
    world.witness(b, beacon, { at, timestamp: BigInt(NOON + 100) * 1_000_000n, signature: Uint8Array.of(0) });

  const verdicts = world.judge(beacon, witness, forgedAt(NOON + 200), forgedAt(NOON + 20_000));

  expect(reportId(forgedAt(NOON).report)).toBe(reportId(witness.report));
  expect(verdicts.map(({ others }) => others.map(({ reason }) => reason))).toEqual([
    ['bad_signature'],
    ['bad_signature'],
  ]);
});
