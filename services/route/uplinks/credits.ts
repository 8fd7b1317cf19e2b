import type { Address, EpochNumber } from '#protocol/units';

/** What chain and settlement say of an owner's data credits. */
export interface SettledCredits {
  /** Ever bought less ever withdrawn, as it is in force. */
  balanceOf(owner: Address): bigint;
  /** What final epochs have taken from it. */
  settledOf(owner: Address): bigint;
  /** The last epoch that `settledOf` includes; null: none. */
  readonly settledThrough: EpochNumber | null;
}

/** What owners may still spend: settled credits, less what was used here in epochs that are not settled yet. */
export interface Credits {
  available(owner: Address): bigint;
  /** Used here and not settled yet. */
  used(owner: Address): bigint;
  use(owner: Address, epoch: EpochNumber, credits: bigint): void;
  /** Takes back what was not bought after all. */
  giveBack(owner: Address, epoch: EpochNumber, credits: bigint): void;
}

export function openCredits(settled: SettledCredits): Credits {
  const epochs = new Map<EpochNumber, Map<Address, bigint>>();
  const change = (owner: Address, epoch: EpochNumber, by: bigint): void => {
    const owners = epochs.get(epoch) ?? new Map<Address, bigint>();
    epochs.set(epoch, owners.set(owner, (owners.get(owner) ?? 0n) + by));
  };
  const used = (owner: Address): bigint => {
    const through = settled.settledThrough;
    let sum = 0n;
    for (const [epoch, owners] of epochs) {
      if (through !== null && epoch <= through) epochs.delete(epoch);
      else sum += owners.get(owner) ?? 0n;
    }
    return sum;
  };
  return {
    used,
    available: (owner) => settled.balanceOf(owner) - settled.settledOf(owner) - used(owner),
    use: change,
    giveBack: (owner, epoch, credits) => {
      change(owner, epoch, -credits);
    },
  };
}
