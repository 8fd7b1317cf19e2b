import { computeEpoch, type EpochInput } from '#protocol/epoch';
import { hotspotLeafKey, payeeLeafKey, type LeafKey } from '#protocol/settle/leaf';
import { emptyState, openState, stateBytes, type EpochState } from '#protocol/settle/state';
import { tupleHash, type Tuple } from '#protocol/settle/tuple';
import { keyText } from '#protocol/wire/key';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { signedDenyFile } from '../../support/deny-file.ts';
import { EMISSION, testAddress, testHotspot, TestWorld, type TestHotspot } from './world.ts';

const hotspots = Array.from({ length: 4 }, (_, at) => testHotspot(`history ${at}`, at));
const ORACLES = [testAddress('oracle 0'), testAddress('oracle 1')];

interface Settled {
  readonly epoch: number;
  readonly tuple: Tuple;
  readonly state: EpochState;
  readonly minted: bigint;
}

/** Settles epochs as oracles and chain do: empty ones are skipped, voters follow the first, growth is capped. */
function settle(input: {
  /** By epoch, which hotspots take part. */
  readonly busy: readonly (readonly TestHotspot[])[];
  readonly holdback: number;
  readonly inputOf?: (epoch: number, input: EpochInput) => EpochInput;
}): readonly Settled[] {
  const settled: Settled[] = [];
  let state = emptyState();
  let last: Settled | undefined;
  const world = new TestWorld({ hotspots, epochs: input.busy.length, policy: { holdback: input.holdback } });
  for (const [epoch, taking] of input.busy.entries()) world.busyEpoch(epoch, taking);
  for (const epoch of input.busy.keys()) {
    const base = world.input(epoch, {
      state,
      parent: last?.tuple ?? null,
      voters: last === undefined ? [] : ORACLES,
    });
    const result = computeEpoch(input.inputOf?.(epoch, base) ?? base);
    if (result.kind === 'empty') continue;
    const growth = result.tuple.cumulativeTotal - (last?.tuple.cumulativeTotal ?? 0n);
    const first = Math.max(0, (last?.epoch ?? -1) - input.holdback + 1);
    const payable = Math.max(0, epoch - input.holdback - first + 1);
    expect(growth <= EMISSION * BigInt(payable)).toBe(true);
    if (growth === 0n && last !== undefined) expect(result.tuple.root).toBe(last.tuple.root);
    for (const [key, before] of state.cumulative)
      expect((result.state.cumulative.get(key) ?? 0n) >= before).toBe(true);
    expect(result.tuple.parentTupleHash).toBe(last === undefined ? '0'.repeat(64) : tupleHash(last.tuple));
    // What the next epoch reads is what the bytes say.
    state = openState(stateBytes(result.state));
    expect(state).toEqual(result.state);
    last = { epoch, tuple: result.tuple, state, minted: result.rewards.minted };
    settled.push(last);
  }
  return settled;
}

const totalOf = (amounts: Iterable<readonly [LeafKey, bigint]>): bigint =>
  [...amounts].reduce((sum, [, value]) => sum + value, 0n);

describe('epoch after epoch', () => {
  it('pays at once without holdback', () => {
    const settled = settle({ busy: [hotspots, hotspots, hotspots], holdback: 0 });
    let sum = 0n;
    for (const { tuple, state, minted } of settled) {
      sum += minted;
      expect(tuple.cumulativeTotal).toBe(sum);
      expect(state.pending.size).toBe(0);
    }
    // Voters are paid from the second epoch on.
    const [first, second] = settled;
    expect(first?.state.cumulative.has(payeeLeafKey(ORACLES[0] ?? testAddress('')))).toBe(false);
    expect(second?.state.cumulative.get(payeeLeafKey(ORACLES[0] ?? testAddress('')))).toBe(
      (EMISSION * 7n) / 200n,
    );
  });

  it('pays two epochs later with a holdback of two, over skipped epochs as well', () => {
    const settled = settle({ busy: [hotspots, hotspots, [], [], hotspots, hotspots], holdback: 2 });
    expect(settled.map(({ epoch }) => epoch)).toEqual([0, 1, 4, 5]);
    const [a, b, c, d] = settled.map(({ minted }) => minted);
    expect(settled.map(({ tuple }) => tuple.cumulativeTotal)).toEqual([
      0n,
      0n,
      (a ?? 0n) + (b ?? 0n),
      (a ?? 0n) + (b ?? 0n),
    ]);
    expect(settled.map(({ state }) => [...state.pending.keys()])).toEqual([[0n], [0n, 1n], [4n], [4n, 5n]]);
    const pending = settled.at(-1)?.state.pending.values() ?? [];
    expect([...pending].map((amounts) => totalOf(amounts))).toEqual([c, d]);
  });

  it('drops what a denied hotspot earned from the named epoch on, and only that', () => {
    const [denied] = hotspots;
    if (denied === undefined) throw new Error('no hotspot');
    const leaf = hotspotLeafKey(denied.key);
    const grounds = { from: 1, reason: 'keeper', epoch: 1, evidence: [] } as const;
    const { denyFile, deny } = signedDenyFile({ keys: [{ key: keyText(denied.key), ...grounds }] });
    const inputOf = (epoch: number, input: EpochInput): EpochInput =>
      epoch >= 2 ? { ...input, denyFile, policy: { ...input.policy, deny } } : input;
    const busy = [hotspots, hotspots, hotspots, hotspots];
    const settled = settle({ busy, holdback: 2, inputOf });
    const honest = settle({ busy, holdback: 2 });
    // Epoch 0 was before `from`; epoch 1 is dropped when it ripens in epoch 3.
    const [, , third, fourth] = settled.map(({ state }) => state.cumulative.get(leaf));
    const [, , honestThird, honestFourth] = honest.map(({ state }) => state.cumulative.get(leaf));
    expect([third, fourth]).toEqual([honestThird, honestThird]);
    expect((honestFourth ?? 0n) > (honestThird ?? 0n)).toBe(true);
  });

  it('never lets a total fall nor grow above the emissions that became payable, whatever happens', () => {
    const epoch = fc
      .subarray([0, 1, 2, 3])
      .map((places) => places.flatMap((at) => hotspots.slice(at, at + 1)));
    fc.assert(
      fc.property(
        fc.array(epoch, { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 0, max: 3 }),
        (busy, holdback) => {
          const settled = settle({ busy, holdback });
          const last = settled.at(-1);
          const minted = settled.reduce((sum, { minted: value }) => sum + value, 0n);
          const pending = [...(last?.state.pending.values() ?? [])].reduce(
            (sum, amounts) => sum + totalOf(amounts),
            0n,
          );
          expect((last?.tuple.cumulativeTotal ?? 0n) + pending).toBe(minted);
        },
      ),
      { seed: 31, numRuns: 30 },
    );
  });
});
