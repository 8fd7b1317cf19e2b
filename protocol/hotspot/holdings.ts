import type { EpochFacts } from '../epoch.ts';
import { hotspotLeafKey } from '../settle/leaf.ts';
import type { EpochState, PendingAmounts } from '../settle/state.ts';
import { amount, epochNumber, type Amount, type EpochNumber, type HotspotKey } from '../units.ts';

/** An amount that is held back. */
export interface PendingAmount {
  /** The epoch that earned it. */
  readonly epoch: EpochNumber;
  readonly amount: Amount;
  /** What for: beacons and witnesses, or data transfer, which no deny list drops. */
  readonly earnedBy: 'coverage' | 'data';
  /** The first epoch with which it can enter the cumulative total. */
  readonly paidWith: EpochNumber;
  /** When that epoch ends (seconds), if epochs stay as long as this one. */
  readonly earliest: number;
  /** Whether the deny list in force would drop it. */
  readonly dropped: boolean;
}

/** A hotspot's totals after an epoch. */
export interface HotspotHoldings {
  readonly cumulative: Amount;
  /** What entered the cumulative total with this epoch. */
  readonly added: Amount;
  /** By epoch; coverage before data. */
  readonly pending: readonly PendingAmount[];
}

/** Reads what an epoch left a hotspot; `deniedFrom` is its deny entry's first epoch. */
export function hotspotHoldings(input: {
  readonly key: HotspotKey;
  readonly facts: Pick<EpochFacts, 'epoch' | 'start' | 'end' | 'holdback'>;
  readonly stateBefore: EpochState;
  readonly state: EpochState;
  readonly deniedFrom: number | null;
}): HotspotHoldings {
  const { facts, deniedFrom } = input;
  const leaf = hotspotLeafKey(input.key);
  const cumulative = input.state.cumulative.get(leaf) ?? amount(0n);
  const heldOf = (of: PendingAmounts, earnedBy: PendingAmount['earnedBy']): PendingAmount[] =>
    [...of].flatMap(([epoch, amounts]): PendingAmount[] => {
      const held = amounts.get(leaf);
      if (held === undefined) return [];
      const paidWith = epochNumber(epoch + BigInt(facts.holdback));
      const earliest = facts.end + Number(paidWith - facts.epoch) * (facts.end - facts.start);
      const dropped = earnedBy === 'coverage' && deniedFrom !== null && BigInt(deniedFrom) <= epoch;
      return [{ epoch, amount: held, earnedBy, paidWith, earliest, dropped }];
    });
  const { pending, pendingData } = input.state;
  return {
    cumulative,
    added: amount(cumulative - (input.stateBefore.cumulative.get(leaf) ?? 0n)),
    pending: [...heldOf(pending, 'coverage'), ...heldOf(pendingData, 'data')].sort((a, b) =>
      Number(a.epoch - b.epoch),
    ),
  };
}
