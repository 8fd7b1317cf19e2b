import type { SettlementTree } from '#protocol/settle/tree';
import { tupleHash, type Tuple } from '#protocol/settle/tuple';

/** The program's rules once more, without accounts: what lands, and what becomes of the values. */
export interface Rules {
  readonly start: bigint;
  readonly epochLength: bigint;
  readonly delay: bigint;
  readonly k: number;
  readonly oracles: number;
  readonly baseEmission: bigint;
  readonly halvingPeriod: number;
  readonly holdback: bigint;
  readonly policyHash: string;
}

export interface TimedValue {
  readonly current: number;
  readonly next: number;
  readonly from: bigint;
}

export interface ModelHotspot {
  readonly owner: number;
  readonly claimed: bigint;
  readonly gain: TimedValue;
  /** 1 open, 2 endorsed. */
  readonly tier: TimedValue;
}

/** What somebody tries, with everything that it names. Owners, hotspots, payees and oracles are numbers. */
export type Attempt =
  | { readonly type: 'register'; readonly hotspot: number; readonly owner: number; readonly boundTo: number }
  | { readonly type: 'assert'; readonly hotspot: number; readonly owner: number; readonly gain: number }
  | { readonly type: 'approve'; readonly approved: boolean }
  | { readonly type: 'endorse'; readonly hotspot: number }
  | { readonly type: 'create payee'; readonly payee: number }
  | { readonly type: 'attest'; readonly oracle: number; readonly tuple: Tuple }
  | { readonly type: 'finalize'; readonly tuple: Tuple }
  | {
      readonly type: 'claim';
      readonly subject: { readonly kind: 'hotspot' | 'payee'; readonly number: number };
      readonly tree: SettlementTree;
      /** What the tree's leaf says; null where it has none. */
      readonly cumulative: bigint | null;
      /** Asked for beyond it. */
      readonly more: bigint;
    };

const ZERO = '0'.repeat(64);
const OPEN = 1;
const ENDORSED = 2;
const always = (value: number): TimedValue => ({ current: value, next: value, from: 0n });

export class NetworkModel {
  readonly rules: Rules;
  now: bigint;
  approved = true;
  latest: Tuple | null = null;
  latestHash = ZERO;
  votes: (string | null)[];
  ripe: { readonly vote: string; readonly since: bigint } | null = null;
  claimedTotal = 0n;
  readonly hotspots = new Map<number, ModelHotspot>();
  readonly payees = new Map<number, bigint>();
  /** Root by epoch: at most one for ever. */
  readonly roots = new Map<bigint, string>();

  constructor(rules: Rules, now: bigint) {
    this.rules = rules;
    this.now = now;
    this.votes = Array.from({ length: rules.oracles }, () => null);
  }

  /** Changes the model and answers true where the program must let it land, else false. */
  apply(attempt: Attempt): boolean {
    switch (attempt.type) {
      case 'register':
        return this.#register(attempt);
      case 'assert':
        return this.#assert(attempt);
      case 'approve':
        this.approved = attempt.approved;
        return true;
      case 'endorse':
        return this.#endorse(attempt.hotspot);
      case 'create payee':
        if (this.payees.has(attempt.payee)) return false;
        this.payees.set(attempt.payee, 0n);
        return true;
      case 'attest':
        return this.#attest(attempt.oracle, attempt.tuple);
      case 'finalize':
        return this.#finalize(attempt.tuple);
      case 'claim':
        return this.#claim(attempt);
    }
  }

  /** The epoch that the clock is in; null before epoch 0. */
  epoch(): bigint | null {
    return this.now < this.rules.start ? null : (this.now - this.rules.start) / this.rules.epochLength;
  }

  emissions(first: bigint, last: bigint): bigint {
    const { baseEmission, halvingPeriod } = this.rules;
    let sum = 0n;
    for (let epoch = first < 0n ? 0n : first; epoch <= last; epoch++)
      sum += halvingPeriod === 0 ? baseEmission : baseEmission >> (epoch / BigInt(halvingPeriod));
    return sum;
  }

  /** What the total may grow by when `epoch` becomes final now. */
  payable(epoch: bigint): bigint {
    const latest = this.latest?.epoch ?? -1n;
    return this.emissions(latest + 1n - this.rules.holdback, epoch - this.rules.holdback);
  }

