import { DEFAULT_POLICY, type Policy } from '#protocol/policy';
import { rewardEpoch, type EpochRewards, type HotspotShares } from '#protocol/reward/pools';
import { amount } from '#protocol/units';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const SHARE = 10n ** 8n;
const EMISSION = amount(618_340_943_683n);

function shares(
  entries: readonly (readonly [string, number, number, number])[],
  open: readonly string[] = [],
): HotspotShares<string>[] {
  return entries.map(([key, beacon, witness, credits]) => ({
    key,
    beacon: BigInt(beacon) * SHARE,
    witness: BigInt(witness) * SHARE,
    credits: BigInt(credits),
    open: open.includes(key),
  }));
}

const VECTOR = shares([
  ['g1', 10, 300, 502],
  ['g2', 200, 550, 5000],
  ['g3', 75, 400, 5000],
  ['g4', 0, 0, 0],
  ['g5', 20, 700, 0],
  ['g6', 150, 350, 50_000],
]);

const paidOf = (rewards: EpochRewards<string>): bigint =>
  rewards.amounts.reduce((sum, entry) => sum + entry.beacon + entry.witness + entry.data, 0n);

describe('the pools of an epoch', () => {
  it('pay the vector of the rules exactly', () => {
    const rewards = rewardEpoch({ emission: EMISSION, policy: DEFAULT_POLICY, shares: VECTOR, voters: 3 });
    expect(rewards.amounts.map(({ key, beacon, witness, data }) => [key, beacon, witness, data])).toEqual([
      ['g1', 2_166_977_856n, 51_442_169_996n, 13_983_286n],
      ['g2', 43_339_557_139n, 94_310_644_993n, 139_275_766n],
      ['g3', 16_252_333_927n, 68_589_559_995n, 139_275_766n],
      ['g4', 0n, 0n, 0n],
      ['g5', 4_333_955_713n, 120_031_729_992n, 0n],
      ['g6', 32_504_667_854n, 60_015_864_996n, 1_392_757_660n],
    ]);
    expect(rewards.unallocated).toBe(7n);
    expect(rewards.capped).toBe(0n);
    expect(rewards.operations).toBe(43_283_866_057n);
    expect(rewards.oracles).toBe(43_283_866_057n);
    expect(rewards.oracle).toBe(14_427_955_352n);
    expect(rewards.minted).toBe(paidOf(rewards) + 43_283_866_057n + 3n * 14_427_955_352n);
  });

  it('mint nothing for oracles where nobody voted before', () => {
    const rewards = rewardEpoch({ emission: EMISSION, policy: DEFAULT_POLICY, shares: VECTOR, voters: 0 });
    expect(rewards.oracle).toBe(0n);
    expect(rewards.minted).toBe(paidOf(rewards) + rewards.operations);
  });

  it('leave a pool without shares unallocated', () => {
    const rewards = rewardEpoch({
      emission: amount(1_000_000n),
      policy: DEFAULT_POLICY,
      shares: shares([['g1', 1, 0, 0]]),
      voters: 1,
    });
    // Beacons get 6 % and a fifth of the unused half.
    expect(paidOf(rewards)).toBe(160_000n);
    expect(rewards.unallocated).toBe(640_000n);
  });

  it('give all open hotspots together at most the cap, and mint the rest to nobody', () => {
    const rewards = rewardEpoch({
      emission: amount(1_000_000n),
      policy: DEFAULT_POLICY,
      shares: shares(
        [
          ['open', 9, 0, 0],
          ['endorsed', 1, 0, 0],
        ],
        ['open'],
      ),
      voters: 1,
    });
    expect(rewards.amounts.map((entry) => entry.beacon)).toEqual([16_000n, 16_000n]);
    expect(rewards.capped).toBe(128_000n);
  });

  it('leave the rate of open hotspots alone where they are below the cap, and where the cap is off', () => {
    const entries = shares(
      [
        ['open', 1, 3, 0],
        ['endorsed', 99, 97, 0],
      ],
      ['open'],
    );
    const few = rewardEpoch({ emission: EMISSION, policy: DEFAULT_POLICY, shares: entries, voters: 1 });
    expect(few.rates.beacon.open).toBe(few.rates.beacon.rate);
    const policy: Policy = { ...DEFAULT_POLICY, trust: { pairs: 'any', open_cap_bp: 10_000 } };
    const alone = shares([['open', 1, 1, 0]], ['open']);
    const all = rewardEpoch({ emission: amount(1_000_000n), policy, shares: alone, voters: 1 });
    expect(paidOf(all)).toBe(800_000n);
  });

  it('cap data transfer at its pool and share what it leaves 20 to 80', () => {
    const entries = shares([['g1', 1, 1, 10_000_000]]);
    const rewards = rewardEpoch({
      emission: amount(1_000_000n),
      policy: DEFAULT_POLICY,
      shares: entries,
      voters: 1,
    });
    expect(rewards.amounts).toEqual([{ key: 'g1', beacon: 60_000n, witness: 240_000n, data: 500_000n }]);
  });

  it('account for the whole emission to within a unit per pool and hotspot, whatever the shares', () => {
    const share = fc.bigInt({ min: 0n, max: 10n ** 12n });
    const hotspot = fc.record({
      key: fc.constant('h'),
      beacon: share,
      witness: share,
      credits: fc.bigInt({ min: 0n, max: 10n ** 9n }),
      open: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 10n ** 19n }),
        fc.array(hotspot, { maxLength: 30 }),
        fc.integer({ min: 1, max: 16 }),
        fc.integer({ min: 0, max: 10_000 }),
        (emission, entries, voters, open_cap_bp) => {
          const rewards = rewardEpoch({
            emission: amount(emission),
            policy: { ...DEFAULT_POLICY, trust: { pairs: 'any', open_cap_bp } },
            shares: entries,
            voters,
          });
          const { unallocated, capped, operations, oracle, delegators, minted } = rewards;
          const sum =
            paidOf(rewards) + unallocated + capped + operations + delegators + oracle * BigInt(voters);
          const slack = BigInt(3 * entries.length + voters + 6);
          expect(sum <= emission && emission - sum <= slack).toBe(true);
          expect(minted <= emission).toBe(true);
          const open = rewards.amounts.filter((_, at) => entries[at]?.open === true);
          const openBeacons = open.reduce((total, entry) => total + entry.beacon, 0n);
          const pool = (emission * 16n) / 100n + 1n;
          expect(openBeacons <= (pool * BigInt(open_cap_bp)) / 10_000n + 1n).toBe(true);
        },
      ),
      { seed: 7, numRuns: 300 },
    );
  });

  it('never pay a hotspot less for more shares', () => {
    const two = shares([
      ['a', 5, 5, 5],
      ['b', 6, 7, 8],
    ]);
    const [a, b] = rewardEpoch({
      emission: EMISSION,
      policy: DEFAULT_POLICY,
      shares: two,
      voters: 1,
    }).amounts;
    expect(a && b && a.beacon <= b.beacon && a.witness <= b.witness && a.data <= b.data).toBe(true);
  });

  it('depend on what shares are to each other: the same multiple of all of them pays the same to a unit', () => {
    const share = fc.bigInt({ min: 0n, max: 10n ** 6n });
    const hotspot = fc.record({ beacon: share, witness: share, open: fc.boolean() });
    fc.assert(
      fc.property(
        fc.array(hotspot, { minLength: 1, maxLength: 20 }),
        fc.bigInt({ min: 2n, max: 1000n }),
        (entries, times) => {
          const payOf = (factor: bigint) =>
            rewardEpoch({
              emission: EMISSION,
              policy: DEFAULT_POLICY,
              shares: entries.map(({ beacon, witness, open }, key) => ({
                key,
                beacon: factor * beacon * SHARE,
                witness: factor * witness * SHARE,
                credits: 0n,
                open,
              })),
              voters: 1,
            });
          const [once, often] = [payOf(1n), payOf(times)];
          // Half of a rate's last decimal, times the share, is far less than a unit: only the floor can move.
          for (const [at, { beacon, witness }] of once.amounts.entries()) {
            const other = often.amounts[at];
            expect(distance(beacon, other?.beacon ?? -1n) <= 1n).toBe(true);
            expect(distance(witness, other?.witness ?? -1n) <= 1n).toBe(true);
          }
          expect(often.capped).toBe(once.capped);
        },
      ),
      { seed: 20_261_124, numRuns: 200 },
    );
  });

  it('pay each hotspot the same in whatever order the hotspots stand', () => {
    const share = fc.bigInt({ min: 0n, max: 10n ** 12n });
    const hotspot = fc.record({ beacon: share, witness: share, credits: share, open: fc.boolean() });
    fc.assert(
      fc.property(fc.array(hotspot, { maxLength: 20 }), fc.integer(), (entries, turn) => {
        const shares = entries.map((entry, key) => ({ key, ...entry }));
        const other = shares.toSorted((a, b) => Math.sin(turn + a.key) - Math.sin(turn + b.key));
        const pay = (of: typeof shares) =>
          rewardEpoch({ emission: EMISSION, policy: DEFAULT_POLICY, shares: of, voters: 2 });
        const { amounts, ...rest } = pay(shares);
        const { amounts: moved, ...same } = pay(other);
        expect(moved.toSorted((a, b) => a.key - b.key)).toEqual(amounts);
        expect(same).toEqual(rest);
      }),
      { seed: 20_261_124, numRuns: 100 },
    );
  });
});

const distance = (a: bigint, b: bigint): bigint => (a < b ? b - a : a - b);
