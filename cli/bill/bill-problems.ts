import type { PacketReason } from '#protocol/settle/credits/packet-reasons';
import type { Address, EpochNumber, Hash } from '#protocol/units';
import { totalOf, type EpochBill, type WrongPacket } from './bill.ts';

/** What can be wrong with a bill, append-only; docs/bill.md lists them. */
export const BILL_PROBLEMS = {
  wrong_packet: 'A packet was billed that does not count; the line says why.',
  epoch_total: 'The settled total grew in the epoch by something else than its billed packets cost.',
  all_epochs: 'The settled total is not what the billed packets of all epochs cost.',
  settled_above: 'The chain holds more as settled than the final leaf says.',
  above_balance: 'More is settled than was ever bought and not taken back.',
  no_account: 'Credits were used, and the owner has never bought any.',
} as const;

/** What is wrong with a packet that was billed. */
export const WRONG_PACKETS: Readonly<Record<PacketReason, string>> = {
  unknown_hotspot: 'its hotspot was not registered',
  no_session: 'its hotspot had opened no session',
  no_route: 'you signed no route that was in force',
  undisclosed: 'no disclosure shows that anybody sent it',
  malformed: 'what is disclosed is no packet of its hotspot',
  bad_signature: 'its hotspot did not sign it',
  not_uplink: 'it is no uplink',
  wrong_price: 'size or price are not those of its frame',
  not_routed: 'its DevAddr is none of your route',
  duplicate: 'it was billed before',
  too_many_copies: 'more copies of its frame were billed than your route buys',
  no_credits: 'your credits did not cover it',
};

export type BillProblem =
  | { readonly code: 'wrong_packet'; readonly epoch: EpochNumber; readonly packet: WrongPacket }
  | {
      readonly code: Exclude<keyof typeof BILL_PROBLEMS, 'wrong_packet'>;
      /** null: of all epochs. */
      readonly epoch: EpochNumber | null;
      readonly found: bigint;
      readonly expected: bigint;
    };

/** What the chain holds of an owner's credits, and the leaf under its latest credits root. */
export interface OwnerOnChain {
  readonly latest: { readonly epoch: EpochNumber; readonly creditsRoot: Hash };
  /** 0 where the owner has no leaf. */
  readonly leaf: bigint;
  /** null: it has never bought any. */
  readonly account: {
    /** Ever bought less ever taken back, as it will be once what is pending is in force. */
    readonly balance: bigint;
    readonly settled: bigint;
    readonly withdrawal: { readonly credits: bigint; readonly fromEpoch: EpochNumber } | null;
  } | null;
}

/** A bill of some epochs, or of all, against what the chain says. */
export interface Bill {
  readonly owner: Address;
  /** Ascending. */
  readonly epochs: readonly EpochBill[];
  /** Whether these are all final epochs, so that together they make the leaf. */
  readonly isWhole: boolean;
  readonly chain: OwnerOnChain;
}

/** Everything that differs, in the order of the bill. */
export function problemsOf({ epochs, isWhole, chain }: Bill): readonly BillProblem[] {
  const problems = epochs.flatMap(({ epoch, wrong, billed, before, after }): BillProblem[] => [
    ...wrong.map((packet): BillProblem => ({ code: 'wrong_packet', epoch, packet })),
    ...differing('epoch_total', { epoch, found: after - before, expected: billed.credits }),
  ]);
  if (isWhole) {
    const expected = totalOf(epochs).credits;
    problems.push(...differing('all_epochs', { epoch: null, found: chain.leaf, expected }));
  }
  const { account, leaf } = chain;
  const all = { epoch: null, found: leaf, expected: account?.balance ?? 0n };
  if (account === null && leaf > 0n) problems.push({ code: 'no_account', ...all });
  if (account === null) return problems;
  if (account.settled > leaf)
    problems.push({ code: 'settled_above', epoch: null, found: account.settled, expected: leaf });
  if (leaf > account.balance) problems.push({ code: 'above_balance', ...all });
  return problems;
}

function differing(
  code: 'epoch_total' | 'all_epochs',
  of: { readonly epoch: EpochNumber | null; readonly found: bigint; readonly expected: bigint },
): readonly BillProblem[] {
  return of.found === of.expected ? [] : [{ code, ...of }];
}
