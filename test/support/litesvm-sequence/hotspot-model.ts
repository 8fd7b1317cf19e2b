import type { MotionKind } from '#client';
import type { ModelOracles } from './succession-model.ts';

/** What the rules of hotspots need of a network. */
export interface HotspotRules {
  readonly start: bigint;
  readonly epochLength: bigint;
  readonly holdback: bigint;
  readonly timelock: bigint;
  readonly bond: bigint;
}

/**
 * When something is tried: the epoch that the clock is in (null before epoch 0), the first that is not final, and the
 * oracles in force.
 */
export interface Moment {
  readonly now: bigint;
  readonly epoch: bigint | null;
  readonly unfinalized: bigint;
  readonly oracles: ModelOracles;
}

interface TimedValue {
  readonly current: number;
  readonly next: number;
  readonly from: bigint;
}

const OPEN = 1;
const ENDORSED = 2;
export const BONDED = 3;
const ACTIVE = 1;
export const QUARANTINED = 2;

export interface ModelHotspot {
  readonly owner: number;
  /** An owner too; null: its owner. */
  readonly destination: number | null;
  readonly claimed: bigint;
  readonly gain: TimedValue;
  readonly tier: TimedValue;
  readonly isEndorsed: boolean;
  readonly status: TimedValue;
  readonly bond: bigint;
  readonly unbonding: bigint;
  readonly unbondedAt: bigint;
  readonly motions: bigint;
}

/** All that a motion's address names. */
export interface ModelMotionName {
  readonly hotspot: number;
  readonly kind: MotionKind;
  readonly nonce: bigint;
  readonly evidence: bigint;
}

export interface ModelMotion {
  readonly name: ModelMotionName;
  readonly generation: number;
  /** Places in the set of that generation. */
  readonly voters: ReadonlySet<number>;
  readonly lapsesAt: bigint;
  readonly openedBy: number;
}

interface Owned {
  readonly hotspot: number;
  readonly owner: number;
}

/** What somebody tries with a hotspot. Owners, hotspots and oracles are numbers. */
export type HotspotAttempt =
  | ({ readonly type: 'register'; readonly boundTo: number } & Owned)
  | ({ readonly type: 'assert'; readonly gain: number } & Owned)
  | { readonly type: 'approve'; readonly by: number; readonly approved: boolean }
  | { readonly type: 'endorse'; readonly hotspot: number }
  | ({ readonly type: 'set destination'; readonly destination: number | null } & Owned)
  | ({ readonly type: 'transfer'; readonly to: number } & Owned)
  | ({ readonly type: 'bond' | 'unbond' } & Owned)
  | { readonly type: 'withdraw'; readonly hotspot: number }
  | { readonly type: 'move'; readonly oracle: number; readonly motion: ModelMotionName }
  | { readonly type: 'apply'; readonly motion: ModelMotionName }
  | { readonly type: 'close'; readonly motion: ModelMotionName; readonly openedBy: number };

const always = (value: number): TimedValue => ({ current: value, next: value, from: 0n });
export const motionKey = ({ hotspot, kind, nonce, evidence }: ModelMotionName): string =>
  `${hotspot} ${kind} ${nonce} ${evidence}`;

/** The program's rules of hotspots, bonds and motions once more, without accounts. */
export class HotspotModel {
  readonly rules: HotspotRules;
  approved = true;
  burned = 0n;
  readonly hotspots = new Map<number, ModelHotspot>();
  readonly motions = new Map<string, ModelMotion>();
  /** What each owner holds. */
  readonly balances: bigint[];

  constructor(rules: HotspotRules, owners: number) {
    this.rules = rules;
    this.balances = Array.from({ length: owners }, () => 0n);
  }

  /** Changes the model and answers true where the program must let it land, else false. */
  apply(attempt: HotspotAttempt, moment: Moment): boolean {
    switch (attempt.type) {
      case 'register':
        return this.#register(attempt);
      case 'approve':
        this.approved = attempt.approved;
        return true;
      case 'endorse':
        return this.#endorse(attempt.hotspot, moment);
      case 'withdraw':
        return this.#withdraw(attempt.hotspot, moment);
      case 'move':
        return this.#move(attempt.oracle, attempt.motion, moment);
      case 'apply':
        return this.#applyMotion(attempt.motion, moment);
      case 'close':
        return this.#close(attempt.motion, attempt.openedBy, moment);
      default:
        return this.#byOwner(attempt, moment);
    }
  }

  /** Pays what was claimed for a hotspot. */
  pay(hotspot: number, amount: bigint): void {
    const found = this.hotspots.get(hotspot);
    if (found === undefined) return;
    this.#credit(found.destination ?? found.owner, amount);
    this.hotspots.set(hotspot, { ...found, claimed: found.claimed + amount });
  }

  /** What the vault must hold. */
  vault(): bigint {
    return [...this.hotspots.values()].reduce((sum, { bond, unbonding }) => sum + bond + unbonding, 0n);
  }

