import type { Hash } from '#protocol/units';
import type { TestCreditsTree } from '../litesvm-credits.ts';
import { POLICY_HASH } from '../litesvm-network.ts';
import { at, owners } from './actors.ts';
import type { Moment } from './hotspot-model.ts';

/** What an owner tries with data credits. */
export type CreditsAttempt =
  | {
      readonly type: 'buy credits';
      readonly owner: number;
      readonly credits: bigint;
      readonly maxTokens: bigint;
    }
  | { readonly type: 'withdraw credits'; readonly owner: number; readonly credits: bigint }
  | { readonly type: 'settle credits'; readonly owner: number; readonly tree: TestCreditsTree };

export interface ModelCredits {
  readonly firstEpoch: bigint;
  readonly current: bigint;
  readonly next: bigint;
  readonly from: bigint;
  readonly settled: bigint;
  readonly refundable: bigint;
  readonly withdrawal: bigint;
  readonly withdrawalFrom: bigint;
}

/** USD per token, 8 decimals: a credit costs 3 1/3, 1, 14 2/7 and half a smallest unit. */
const PRICES: Readonly<Record<string, bigint>> = {
  [POLICY_HASH]: 30_000_000_000n,
  ['bb'.repeat(32)]: 100_000_000_000n,
  ['cc'.repeat(32)]: 7_000_000_000n,
  ['dd'.repeat(32)]: 200_000_000_000n,
};
export const priceOf = (policy: string | Hash): bigint => PRICES[policy] ?? 0n;

const NONE: ModelCredits = {
  firstEpoch: 0n,
  current: 0n,
  next: 0n,
  from: 0n,
  settled: 0n,
  refundable: 0n,
  withdrawal: 0n,
  withdrawalFrom: 0n,
};

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const costOf = (credits: bigint, price: bigint): bigint => (credits * 100_000_000_000n + price - 1n) / price;
const outstanding = ({ next, withdrawal, settled }: ModelCredits): bigint => {
  const held = next + withdrawal;
  return held > settled ? held - settled : 0n;
};
export const inForceAt = ({ current, next, from }: ModelCredits, epoch: bigint): bigint =>
  epoch >= from ? next : current;

/** The program's rules of data credits once more, without accounts. */
export class CreditsModel {
  readonly accounts = new Map<number, ModelCredits>();
  burned = 0n;
  refunded = 0n;
  /** Of the owners, which purchases and refunds change. */
  readonly #balances: bigint[];

  constructor(balances: bigint[]) {
    this.#balances = balances;
  }

  /** Changes the model and answers true where the program must let it land, else false. */
  apply(
    attempt: CreditsAttempt,
    of: { readonly moment: Moment; readonly policy: string; readonly creditsRoot: string | null },
  ): boolean {
    switch (attempt.type) {
      case 'buy credits':
        return this.#buy(attempt, of);
      case 'withdraw credits':
        return this.#withdraw(attempt, of.moment);
      case 'settle credits':
        return this.#settle(attempt, of);
    }
  }

  #buy(
    { owner, credits, maxTokens }: CreditsAttempt & { type: 'buy credits' },
    { moment, policy }: { readonly moment: Moment; readonly policy: string },
  ): boolean {
    const known = this.accounts.get(owner);
    const before = known ?? NONE;
    const price = priceOf(policy);
    const burned = costOf(credits, price);
    const after = changed(before, before.next + credits, moment);
    const held = this.#balances[owner] ?? 0n;
    if (credits === 0n || after === null || burned > maxTokens || burned > held) return false;
    this.#balances[owner] = held - burned;
    this.burned += burned;
    this.accounts.set(owner, {
      ...after,
      firstEpoch: known === undefined ? after.from : before.firstEpoch,
      refundable: least(before.refundable + burned, costOf(outstanding(after), price)),
    });
    return true;
  }

  #withdraw({ owner, credits }: CreditsAttempt & { type: 'withdraw credits' }, moment: Moment): boolean {
    const before = this.accounts.get(owner);
    if (before === undefined || credits === 0n || before.withdrawal > 0n) return false;
    if (credits > inForceAt(before, moment.epoch ?? 0n) - before.settled) return false;
    const after = changed(before, before.next - credits, moment);
    if (after === null) return false;
    this.accounts.set(owner, { ...after, withdrawal: credits, withdrawalFrom: after.from });
    return true;
  }

  #settle(
    { owner, tree }: CreditsAttempt & { type: 'settle credits' },
    { moment, creditsRoot }: { readonly moment: Moment; readonly creditsRoot: string | null },
  ): boolean {
    const before = this.accounts.get(owner);
    const used = tree.used.find((of) => of.owner.equals(at(owners, owner).publicKey))?.total;
    if (before === undefined || used === undefined || tree.pins.creditsRoot !== creditsRoot) return false;
    const settled = used > before.settled ? { ...before, settled: used } : before;
    const [was, left] = [outstanding(before), outstanding(settled)];
    const refundable = was === 0n ? 0n : (before.refundable * left) / was;
    const paid = this.#paid(
      { ...settled, refundable: settled === before ? before.refundable : refundable },
      moment,
    );
    if (paid === null) return false;
    this.accounts.set(owner, paid.after);
    this.refunded += paid.tokens;
    this.#balances[owner] = (this.#balances[owner] ?? 0n) + paid.tokens;
    return true;
  }

  #paid(
    before: ModelCredits,
    moment: Moment,
  ): { readonly after: ModelCredits; readonly tokens: bigint } | null {
    const { withdrawal, refundable } = before;
    if (withdrawal === 0n || moment.unfinalized < before.withdrawalFrom) return { after: before, tokens: 0n };
    const left = outstanding(before);
    const credits = least(withdrawal, left);
    const after =
      credits === withdrawal ? before : changed(before, before.next + withdrawal - credits, moment);
    if (after === null) return null;
    const tokens = left === 0n ? 0n : (refundable * credits) / left;
    return {
      after: { ...after, refundable: refundable - tokens, withdrawal: 0n, withdrawalFrom: 0n },
      tokens,
    };
  }
}

/** null: the current balance is still read by an epoch that is not final. */
const changed = (value: ModelCredits, next: bigint, { epoch, unfinalized }: Moment): ModelCredits | null => {
  if (epoch === null) return { ...value, current: next, next, from: 0n };
  const from = epoch + 1n;
  if (value.from > epoch) return { ...value, next, from };
  return unfinalized < value.from ? null : { ...value, current: value.next, next, from };
};
