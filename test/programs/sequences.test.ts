import { address } from '@solana/kit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PROGRAM_ID, approveMaker, setEndorsedRoot } from '#client';
import { createTestNetwork, hexHash, openTokenAccount } from '../support/litesvm-network.ts';
import { list, maker, oracles, owners, payees } from '../support/litesvm-sequence/actors.ts';
import type { Attempt } from '../support/litesvm-sequence/network-model.ts';
import { SequenceRun } from '../support/litesvm-sequence/run.ts';
import { schedules, steps } from '../support/litesvm-sequence/steps.ts';
import { openLiteChain } from '../support/litesvm.ts';

const SEED = 20260714;
const RUNS = 50;
/** What must have landed often. */
const NEEDED: readonly Attempt['type'][] = [
  'set destination',
  'transfer',
  'bond',
  'unbond',
  'withdraw',
  'propose',
  'propose oracles',
  'apply oracles',
  'transfer authority',
  'accept authority',
  'set guardian',
  'veto',
  'move',
  'apply',
  'close',
  'buy credits',
  'withdraw credits',
  'settle credits',
];

const chain = openLiteChain();
for (const { publicKey } of [...oracles, ...owners]) chain.fund(publicKey, 1_000_000_000_000n);

/** Owners with hotspots and tokens, where the schedule gives any. */
const begin = (run: SequenceRun): void => {
  for (const hotspot of [0, 1, 2])
    run.try({ type: 'register', hotspot, owner: hotspot % 2, boundTo: hotspot % 2 });
  run.take({ type: 'settle', skip: 2, growth: 1_000 });
  for (const claimant of [0, 1, 2]) run.take({ type: 'claim', claimant, back: 0, more: 0 });
};

describe('any sequence of instructions by anyone', { timeout: 180_000 }, () => {
  it(`lands where the model lets it, and money never exceeds what was emitted (seed ${SEED})`, () => {
    let [runs, finalEpochs, paidRuns, burnedRuns, refundedRuns] = [0, 0, 0, 0, 0];
    const landed: Record<string, number> = {};
    fc.assert(
      fc.property(
        schedules,
        fc.constantFrom(true, true, true, false),
        steps,
        (schedule, hasBegun, sequence) => {
          const network = createTestNetwork(chain, `run ${runs++}`, schedule);
          chain.land(
            [
              approveMaker({
                authority: network.creator.publicKey,
                network: network.address,
                key: maker.publicKey,
                approved: true,
              }),
              setEndorsedRoot({
                maker: maker.publicKey,
                network: network.address,
                root: hexHash(list.root),
                count: list.size,
              }),
            ],
            [network.creator, maker],
          );
          for (const { publicKey } of owners) openTokenAccount(network, publicKey);
          for (const payee of payees) openTokenAccount(network, payee);
          const run = new SequenceRun(network);
          if (hasBegun) begin(run);
          for (const step of sequence) run.take(step);
          finalEpochs += run.model.roots.size;
          paidRuns += run.model.claimedTotal > 0n ? 1 : 0;
          burnedRuns += run.model.registry.burned > 0n ? 1 : 0;
          refundedRuns += run.model.credits.refunded > 0n ? 1 : 0;
          for (const [type, count] of Object.entries(run.landed)) landed[type] = (landed[type] ?? 0) + count;
        },
      ),
      { seed: SEED, numRuns: RUNS },
    );
    expect(refundedRuns).toBeGreaterThan(3);
    // The sequences are worth something only if they get that far.
    expect(finalEpochs).toBeGreaterThan(2 * RUNS);
    expect(paidRuns).toBeGreaterThan(RUNS / 4);
    expect(burnedRuns).toBeGreaterThan(3);
    for (const type of NEEDED) expect(landed[type], `${type} landed`).toBeGreaterThan(5);
    for (const { lamports, space } of chain.svm.getProgramAccounts(address(PROGRAM_ID.toBase58())))
      expect(lamports).toBeGreaterThanOrEqual(chain.svm.minimumBalanceForRentExemption(space));
  });
});
