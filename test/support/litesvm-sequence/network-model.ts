import type { SettlementTree } from '#protocol/settle/tree';
import { tupleHash, type Tuple } from '#protocol/settle/tuple';
import type { Hash } from '#protocol/units';
import { HotspotModel, type HotspotAttempt, type HotspotRules, type Moment } from './hotspot-model.ts';

/** The program's rules once more, without accounts: what lands, and what becomes of the values. */
export interface Rules extends HotspotRules {
  readonly delay: bigint;
  readonly baseEmission: bigint;
  readonly halvingPeriod: number;
  /** At the beginning. */
  readonly policyHash: string;
}

/** What somebody tries, with everything that it names. Owners, hotspots, payees and oracles are numbers. */
export type Attempt =
  | HotspotAttempt
  | { readonly type: 'propose'; readonly policyHash: Hash; readonly firstEpoch: bigint }
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

export class NetworkModel {
  readonly rules: Rules;
  now: bigint;
  policyHash: string;
  pendingPolicy: { readonly hash: string; readonly firstEpoch: bigint } | null = null;
  latest: Tuple | null = null;
  latestHash = ZERO;
  votes: (string | null)[];
  ripe: { readonly vote: string; readonly since: bigint } | null = null;
  claimedTotal = 0n;
  readonly registry: HotspotModel;
  readonly payees = new Map<number, bigint>();
  /** Root by epoch: at most one for ever. */
  readonly roots = new Map<bigint, string>();

  constructor(rules: Rules, { now, owners }: { readonly now: bigint; readonly owners: number }) {
    this.rules = rules;
    this.now = now;
    this.policyHash = rules.policyHash;
    this.registry = new HotspotModel(rules, owners);
    this.votes = Array.from({ length: rules.oracles }, () => null);
  }

  /** Changes the model and answers true where the program must let it land, else false. */
  apply(attempt: Attempt): boolean {
    switch (attempt.type) {
      case 'propose':
        return this.#propose(attempt.policyHash, attempt.firstEpoch);
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
      default:
        return this.registry.apply(attempt, this.moment());
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

  policyAt(epoch: bigint): string {
    const pending = this.pendingPolicy;
    return pending !== null && epoch >= pending.firstEpoch ? pending.hash : this.policyHash;
  }

  moment(): Moment {
    return { now: this.now, epoch: this.epoch(), unfinalized: (this.latest?.epoch ?? -1n) + 1n };
  }

  #propose(hash: string, firstEpoch: bigint): boolean {
    const begins = this.rules.start + firstEpoch * this.rules.epochLength;
    const isLate = begins > this.now && begins >= this.now + this.rules.timelock;
    if (this.pendingPolicy !== null || !isLate) return false;
    this.pendingPolicy = { hash, firstEpoch };
    return true;
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
    const { start, epochLength } = this.rules;
    const before = this.latest;
    const growth = tuple.cumulativeTotal - (before?.cumulativeTotal ?? 0n);
    const sameTree = before === null ? tuple.leafCount === 0 : tuple.root === before.root;
    return (
      (before === null || tuple.epoch > before.epoch) &&
      this.now >= start + (tuple.epoch + 1n) * epochLength &&
      tuple.parentTupleHash === this.latestHash &&
      tuple.policyHash === this.policyAt(tuple.epoch) &&
      tuple.leafCount >= (before?.leafCount ?? 0) &&
      growth >= 0n &&
      growth <= this.payable(tuple.epoch) &&
      (growth > 0n || sameTree)
    );
  }

  #finalize(tuple: Tuple): boolean {
    if (this.ripe?.vote !== voteOf(tuple) || !this.#mayFollow(tuple)) return false;
    if (this.now < this.ripe.since + this.rules.delay) return false;
    this.policyHash = this.policyAt(tuple.epoch + 1n);
    if (this.pendingPolicy !== null && tuple.epoch + 1n >= this.pendingPolicy.firstEpoch)
      this.pendingPolicy = null;
    this.latest = tuple;
    this.latestHash = tupleHash(tuple);
    this.roots.set(tuple.epoch, tuple.root);
    this.votes = this.votes.map(() => null);
    this.ripe = null;
    return true;
  }

  #claim({ subject, tree, cumulative, more }: Attempt & { type: 'claim' }): boolean {
    const { kind, number } = subject;
    const claimed =
      kind === 'hotspot' ? this.registry.hotspots.get(number)?.claimed : this.payees.get(number);
    if (claimed === undefined || this.latest === null || cumulative === null) return false;
    if (tree.root !== this.latest.root || more !== 0n) return false;
    const owed = cumulative > claimed ? cumulative - claimed : 0n;
    if (this.claimedTotal + owed > this.latest.cumulativeTotal) return false;
    this.claimedTotal += owed;
    if (kind === 'payee') this.payees.set(number, claimed + owed);
    else this.registry.pay(number, owed);
    return true;
  }
}

const voteOf = (tuple: Tuple): string => `${tuple.epoch} ${tupleHash(tuple)}`;
