import type { DenyList } from '../../deny/deny-list.ts';
import { amount, type Amount, type EpochNumber } from '../../units.ts';
import { hotspotLeafKey, type LeafKey } from '../leaf.ts';
import type { EpochState } from '../state.ts';

/** Totals and amounts that are held back; the parts of the state that money passes through. */
export type Accounts = Pick<EpochState, 'cumulative' | 'pending'>;

/**
 * Holds back what an epoch earned and pays what is ripe: amounts of epochs up to `epoch - holdback`, except of hotspots
 * that the deny list in force now names from that epoch or an earlier one on. Those are never minted (poc.md 5).
 */
export function advanceAccounts(input: {
  readonly accounts: Accounts;
  readonly epoch: EpochNumber;
  readonly holdback: number;
  readonly earned: ReadonlyMap<LeafKey, Amount>;
  readonly deny: DenyList;
}): Accounts {
  const deniedFrom = new Map(
    [...input.deny.keys].map(([key, { from }]) => [hotspotLeafKey(key), BigInt(from)]),
  );
  const isDenied = (key: LeafKey, epoch: EpochNumber): boolean => {
    const from = deniedFrom.get(key);
    return from !== undefined && from <= epoch;
  };
  const earned = new Map([...input.earned].filter(([, value]) => value > 0n));
  const pending = new Map(input.accounts.pending);
  if (earned.size > 0) pending.set(input.epoch, earned);
  const cumulative = new Map(input.accounts.cumulative);
  for (const [epoch, amounts] of [...pending]) {
    if (epoch + BigInt(input.holdback) > input.epoch) continue;
    pending.delete(epoch);
    for (const [key, value] of amounts)
      if (!isDenied(key, epoch)) cumulative.set(key, amount((cumulative.get(key) ?? 0n) + value));
  }
  return { cumulative, pending };
}
