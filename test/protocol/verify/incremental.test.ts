import fc from 'fast-check';
import { expect, test } from 'vitest';
import { judgeEpoch } from '#protocol/settle/epoch/judge-epoch';
import { epochNumber, millis } from '#protocol/units';
import { Grouper, judgedAt } from '#protocol/verify/grouper';
import type { LoggedReport, PocGroup, PocState, PocVerdict, ReportVerdict } from '#protocol/verify/poc';
import { comparePositions } from '#protocol/verify/position';
import { clonePocState } from '#protocol/verify/state';
import { hotspot, NOON, PocWorld, verifyMarked } from '../../support/poc-world.ts';

/*
 * Invariant 4 of the design: one fold over the whole log, whenever it looks, gives what settlement computes epoch by
 * epoch, each from no more than the range of evidence that it carries.
 */

const EPOCH_S = 60;
const EPOCHS = 12;
const GRACE_MS = 15_000;
const SPAN_MS = 181_000;
const hotspots = [0, 1, 2, 3].map((at) => hotspot(at + 1, { metres: 600 * at }));
const [first = hotspot(1)] = hotspots;

const worldOf = (): PocWorld => new PocWorld(hotspots, { beacon_interval_s: 10 }, EPOCHS);

const step = fc.record({
  after: fc.oneof(fc.integer({ min: 0, max: 3000 }), fc.integer({ min: 0, max: 120_000 })),
  kind: fc.constantFrom('beacon' as const, 'witness' as const, 'witness' as const, 'again' as const),
  by: fc.nat(hotspots.length - 1),
  from: fc.nat(hotspots.length - 1),
  seed: fc.nat(2),
  minute: fc.nat(1),
  signed: fc.integer({ min: 0, max: 9 }),
  second: fc.boolean(),
});
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

/** A log of up to twelve minutes, with copies, forgeries, thefts and late reports. */
function history(world: PocWorld, steps: readonly Step[]): LoggedReport[] {
  // The first moment of the first epoch: its start belongs to the one before.
  let at = NOON + 1;
  const reports: LoggedReport[] = [];
  for (const [index, { after, kind, by, from, seed, minute, signed, second }] of steps.entries()) {
    at += after;
    if (at >= NOON + (EPOCHS - 1) * EPOCH_S * 1000) break;
    const how = {
      at,
      index,
      origin: second ? 'log/b/1' : 'log/a/1',
      ...(signed === 0 ? { signature: Uint8Array.of(0) } : {}),
    };
    const [author = first, sender = first] = [hotspots[by], hotspots[from]];
    const now = Math.floor((at - NOON) / 60_000);
    const of = { seed, minute: Math.max(0, now - minute) };
    const earlier = reports[(seed * 7 + from * 3) % Math.max(1, reports.length)];
    if (kind === 'again' && earlier !== undefined)
      reports.push({ ...earlier, position: { receivedAt: millis(at), origin: how.origin, index } });
    else if (kind === 'beacon') {
      const { data } = world.beacon(sender, { at, ...of }).report;
      reports.push(world.beacon(author, { ...how, ...of, data, ...(from === 3 ? { datarate: 1 } : {}) }));
    } else reports.push(world.witness(author, world.beacon(sender, { at, ...of }), how));
  }
  return reports.sort((a, b) => comparePositions(a.position, b.position));
}

const epochAt = (time: number): bigint => BigInt(Math.floor((time - 1 - NOON) / 1000 / EPOCH_S) + 10);
const nameOf = ({ origin, index }: ReportVerdict['position']): string => `${origin} ${index}`;

/** Verdicts by place; what is stale belongs to no epoch. */
function verdictsByPlace(verdicts: readonly ReportVerdict[]): Map<string, ReportVerdict> {
  return new Map(
    verdicts.filter(({ reason }) => reason !== 'stale').map((each) => [nameOf(each.position), each]),
  );
}
const all = ({ beacon, witnesses, others }: PocVerdict): readonly ReportVerdict[] => [
  ...(beacon === null ? [] : [beacon]),
  ...witnesses,
  ...others,
];

function foldWhole(reports: readonly LoggedReport[], ask: readonly boolean[]) {
  const world = worldOf();
  const grouper = new Grouper({ verify: verifyMarked, windows: world.policy.windows });
  const verdicts: ReportVerdict[] = [];
  const judge = (groups: readonly PocGroup[]): void => {
    for (const group of groups) {
      world.epoch = epochNumber(epochAt(judgedAt(group).receivedAt));
      verdicts.push(...all(world.judgeGroup(group)));
    }
  };
  reports.forEach((report, at) => {
    if (ask[at % ask.length] === true) judge(grouper.advanceTo(report.position.receivedAt));
    grouper.push(report);
  });
  judge(grouper.flush());
  return { clocks: world.state.clocks, verdicts: verdictsByPlace(verdicts) };
}

function settleByEpoch(reports: readonly LoggedReport[]) {
  const world = worldOf();
  let state: PocState = clonePocState(world.state);
  const verdicts: ReportVerdict[] = [];
  for (let number = 0; number < EPOCHS; number += 1) {
    const start = NOON / 1000 + number * EPOCH_S;
    const end = start + EPOCH_S;
    const inRange = ({ receivedAt }: LoggedReport['position']): boolean =>
      receivedAt >= start * 1000 - SPAN_MS && receivedAt <= end * 1000 + GRACE_MS;
    const judged = judgeEpoch({
      facts: { epoch: epochNumber(BigInt(number + 10)), start, end },
      policy: world.policy,
      deny: world.deny,
      registry: world.registry,
      state,
      reports: reports.filter(({ position }) => inRange(position)),
      entropies: [...world.entropies.values()].filter((fact) => fact.receivedAt <= end * 1000 + GRACE_MS),
      verify: verifyMarked,
    });
    state = judged.state;
    verdicts.push(...judged.verdicts.flatMap(all), ...judged.badlySigned);
  }
  return { clocks: state.clocks, verdicts: verdictsByPlace(verdicts) };
}

test('one fold over a whole history gives the verdicts and clocks of its epochs', () => {
  const reasons = new Map<string, number>();
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 1, maxLength: 120, size: 'max' }),
      fc.array(fc.boolean(), { minLength: 7, maxLength: 7 }),
      (steps, ask) => {
        const reports = history(worldOf(), steps);
        const folded = foldWhole(reports, ask);
        const settled = settleByEpoch(reports);
        expect(settled.clocks).toEqual(folded.clocks);
        expect([...settled.verdicts].sort()).toEqual([...folded.verdicts].sort());
        for (const { reason } of folded.verdicts.values())
          reasons.set(reason ?? 'valid', (reasons.get(reason ?? 'valid') ?? 0) + 1);
      },
    ),
    { seed: 16, numRuns: 150 },
  );
  // The histories are no mere noise.
  for (const reason of [
    'valid',
    'duplicate',
    'too_late',
    'bad_signature',
    'entropy_expired',
    'irregular_interval',
    'self_witness',
    'invalid_packet',
  ])
    expect([reason, reasons.get(reason) ?? 0]).toEqual([
      reason,
      expect.toSatisfy((count: number) => count > 10),
    ]);
});
