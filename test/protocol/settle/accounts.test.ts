import { describe, expect, it } from 'vitest';
import { NOBODY_DENIED, type DenyList } from '#protocol/deny/deny-list';
import { advanceAccounts, type Accounts } from '#protocol/settle/epoch/accounts';
import { hotspotLeafKey, type LeafKey } from '#protocol/settle/leaf';
import { amount, epochNumber, type Amount } from '#protocol/units';
import { testKey } from '../epoch/world.ts';

const [DENIED, HONEST] = [testKey('denied').key, testKey('honest').key];
const [DENIED_LEAF, HONEST_LEAF] = [hotspotLeafKey(DENIED), hotspotLeafKey(HONEST)];
const NOTHING: Accounts = { cumulative: new Map(), pending: new Map(), pendingData: new Map() };
const HOLDBACK = 2;

function amounts(...of: readonly (readonly [LeafKey, bigint])[]): ReadonlyMap<LeafKey, Amount> {
  return new Map(of.map(([key, value]) => [key, amount(value)]));
}

const EARNED = {
  coverage: amounts([DENIED_LEAF, 100n], [HONEST_LEAF, 10n]),
  data: amounts([DENIED_LEAF, 7n], [HONEST_LEAF, 0n]),
};
const NOTHING_EARNED = { coverage: amounts(), data: amounts() };

/** One hotspot is denied from an epoch on. */
function deniedFrom(from: number): DenyList {
  const entry = { key: DENIED, from, reason: 'keeper', epoch: from, evidence: [] } as const;
  return { ...NOBODY_DENIED, keys: new Map([[DENIED, entry]]) };
}

/** Epoch 4 earns; what is left after two more epochs, of which the last has a deny list in force. */
function afterHoldback(deny: DenyList): Accounts {
  let accounts = NOTHING;
  for (const [epoch, earned] of [
    [4n, EARNED],
    [5n, NOTHING_EARNED],
  ] as const)
    accounts = advanceAccounts({
      accounts,
      epoch: epochNumber(epoch),
      holdback: HOLDBACK,
      earned,
      deny: NOBODY_DENIED,
    });
  return advanceAccounts({
    accounts,
    epoch: epochNumber(6n),
    holdback: HOLDBACK,
    earned: NOTHING_EARNED,
    deny,
  });
}

describe('amounts that are held back', () => {
  it('stand apart by what they were earned with, and no zero amount is kept', () => {
    const epoch = epochNumber(4n);
    const accounts = advanceAccounts({
      accounts: NOTHING,
      epoch,
      holdback: HOLDBACK,
      earned: EARNED,
      deny: NOBODY_DENIED,
    });
    expect(accounts.cumulative).toEqual(new Map());
    expect(accounts.pending).toEqual(new Map([[epoch, EARNED.coverage]]));
    expect(accounts.pendingData).toEqual(new Map([[epoch, amounts([DENIED_LEAF, 7n])]]));
  });

  it('are paid together when they are ripe', () => {
    const { cumulative, pending, pendingData } = afterHoldback(NOBODY_DENIED);
    expect(cumulative).toEqual(amounts([DENIED_LEAF, 107n], [HONEST_LEAF, 10n]));
    expect([pending.size, pendingData.size]).toEqual([0, 0]);
  });

  it('of a denied hotspot are dropped from the named epoch on, except what it earned for data', () => {
    const { cumulative, pending, pendingData } = afterHoldback(deniedFrom(4));
    expect(cumulative).toEqual(amounts([DENIED_LEAF, 7n], [HONEST_LEAF, 10n]));
    expect([pending.size, pendingData.size]).toEqual([0, 0]);
    expect(afterHoldback(deniedFrom(5)).cumulative).toEqual(amounts([DENIED_LEAF, 107n], [HONEST_LEAF, 10n]));
  });

  it('are paid in their own epoch without holdback, and a denied hotspot is paid for data then as well', () => {
    const deny = deniedFrom(4);
    const accounts = advanceAccounts({
      accounts: NOTHING,
      epoch: epochNumber(4n),
      holdback: 0,
      earned: EARNED,
      deny,
    });
    expect(accounts.cumulative).toEqual(amounts([DENIED_LEAF, 7n], [HONEST_LEAF, 10n]));
  });
});