  #credit(owner: number, amount: bigint): void {
    this.balances[owner] = (this.balances[owner] ?? 0n) + amount;
  }

  #register({ hotspot, owner, boundTo }: HotspotAttempt & { type: 'register' }): boolean {
    if (this.hotspots.has(hotspot) || owner !== boundTo) return false;
    this.hotspots.set(hotspot, {
      owner,
      destination: null,
      claimed: 0n,
      gain: always(0),
      tier: always(OPEN),
      isEndorsed: false,
      status: always(ACTIVE),
      bond: 0n,
      unbonding: 0n,
      unbondedAt: 0n,
      motions: 0n,
    });
    return true;
  }

  #endorse(hotspot: number, moment: Moment): boolean {
    const found = this.hotspots.get(hotspot);
    if (found === undefined || !this.approved || found.isEndorsed) return false;
    const tier = changed(found.tier, found.tier.next === BONDED ? BONDED : ENDORSED, moment);
    return this.#store(hotspot, tier !== null && { ...found, tier, isEndorsed: true });
  }

  #byOwner(
    attempt: Owned & HotspotAttempt & { type: 'assert' | 'set destination' | 'transfer' | 'bond' | 'unbond' },
    moment: Moment,
  ): boolean {
    const found = this.hotspots.get(attempt.hotspot);
    if (found?.owner !== attempt.owner) return false;
    return this.#store(attempt.hotspot, this.#owned(found, attempt, moment));
  }

  #owned(
    found: ModelHotspot,
    attempt: HotspotAttempt & { type: 'assert' | 'set destination' | 'transfer' | 'bond' | 'unbond' },
    moment: Moment,
  ): ModelHotspot | false {
    switch (attempt.type) {
      case 'assert': {
        const gain = attempt.gain > 150 ? null : changed(found.gain, attempt.gain, moment);
        return gain !== null && { ...found, gain };
      }
      case 'set destination':
        return { ...found, destination: attempt.destination };
      case 'transfer':
        return { ...found, owner: attempt.to, destination: null };
      case 'bond':
        return this.#bonded(found, moment);
      case 'unbond': {
        const tier = changed(found.tier, withoutBond(found), moment);
        if (found.bond === 0n || tier === null) return false;
        const unbonding = found.unbonding + found.bond;
        return { ...found, tier, bond: 0n, unbonding, unbondedAt: this.#judgedAt(moment) };
      }
    }
  }

  #bonded(found: ModelHotspot, moment: Moment): ModelHotspot | false {
    const { bond } = this.rules;
    const tier = changed(found.tier, BONDED, moment);
    const isCovered = (this.balances[found.owner] ?? 0n) >= bond;
    if (found.status.next === QUARANTINED || bond === 0n || found.bond > 0n || tier === null || !isCovered)
      return false;
    this.#credit(found.owner, -bond);
    return { ...found, tier, bond };
  }

  #withdraw(hotspot: number, { now }: Moment): boolean {
    const found = this.hotspots.get(hotspot);
    if (found === undefined || found.unbonding === 0n || now < found.unbondedAt) return false;
    this.#credit(found.owner, found.unbonding);
    return this.#store(hotspot, { ...found, unbonding: 0n, unbondedAt: 0n });
  }

  #move(oracle: number, name: ModelMotionName, moment: Moment): boolean {
    const found = this.hotspots.get(name.hotspot);
    const { generation, members } = moment.oracles;
    const motion = this.motions.get(motionKey(name)) ?? {
      name,
      generation,
      voters: new Set<number>(),
      lapsesAt: this.#judgedAt(moment),
      openedBy: oracle,
    };
    const place = members.indexOf(oracle);
    if (found === undefined || place < 0 || !isOpen(motion, found, moment)) return false;
    if (found.status.next === statusAfter(name.kind)) return false;
    const others = motion.generation === generation ? motion.voters : [];
    this.motions.set(motionKey(name), { ...motion, generation, voters: new Set([...others, place]) });
    return true;
  }

  #applyMotion(name: ModelMotionName, moment: Moment): boolean {
    const [found, motion] = [this.hotspots.get(name.hotspot), this.motions.get(motionKey(name))];
    if (found === undefined || motion === undefined || !isOpen(motion, found, moment)) return false;
    const { generation, k } = moment.oracles;
    if (motion.generation !== generation || motion.voters.size < k) return false;
    const status = changed(found.status, statusAfter(name.kind), moment);
    const decided = status !== null && { ...found, status, motions: found.motions + 1n };
    if (name.kind === 'release') return this.#store(name.hotspot, decided);
    const tier = found.bond === 0n ? found.tier : changed(found.tier, withoutBond(found), moment);
    const bare = tier !== null && { tier, bond: 0n, unbonding: 0n, unbondedAt: 0n };
    if (!this.#store(name.hotspot, decided && bare && { ...decided, ...bare })) return false;
    this.burned += found.bond + found.unbonding;
    return true;
  }

  #close(name: ModelMotionName, openedBy: number, moment: Moment): boolean {
    const [found, motion] = [this.hotspots.get(name.hotspot), this.motions.get(motionKey(name))];
    if (found === undefined || motion?.openedBy !== openedBy || isOpen(motion, found, moment)) return false;
    return this.motions.delete(motionKey(name));
  }

  #store(hotspot: number, state: ModelHotspot | false): boolean {
    if (state !== false) this.hotspots.set(hotspot, state);
    return state !== false;
  }

  /** The end of the first epoch that a change made now holds in, the holdback later, and the timelock. */
  #judgedAt({ epoch }: Moment): bigint {
    const { start, epochLength, holdback, timelock } = this.rules;
    return start + ((epoch ?? -1n) + 2n + holdback) * epochLength + timelock;
  }
}

const withoutBond = ({ isEndorsed }: ModelHotspot): number => (isEndorsed ? ENDORSED : OPEN);
const statusAfter = (kind: MotionKind): number => (kind === 'quarantine' ? QUARANTINED : ACTIVE);
const isOpen = ({ name, lapsesAt }: ModelMotion, { motions }: ModelHotspot, { now }: Moment): boolean =>
  name.nonce === motions && now < lapsesAt;

/** null: the current value is still read by an epoch that is not final. */
const changed = (value: TimedValue, next: number, { epoch, unfinalized }: Moment): TimedValue | null => {
  if (epoch === null) return always(next);
  const from = epoch + 1n;
  if (value.from > epoch) return { ...value, next, from };
  return unfinalized < value.from ? null : { current: value.next, next, from };
};
