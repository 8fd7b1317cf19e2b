import type { DenyList } from '../../deny/deny-list.ts';
import { amount, type Amount, type EpochNumber } from '../../units.ts';
import { hotspotLeafKey, type LeafKey } from '../leaf.ts';
import type { EpochState, PendingAmounts } from '../state.ts';

/** Totals and amounts that are held back; the parts of the state that money passes through. */
export type Accounts = Pick<EpochState, 'cumulative' | 'pending' | 'pendingData'>;

/** What an epoch earned: for data transfer, and for all else. */
export interface Earned {
  readonly coverage: ReadonlyMap<LeafKey, Amount>;
  readonly data: ReadonlyMap<LeafKey, Amount>;
}

/**
 * Holds back what an epoch earned and pays what is ripe: amounts of epochs up to `epoch - holdback`, except what hotspots
 * earned by beacons and witnesses that the deny list in force now names from that epoch or an earlier one on. Those are
 * never minted; what they earned for data is theirs (poc.md 5).
 */
export function advanceAccounts(input: {
  readonly accounts: Accounts;
  readonly epoch: EpochNumber;
  readonly holdback: number;
  readonly earned: Earned;
  readonly deny: DenyList;
}): Accounts {
  const { accounts, epoch, earned } = input;
  const deniedFrom = new Map(
    [...input.deny.keys].map(([key, { from }]) => [hotspotLeafKey(key), BigInt(from)]),
  );
  const isDenied = (key: LeafKey, epoch: EpochNumber): boolean => {
    const from = deniedFrom.get(key);
    return from !== undefined && from <= epoch;
  };
  const isRipe = (of: EpochNumber): boolean => of + BigInt(input.holdback) <= epoch;
  const pending = withEarned(accounts.pending, { epoch, amounts: earned.coverage });
  const pendingData = withEarned(accounts.pendingData, { epoch, amounts: earned.data });
  const cumulative = new Map(accounts.cumulative);
  const pay = (key: LeafKey, value: Amount): void => {
    cumulative.set(key, amount((cumulative.get(key) ?? 0n) + value));
  };
  for (const [of, amounts] of pending)
    if (isRipe(of)) for (const [key, value] of amounts) if (!isDenied(key, of)) pay(key, value);
  for (const [of, amounts] of pendingData)
    if (isRipe(of)) for (const [key, value] of amounts) pay(key, value);
  const unripe = (of: PendingAmounts): PendingAmounts => new Map([...of].filter(([each]) => !isRipe(each)));
  return { cumulative, pending: unripe(pending), pendingData: unripe(pendingData) };
}

function withEarned(
  pending: PendingAmounts,
  { epoch, amounts }: { readonly epoch: EpochNumber; readonly amounts: ReadonlyMap<LeafKey, Amount> },
): PendingAmounts {
  const earned = new Map([...amounts].filter(([, value]) => value > 0n));
  return earned.size === 0 ? pending : new Map([...pending, [epoch, earned]]);
}
