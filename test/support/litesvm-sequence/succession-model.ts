/** A set of oracles; people are numbers. */
export interface ModelOracles {
  readonly generation: number;
  readonly k: number;
  readonly members: readonly number[];
}

/** What somebody tries about who decides after whom. */
export type SuccessionAttempt =
  | {
      readonly type: 'propose oracles';
      readonly by: number;
      readonly set: Omit<ModelOracles, 'generation'>;
    }
  | { readonly type: 'apply oracles' }
  | { readonly type: 'transfer authority'; readonly by: number; readonly to: number | null }
  | { readonly type: 'accept authority'; readonly by: number }
  | { readonly type: 'set guardian'; readonly by: number; readonly guardian: number | null };

interface Pending<Value> {
  readonly value: Value;
  readonly from: bigint;
}

/** The program's rules of oracles, authority and guardian once more, without accounts. */
export class SuccessionModel {
  readonly timelock: bigint;
  authority: number;
  pendingAuthority: Pending<number> | null = null;
  guardian: number | null;
  pendingGuardian: Pending<number | null> | null = null;
  oracles: ModelOracles;
  pendingOracles: Pending<ModelOracles> | null = null;

  constructor(input: {
    readonly timelock: bigint;
    readonly authority: number;
    readonly guardian: number;
    readonly oracles: ModelOracles;
  }) {
    this.timelock = input.timelock;
    this.authority = input.authority;
    this.guardian = input.guardian;
    this.oracles = input.oracles;
  }

  /** Changes the model and answers true where the program must let it land, else false. */
  apply(attempt: SuccessionAttempt, { now, isRipe }: { now: bigint; isRipe: boolean }): boolean {
    if (attempt.type === 'apply oracles') return !isRipe && this.#applyOracles(now);
    if (attempt.type === 'accept authority') return this.#accept(attempt.by, now);
    if (attempt.by !== this.authority) return false;
    // Never in the second in which it is decided.
    const from = now + (this.timelock > 0n ? this.timelock : 1n);
    switch (attempt.type) {
      case 'propose oracles':
        return this.#propose(attempt.set, { now, from });
      case 'transfer authority':
        this.pendingAuthority = attempt.to === null ? null : { value: attempt.to, from };
        return true;
      case 'set guardian':
        this.guardian = this.guardianAt(now);
        this.pendingGuardian = { value: attempt.guardian, from };
        return true;
    }
  }

  oraclesAt(now: bigint): ModelOracles {
    return this.pendingOracles !== null && now >= this.pendingOracles.from
      ? this.pendingOracles.value
      : this.oracles;
  }

  guardianAt(now: bigint): number | null {
    return this.pendingGuardian !== null && now >= this.pendingGuardian.from
      ? this.pendingGuardian.value
      : this.guardian;
  }

  #propose(
    { k, members }: Omit<ModelOracles, 'generation'>,
    { now, from }: { now: bigint; from: bigint },
  ): boolean {
    const isSet = k <= members.length && 2 * k > members.length;
    const votes = this.pendingOracles !== null && now >= this.pendingOracles.from;
    if (!isSet || votes) return false;
    this.pendingOracles = { value: { generation: this.oracles.generation + 1, k, members }, from };
    return true;
  }

  #applyOracles(now: bigint): boolean {
    if (this.pendingOracles === null || now < this.pendingOracles.from) return false;
    this.oracles = this.pendingOracles.value;
    this.pendingOracles = null;
    return true;
  }

  #accept(by: number, now: bigint): boolean {
    const pending = this.pendingAuthority;
    if (pending?.value !== by || now < pending.from) return false;
    this.authority = by;
    this.pendingAuthority = null;
    return true;
  }
}
