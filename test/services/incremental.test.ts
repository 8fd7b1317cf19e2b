import fc from 'fast-check';
import { expect, it } from 'vitest';
import { REASONS } from '#protocol/verify/reasons';
import { requireSameWithPayouts, settle } from '../support/verify-line/batch.ts';
import { Coverage, FEATURES } from '../support/verify-line/coverage.ts';
import { differences } from '../support/verify-line/differences.ts';
import { describeHistory, history } from '../support/verify-line/history.ts';
import { CHEAP_SIGNING } from '../support/verify-line/network.ts';
import { plan } from '../support/verify-line/plan.ts';
import { scratchServices } from '../support/verify-line/queue.ts';
import { runLine } from '../support/verify-line/run.ts';
import { lineWorld } from '../support/verify-line/world.ts';

/*
 * Invariant 4 of the design, over the services' real path: from the journal and public files of several logs through
 * merge, tail, grouper, batcher, job, worker, result and fold to what the read model gets. Histories, restarts and what
 * queues lose are random; the other side is what an oracle settles from the public files, epoch by epoch.
 */

/** They run beside each other, so that one computes while another waits for its files. */
const SEEDS = [1, 2, 3, 4];
const RUNS = 250;

const coverage = new Coverage();

it('a thousand histories give the verdicts and the state that settlement computes', async () => {
  const asked = history.chain((of) => fc.tuple(fc.constant(of), plan));
  const property = fc.asyncProperty(asked, async ([of, around]) => {
    const world = lineWorld(of, CHEAP_SIGNING);
    const services = scratchServices(world.signing.verify);
    const [epochs, line] = await Promise.all([settle(world), runLine(world, around, services)]);
    const found = differences({ epochs, line, steady: of.steady });
    if (line.lateReports > 0) found.push(`${line.lateReports} reports came late`);
    if (found.length > 0) throw new Error(`${found.join('\n')}\nin\n${describeHistory(of)}`);
    coverage.add({ history: of, plan: around, line, fates: services.queue.fates.keys() });
  });

  await Promise.all(SEEDS.map((seed) => fc.assert(property, { seed, numRuns: RUNS })));
}, 600_000);

it('and they reach every verdict, and all that may happen around them', () => {
  console.log(`seeds ${SEEDS.join(', ')}; ${coverage.toString()}`);

  const seldom = (names: readonly string[], times: (name: string) => number): readonly string[] =>
    names.filter((name) => times(name) < 5).map((name) => `${name}: ${times(name)}`);
  expect(seldom(Object.keys(REASONS), (reason) => coverage.reasons(reason))).toEqual([]);
  expect(seldom(FEATURES, (feature) => coverage.histories(feature))).toEqual([]);
});

it('computing payouts as well changes nothing', async () => {
  await fc.assert(
    fc.asyncProperty(history, (of) => requireSameWithPayouts(lineWorld(of, CHEAP_SIGNING))),
    { seed: 5, numRuns: 30 },
  );
}, 60_000);
