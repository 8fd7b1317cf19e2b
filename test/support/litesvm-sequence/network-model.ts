import type { SettlementTree } from '#protocol/settle/tree';
import { tupleHash, type Tuple } from '#protocol/settle/tuple';
import type { Hash } from '#protocol/units';
import { CREATOR, GUARDIAN } from './actors.ts';
import { CreditsModel, type CreditsAttempt } from './credits-model.ts';
import { HotspotModel, type HotspotAttempt, type HotspotRules, type Moment } from './hotspot-model.ts';
import { SuccessionModel, type ModelOracles, type SuccessionAttempt } from './succession-model.ts';

/** The program's rules once more, without accounts: what lands, and what becomes of the values. */
export interface Rules extends HotspotRules {
  readonly delay: bigint;
  readonly baseEmission: bigint;
  readonly halvingPeriod: number;
  /** At the beginning. */
  readonly policyHash: string;
  readonly oracles: Omit<ModelOracles, 'generation'>;
  readonly guardianVetoes: number;
}

/** What somebody tries, with everything that it names. Owners, hotspots, payees and people are numbers. */
export type Attempt =
  | HotspotAttempt
  | SuccessionAttempt
  | CreditsAttempt
  | { readonly type: 'propose'; readonly by: number; readonly policyHash: Hash; readonly firstEpoch: bigint }
  | { readonly type: 'create payee'; readonly payee: number }
  | { readonly type: 'attest'; readonly oracle: number; readonly tuple: Tuple }
  | { readonly type: 'veto'; readonly by: number; readonly tuple: Tuple }
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
  /** The set of which votes and vetoes are. */
  generation = 1;
  /** By place in that set. */
  readonly votes = new Map<number, string>();
  readonly vetoes = new Set<number>();
  guardianVetoesUsed = 0;
  ripe: { readonly vote: string; readonly since: bigint } | null = null;
  claimedTotal = 0n;
  readonly registry: HotspotModel;
  readonly credits: CreditsModel;
  readonly succession: SuccessionModel;
  readonly payees = new Map<number, bigint>();
  /** Root by epoch: at most one for ever. */
  readonly roots = new Map<bigint, string>();

  constructor(rules: Rules, { now, owners }: { readonly now: bigint; readonly owners: number }) {
    this.rules = rules;
    this.now = now;
    this.policyHash = rules.policyHash;
    this.registry = new HotspotModel(rules, owners);
    this.credits = new CreditsModel(this.registry.balances);
    this.succession = new SuccessionModel({
      timelock: rules.timelock,
      authority: CREATOR,
      guardian: GUARDIAN,
      oracles: { generation: 1, ...rules.oracles },
    });
  }

  /** Changes the model and answers true where the program must let it land, else false. */
  apply(attempt: Attempt): boolean {
    switch (attempt.type) {
      case 'propose':
        return this.#propose(attempt);
      case 'propose oracles':
      case 'apply oracles':
      case 'transfer authority':
      case 'accept authority':
      case 'set guardian':
        return this.succession.apply(attempt, { now: this.now, isRipe: this.ripe !== null });
      case 'approve':
        return attempt.by === this.succession.authority && this.registry.apply(attempt, this.moment());
      case 'create payee':
        if (this.payees.has(attempt.payee)) return false;
        this.payees.set(attempt.payee, 0n);
        return true;
      case 'attest':
        return this.#attest(attempt.oracle, attempt.tuple);
      case 'veto':
        return this.#veto(attempt.by, attempt.tuple);
      case 'finalize':
        return this.#finalize(attempt.tuple);
      case 'claim':
        return this.#claim(attempt);
      case 'buy credits':
      case 'withdraw credits':
      case 'settle credits':
        return this.credits.apply(attempt, {
          moment: this.moment(),
          policy: this.policyAt(this.epoch() ?? 0n),
          creditsRoot: this.latest?.creditsRoot ?? null,
        });
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
    const oracles = this.succession.oraclesAt(this.now);
    return { now: this.now, epoch: this.epoch(), unfinalized: (this.latest?.epoch ?? -1n) + 1n, oracles };
  }

  /** Who may vote now: for what is ripe the set that voted for it. */
  voting(): ModelOracles {
    const { oracles, pendingOracles } = this.succession;
    if (this.ripe === null) return this.succession.oraclesAt(this.now);
    return oracles.generation === this.generation ? oracles : (pendingOracles?.value ?? oracles);
  }

  #propose({ by, policyHash: hash, firstEpoch }: Attempt & { type: 'propose' }): boolean {
    const begins = this.rules.start + firstEpoch * this.rules.epochLength;
    const isLate = begins > this.now && begins >= this.now + this.rules.timelock;
    if (by !== this.succession.authority || this.pendingPolicy !== null || !isLate) return false;
    this.pendingPolicy = { hash, firstEpoch };
    return true;
  }

  #attest(oracle: number, tuple: Tuple): boolean {
    const vote = voteOf(tuple);
    const { generation, k, members } = this.voting();
    const place = members.indexOf(oracle);
    if (place < 0 || !this.#mayFollow(tuple)) return false;
    if (this.generation !== generation) this.#clear();
    this.generation = generation;
    if (this.ripe !== null && vote !== this.ripe.vote && vote !== this.votes.get(place)) return false;
    this.votes.set(place, vote);
    if (this.ripe === null && [...this.votes.values()].filter((other) => other === vote).length >= k)
      this.ripe = { vote, since: this.now };
    return true;
  }

  #veto(by: number, tuple: Tuple): boolean {
    if (this.ripe?.vote !== voteOf(tuple)) return false;
    const { guardianVetoes } = this.rules;
    if (by === this.succession.guardianAt(this.now) && this.guardianVetoesUsed < guardianVetoes) {
      this.guardianVetoesUsed += 1;
      this.#clear();
      return true;
    }
    const { k, members } = this.voting();
    const place = members.indexOf(by);
    if (place < 0) return false;
    this.vetoes.add(place);
    if (members.length - this.vetoes.size < k) this.#clear();
    return true;
  }

  #clear(): void {
    this.votes.clear();
    this.vetoes.clear();
    this.ripe = null;
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
    this.guardianVetoesUsed = 0;
    this.#clear();
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
