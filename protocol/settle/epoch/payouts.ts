import type { EpochInput, HotspotPayout } from '../../epoch.ts';
import { rewardEpoch, type EpochRewards } from '../../reward/pools.ts';
import type { PocShares } from '../../reward/shares.ts';
import { amount, type Amount, type Cell, type HotspotKey } from '../../units.ts';
import { hotspotLeafKey, payeeLeafKey, type LeafKey } from '../leaf.ts';
import type { Earned } from './accounts.ts';

export interface EpochPayouts {
  /** By key. */
  readonly payouts: readonly HotspotPayout[];
  readonly rewards: EpochRewards<HotspotKey>;
  /** What every hotspot and payee earned. */
  readonly earned: Earned;
}

const NO_SHARES: PocShares = { beacon: 0n, witness: 0n };

/** Divides the epoch's emission among the hotspots with shares, the fund and the previous voters. */
export function payOut(input: {
  readonly epoch: Pick<EpochInput, 'facts' | 'policy' | 'registry'>;
  readonly shares: ReadonlyMap<HotspotKey, PocShares>;
  /** Counted data credits. */
  readonly credits: ReadonlyMap<HotspotKey, bigint>;
  readonly scales: ReadonlyMap<Cell, bigint>;
}): EpochPayouts {
  const { facts, policy, registry } = input.epoch;
  const shares = [...new Set([...input.shares.keys(), ...input.credits.keys()])].sort().map((key) => ({
    key,
    ...(input.shares.get(key) ?? NO_SHARES),
    credits: input.credits.get(key) ?? 0n,
    open: registry.hotspots.get(key)?.tier === 'open',
  }));
  const { voters } = registry;
  const rewards = rewardEpoch({ emission: facts.emission, policy, shares, voters: voters.length });

  const earned = { coverage: new Map<LeafKey, Amount>(), data: new Map<LeafKey, Amount>() };
  const earn = (key: LeafKey, value: bigint): void => {
    if (value > 0n) earned.coverage.set(key, amount((earned.coverage.get(key) ?? 0n) + value));
  };
  for (const { key, beacon, witness, data } of rewards.amounts) {
    earn(hotspotLeafKey(key), beacon + witness);
    if (data > 0n) earned.data.set(hotspotLeafKey(key), data);
  }
  earn(payeeLeafKey(facts.operations), rewards.operations);
  for (const voter of voters) earn(payeeLeafKey(voter), rewards.oracle);

  const payouts = rewards.amounts.map(({ key, ...amounts }, at): HotspotPayout => {
    const { beacon, witness, credits, open } = shares[at] ?? {
      beacon: 0n,
      witness: 0n,
      credits: 0n,
      open: false,
    };
    const cell = registry.hotspots.get(key)?.cell ?? null;
    const scale = (cell === null ? undefined : input.scales.get(cell)) ?? null;
    return { key, open, scale, shares: { beacon, witness, credits }, amounts };
  });
  return { payouts, rewards, earned };
}
