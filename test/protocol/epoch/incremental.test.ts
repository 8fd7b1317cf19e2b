import { NOBODY_DENIED } from '#protocol/deny/deny-list';
import { computeEpoch } from '#protocol/epoch';
import { openEvidence } from '#protocol/evidence/cut';
import { mergeEvidence } from '#protocol/settle/logged-reports';
import { emptyState, type EpochState } from '#protocol/settle/state';
import type { Tuple } from '#protocol/settle/tuple';
import { epochNumber, millis } from '#protocol/units';
import { advance } from '#protocol/verify/advance';
import { checkPoc } from '#protocol/verify/check-poc';
import { Grouper, judgedAt } from '#protocol/verify/grouper';
import type { PocGroup, PocVerdict } from '#protocol/verify/poc';
import { emptyPocState, rememberEntropy } from '#protocol/verify/state';
import { verifySignature } from '#services/runtime/signature';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EPOCH_S, GENESIS, testHotspot, TestWorld, type TestHotspot } from './world.ts';

const EPOCHS = 4;
const hotspots = Array.from({ length: 5 }, (_, at) =>
  testHotspot(`fold ${at}`, at, at === 4 ? { tier: 'open' } : {}),
);
const stranger = testHotspot('fold stranger', 6);
const forger = testHotspot('fold forger', 7);

interface Deed {
  readonly kind: 'poc' | 'copy' | 'forged' | 'late' | 'stranger';
  /** Milliseconds after genesis. */
  readonly at: number;
  readonly who: number;
  readonly lag: number;
  readonly log: number;
}

const deed: fc.Arbitrary<Deed> = fc.record({
  kind: fc.constantFrom('poc', 'poc', 'poc', 'copy', 'forged', 'late', 'stranger'),
  at: fc.integer({ min: 1, max: EPOCHS * EPOCH_S * 1000 }),
  who: fc.nat(4),
  lag: fc.integer({ min: -170_000, max: 12_000 }),
  log: fc.nat(1),
});

function happen(deeds: readonly Deed[]): TestWorld {
  const world = new TestWorld({ hotspots, epochs: EPOCHS, logs: 2 });
  const hotspot = (at: number): TestHotspot => hotspots[at % hotspots.length] ?? stranger;
  for (let epoch = 0; epoch < EPOCHS; epoch += 1) world.busyEpoch(epoch, hotspots.slice(0, 3));
  for (const { kind, at: after, who, lag, log } of deeds) {
    const at = GENESIS * 1000 + after;
    const beaconer = kind === 'stranger' ? stranger : hotspot(who);
    const witnesses = [hotspot(who + 1), hotspot(who + 2)];
    const { derived } = world.poc({ beaconer, witnesses, at, log });
    if (kind === 'copy') world.copy({ thief: hotspot(who + 3), derived, at: at + Math.abs(lag) });
    const heard = Math.max(GENESIS * 1000, at + lag);
    if (kind === 'late') world.witness({ witness: hotspot(who + 3), derived, at: heard, log: 1 - log });
    if (kind === 'forged')
      world.witness({ witness: { ...hotspot(who + 3), secret: forger.secret }, derived, at: heard, log });
  }
  return world;
}

/** The verdicts that name a place in an epoch; bad signatures are published by their own reception. */
function tidy(verdicts: readonly PocVerdict[]): readonly PocVerdict[] {
  return verdicts
    .map((verdict) => ({
      ...verdict,
      others: verdict.others.filter(({ reason }) => reason !== 'bad_signature'),
    }))
    .filter(({ beacon, others }) => beacon !== null || others.length > 0);
}

/** What the fold of the verify stage does: one state over the whole log, groups as they close. */
function folded(world: TestWorld): readonly (readonly PocVerdict[])[] {
  const logs = world.logs.map((log) =>
    openEvidence(log.seal({ epoch: epochNumber(BigInt(EPOCHS - 1)), start: GENESIS })),
  );
  const { reports, entropies } = mergeEvidence(logs, verifySignature);
  const state = emptyPocState();
  for (const entropy of entropies) rememberEntropy(state.entropies, entropy);
  const verdicts: PocVerdict[][] = Array.from({ length: EPOCHS }, () => []);
  const { hotspots: registry } = world.registry();
  const judge = (group: PocGroup): void => {
    const { receivedAt } = judgedAt(group);
    const epoch = Math.ceil((receivedAt - GENESIS * 1000) / (EPOCH_S * 1000)) - 1;
    if (group.kind === 'stale' || epoch < 0 || epoch >= EPOCHS) return;
    const { policy } = world;
    const checked = checkPoc({
      group,
      registry,
      policy,
      deny: NOBODY_DENIED,
      epoch: epochNumber(BigInt(epoch)),
      entropies: state.entropies,
      verify: verifySignature,
    });
    verdicts[epoch]?.push(advance({ state, checked, policy, epoch: epochNumber(BigInt(epoch)) }));
  };
  const grouper = new Grouper({ verify: verifySignature, windows: world.policy.windows });
  for (const report of reports) {
    grouper.push(report);
    grouper.advanceTo(millis(report.position.receivedAt)).forEach(judge);
  }
  grouper.flush().forEach(judge);
  return verdicts.map(tidy);
}

function batched(world: TestWorld): readonly (readonly PocVerdict[])[] {
  let before: { readonly state: EpochState; readonly parent: Tuple | null } = {
    state: emptyState(),
    parent: null,
  };
  return Array.from({ length: EPOCHS }, (_, epoch) => {
    const result = computeEpoch(world.input(epoch, before));
    if (result.kind === 'empty') return [];
    before = { state: result.state, parent: result.tuple };
    return tidy(result.verdicts);
  });
}

describe('incremental and batch', () => {
  it('give the same verdicts over whole histories, epoch by epoch', () => {
    fc.assert(
      fc.property(fc.array(deed, { maxLength: 12 }), (deeds) => {
        const world = happen(deeds);
        expect(batched(world)).toEqual(folded(world));
      }),
      { seed: 41, numRuns: 25 },
    );
  });
});