  #register({ hotspot, owner, boundTo }: Attempt & { type: 'register' }): boolean {
    if (this.hotspots.has(hotspot) || owner !== boundTo) return false;
    this.hotspots.set(hotspot, { owner, claimed: 0n, gain: always(0), tier: always(OPEN) });
    return true;
  }

  #assert({ hotspot, owner, gain }: Attempt & { type: 'assert' }): boolean {
    const found = this.hotspots.get(hotspot);
    if (found?.owner !== owner || gain > 150) return false;
    const changed = this.#change(found.gain, gain);
    if (changed === null) return false;
    this.hotspots.set(hotspot, { ...found, gain: changed });
    return true;
  }

  #endorse(hotspot: number): boolean {
    const found = this.hotspots.get(hotspot);
    if (found === undefined || !this.approved || found.tier.next === ENDORSED) return false;
    const changed = this.#change(found.tier, ENDORSED);
    if (changed === null) return false;
    this.hotspots.set(hotspot, { ...found, tier: changed });
    return true;
  }

  /** null: the current value is still read by an epoch that is not final. */
  #change(value: TimedValue, next: number): TimedValue | null {
    const epoch = this.epoch();
    if (epoch === null) return always(next);
    const from = epoch + 1n;
    if (value.from > epoch) return { ...value, next, from };
    const unfinalized = (this.latest?.epoch ?? -1n) + 1n;
    return unfinalized < value.from ? null : { current: value.next, next, from };
  }

  #attest(oracle: number, tuple: Tuple): boolean {
    const vote = voteOf(tuple);
    if (oracle >= this.rules.oracles || !this.#mayFollow(tuple)) return false;
    if (this.ripe !== null && vote !== this.ripe.vote && vote !== this.votes[oracle]) return false;
    this.votes[oracle] = vote;
    if (this.ripe === null && this.votes.filter((other) => other === vote).length >= this.rules.k)
      this.ripe = { vote, since: this.now };
    return true;
  }

  #mayFollow(tuple: Tuple): boolean {
    const { start, epochLength, policyHash } = this.rules;
    const before = this.latest;
    const growth = tuple.cumulativeTotal - (before?.cumulativeTotal ?? 0n);
    const sameTree = before === null ? tuple.leafCount === 0 : tuple.root === before.root;
    return (
      (before === null || tuple.epoch > before.epoch) &&
      this.now >= start + (tuple.epoch + 1n) * epochLength &&
      tuple.parentTupleHash === this.latestHash &&
      tuple.policyHash === policyHash &&
      tuple.leafCount >= (before?.leafCount ?? 0) &&
      growth >= 0n &&
      growth <= this.payable(tuple.epoch) &&
      (growth > 0n || sameTree)
    );
  }

  #finalize(tuple: Tuple): boolean {
    if (this.ripe?.vote !== voteOf(tuple) || !this.#mayFollow(tuple)) return false;
    if (this.now < this.ripe.since + this.rules.delay) return false;
    this.latest = tuple;
    this.latestHash = tupleHash(tuple);
    this.roots.set(tuple.epoch, tuple.root);
    this.votes = this.votes.map(() => null);
    this.ripe = null;
    return true;
  }

  #claim({ subject, tree, cumulative, more }: Attempt & { type: 'claim' }): boolean {
    const { kind, number } = subject;
    const hotspot = this.hotspots.get(number);
    const claimed = kind === 'hotspot' ? hotspot?.claimed : this.payees.get(number);
    if (claimed === undefined || this.latest === null || cumulative === null) return false;
    if (tree.root !== this.latest.root || more !== 0n) return false;
    const owed = cumulative > claimed ? cumulative - claimed : 0n;
    if (this.claimedTotal + owed > this.latest.cumulativeTotal) return false;
    this.claimedTotal += owed;
    if (kind === 'payee') this.payees.set(number, claimed + owed);
    else if (hotspot !== undefined) this.hotspots.set(number, { ...hotspot, claimed: claimed + owed });
    return true;
  }
}

const voteOf = (tuple: Tuple): string => `${tuple.epoch} ${tupleHash(tuple)}`;
