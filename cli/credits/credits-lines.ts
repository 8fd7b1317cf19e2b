import { creditsCost, type Credits } from '#client';
import type { Address } from '#protocol/units';

/** An owner's credits: a line each. */
export function creditsLines(of: {
  readonly owner: Address;
  /** USD per token, 8 decimals. */
  readonly price: bigint;
  readonly credits: Credits | null;
}): readonly string[] {
  const { owner, price, credits } = of;
  const thousand = creditsCost(1_000n, price);
  const cost =
    thousand === null ? 'credits have no price' : `1,000 credits cost ${thousand} smallest units now`;
  if (credits === null) return [`${owner} has never bought credits`, cost];
  const { balance, settled, refundable, withdrawal } = credits;
  return [
    `${owner}: balance ${balance.next} from epoch ${balance.nextFrom} on, ${balance.current} before (ever bought less ever withdrawn)`,
    `settled ${settled}; the rest would give back ${refundable} smallest units`,
    withdrawal === null
      ? 'no withdrawal is open'
      : `${withdrawal.credits} are asked back, off the balance from epoch ${withdrawal.fromEpoch} on`,
    cost,
  ];
}
