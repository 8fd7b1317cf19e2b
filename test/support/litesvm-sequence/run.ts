import { expect } from 'vitest';
import type { Leaf } from '#protocol/settle/leaf';
import type { SettlementTree } from '#protocol/settle/tree';
import type { Tuple } from '#protocol/settle/tuple';
import type { Hash } from '#protocol/units';
import {
  DELAY_S,
  EPOCH_S,
  POLICY_HASH,
  START,
  leaf,
  treeOf,
  tupleOf,
  type TestNetwork,
} from '../litesvm-network.ts';
import { STRANGER, at, claimants, hotspots, owners } from './actors.ts';
import { creditsTree, type TestCreditsTree } from '../litesvm-credits.ts';
import { ChainComparison } from './chain-comparison.ts';
import { inForceAt, priceOf } from './credits-model.ts';
import { QUARANTINED, motionKey, type ModelMotionName } from './hotspot-model.ts';
import { NetworkModel, type Attempt } from './network-model.ts';
import type { Step, Vetoer } from './steps.ts';
import type { ModelOracles } from './succession-model.ts';
import { transactionOf } from './transaction.ts';

/** The first is the network's first set; the last is none. */
const SETS = [
  { k: 2, members: [0, 1, 2] },
  { k: 2, members: [2, 3, 1] },
  { k: 1, members: [4] },
  { k: 3, members: [4, 3, 2, 1, 0] },
  { k: 2, members: [3, 0, 4] },
  { k: 1, members: [0, 1] },
] as const;
const POLICIES = ['bb', 'cc', 'dd'].map((byte) => byte.repeat(32) as Hash);

const OTHER = 'cd'.repeat(32) as Hash;

/** One network, its model, and what was tried so far. */
export class SequenceRun {
  readonly network: TestNetwork;
  readonly model: NetworkModel;
  readonly tried: Attempt[] = [];
  /** How often each kind of attempt landed. */
  readonly landed: Partial<Record<Attempt['type'], number>> = {};
  readonly tuples: Tuple[] = [];
  /** The trees of what became final, in order. */
  readonly trees: SettlementTree[];
  /** Motions that oracles voted for, in the order of their first votes. */
  readonly motions: ModelMotionName[] = [];
  readonly #comparison: ChainComparison;
  readonly #treeOf = new Map<Tuple, SettlementTree>();
  /** The credits trees of what became final, in order, and those of other tuples. */
  readonly #creditsTrees: TestCreditsTree[];
  readonly #creditsOf = new Map<Tuple, TestCreditsTree>();

  constructor(network: TestNetwork) {
    const { config } = network;
    this.network = network;
    this.trees = [treeOf(network, [])];
    this.#creditsTrees = [creditsTree(network, [])];
    this.#comparison = new ChainComparison(network);
    this.model = new NetworkModel(
      {
        start: START,
        epochLength: EPOCH_S,
        delay: DELAY_S,
        baseEmission: config.baseEmission,
        halvingPeriod: config.halvingPeriodEpochs,
        holdback: BigInt(config.holdbackEpochs),
        policyHash: POLICY_HASH,
        bond: config.bond,
        oracles: at<Omit<ModelOracles, 'generation'>>(SETS, 0),
        guardianVetoes: config.guardianVetoes,
        timelock: BigInt(config.timelockS),
      },
      { now: network.chain.now(), owners: owners.length },
    );
  }

  take(step: Step): void {
    switch (step.type) {
      case 'wait':
        this.#wait(BigInt(step.seconds));
        return;
      case 'settle':
        this.#settle(step.skip, step.growth);
        return;
      case 'attest':
        this.try({
          type: 'attest',
          oracle: this.#person(step.oracle),
          tuple: this.#draft(step.epoch, step.draft),
        });
        return;
      case 'finalize': {
        const tuple = this.tuples.at(-1 - step.back);
        if (tuple !== undefined) this.try({ type: 'finalize', tuple });
        return;
      }
      case 'claim':
        this.#claim(step.claimant, step.back, BigInt(step.more));
        return;
      case 'replay': {
        const again = this.tried.at(-1 - step.back);
        if (again !== undefined) this.try(again);
        return;
      }
      case 'propose': {
        const firstEpoch = (this.model.epoch() ?? 0n) + BigInt(step.ahead);
        const by = this.#authority(step);
        this.try({ type: 'propose', by, policyHash: at(POLICIES, step.policy), firstEpoch });
        return;
      }
      case 'approve':
        this.try({ type: 'approve', by: this.#authority(step), approved: step.approved });
        return;
      case 'rotate':
        this.#rotate(step);
        return;
      case 'hand over':
        this.#handOver(step);
        return;
      case 'set guardian':
        this.try({ type: 'set guardian', by: this.#authority(step), guardian: step.guardian });
        return;
      case 'contest':
        this.#contest(step);
        return;
      case 'vote':
        this.#vote(step);
        return;
      case 'apply': {
        const motion = this.motions.at(-1 - step.back);
        if (motion !== undefined) this.try({ type: 'apply', motion });
        return;
      }
      case 'close': {
        const stored = [...this.model.registry.motions.values()];
        const motion = stored.at(-1 - step.back)?.name ?? this.motions.at(-1 - step.back);
        if (motion === undefined) return;
        const found = this.model.registry.motions.get(motionKey(motion));
        if (step.waits) this.#waitUntil(found?.lapsesAt);
        this.try({ type: 'close', motion, openedBy: step.opener ?? found?.openedBy ?? 0 });
        return;
      }
      case 'withdraw': {
        const { hotspots: known } = this.model.registry;
        const [due] = [...known].find(([, { unbonding }]) => unbonding > 0n) ?? [];
        const hotspot = step.waits ? (due ?? step.hotspot) : step.hotspot;
        if (step.waits) this.#waitUntil(known.get(hotspot)?.unbondedAt);
        this.try({ type: 'withdraw', hotspot });
        return;
      }
      case 'turn bond': {
        const { hotspot } = step;
        const { owner, bond } = this.model.registry.hotspots.get(hotspot) ?? { owner: 0, bond: 0n };
        this.try({ type: bond === 0n ? 'bond' : 'unbond', hotspot, owner });
        return;
      }
      case 'buy':
        this.#buy(step);
        return;
      case 'ask back':
        this.#askBack(step);
        return;
      case 'use': {
        const tree = this.#creditsTrees.at(-1 - step.back) ?? at(this.#creditsTrees, 0);
        this.try({ type: 'settle credits', owner: step.owner, tree });
        return;
      }
      case 'own': {
        const owner = this.model.registry.hotspots.get(step.attempt.hotspot)?.owner ?? 0;
        this.try({ ...step.attempt, owner: step.stranger ? 1 - owner : owner });
        return;
      }
      case 'attempt':
        this.try(step.attempt);
    }
  }

  /** Sends it, and holds the chain to the model. */
  try(attempt: Attempt): void {
    this.tried.push(attempt);
    const { instructions, signers } = transactionOf(this.network, attempt);
    const outcome = this.network.chain.send(instructions, signers);
    const expected = this.model.apply(attempt);
    expect([attempt.type, outcome.landed], outcome.error ?? 'landed').toEqual([attempt.type, expected]);
    if (expected) this.landed[attempt.type] = (this.landed[attempt.type] ?? 0) + 1;
    const tree = attempt.type === 'finalize' && expected ? this.#treeOf.get(attempt.tuple) : undefined;
    if (tree !== undefined) this.trees.push(tree);
    const credits = attempt.type === 'finalize' && expected ? this.#creditsOf.get(attempt.tuple) : undefined;
    if (credits !== undefined) this.#creditsTrees.push(credits);
    this.#comparison.check(this.model, { leaves: this.trees.at(-1)?.leaves ?? [], motions: this.motions });
  }

  /** Oracles vote for a motion about the hotspot, as its state lets or not quite, and perhaps apply it. */
  #vote(step: Step & { type: 'vote' }): void {
    const found = this.model.registry.hotspots.get(step.hotspot);
    const nonce = (found?.motions ?? 0n) + BigInt(step.off);
    const due = found?.status.next === QUARANTINED ? 'release' : 'quarantine';
    const motion: ModelMotionName = {
      hotspot: step.hotspot,
      kind: step.kind ?? due,
      nonce: nonce < 0n ? 0n : nonce,
      evidence: BigInt(step.evidence),
    };
    if (!this.motions.some((other) => motionKey(other) === motionKey(motion))) this.motions.push(motion);
    const { members } = this.model.moment().oracles;
    for (const place of step.oracles) this.try({ type: 'move', oracle: members[place] ?? STRANGER, motion });
    if (step.andApply) this.try({ type: 'apply', motion });
  }

  #waitUntil(time = 0n): void {
    if (this.model.now < time) this.#wait(time - this.model.now);
  }

  #wait(seconds: bigint): void {
    this.model.now += seconds;
    this.network.chain.setTime(this.model.now);
  }

  #authority({ stranger }: { readonly stranger: boolean }): number {
    return stranger ? STRANGER : this.model.succession.authority;
  }

  #person(place: Vetoer): number {
    if (place === 'guardian') return this.model.succession.guardianAt(this.model.now) ?? STRANGER;
    return place === 'stranger' ? STRANGER : (this.model.voting().members[place] ?? STRANGER);
  }

  #rotate(step: Step & { type: 'rotate' }): void {
    this.try({
      type: 'propose oracles',
      by: this.#authority(step),
      set: at<Omit<ModelOracles, 'generation'>>(SETS, step.set),
    });
    if (step.waits) this.#waitUntil(this.model.succession.pendingOracles?.from);
    this.try({ type: 'apply oracles' });
  }

  #handOver(step: Step & { type: 'hand over' }): void {
    this.try({ type: 'transfer authority', by: this.#authority(step), to: step.to });
    if (step.waits) this.#waitUntil(this.model.succession.pendingAuthority?.from);
    this.try({ type: 'accept authority', by: step.to ?? STRANGER });
  }

  #contest({ vetoers, missed, growth }: Step & { type: 'contest' }): void {
    const tuple = this.#ripen(0, growth);
    const against = missed ? this.#tuple(tuple.epoch, growth, { evidenceHash: OTHER }) : tuple;
    for (const vetoer of vetoers) this.try({ type: 'veto', by: this.#person(vetoer), tuple: against });
    this.#wait(DELAY_S);
    this.try({ type: 'finalize', tuple });
  }

  #settle(skip: number, growth: number): void {
    const tuple = this.#ripen(skip, growth);
    this.#wait(DELAY_S);
    this.try({ type: 'finalize', tuple });
  }

  /** So many of those who may vote as are needed attest the next epoch at its end. */
  #ripen(skip: number, growth: number): Tuple {
    const epoch = (this.model.latest?.epoch ?? -1n) + 1n + BigInt(skip);
    const end = START + (epoch + 1n) * EPOCH_S;
    this.#waitUntil(end);
    const tuple = this.#tuple(epoch, growth);
    const { k, members } = this.model.voting();
    for (const oracle of members.slice(-k)) this.try({ type: 'attest', oracle, tuple });
    return tuple;
  }

  /** Leaves of the latest root, and `growth` thousandths of what may be paid, split among the claimants. */
  #tree(epoch: bigint, growth: number): SettlementTree {
    const before = new Map(this.trees.at(-1)?.leaves.map(({ key, cumulative }) => [key, cumulative]));
    const payable = (this.model.payable(epoch) * BigInt(growth)) / 1_000n;
    const share = payable / BigInt(claimants.length);
    const leaves = claimants.flatMap((of, index): Leaf[] => {
      const { key } = leaf(of, 0n);
      const more = index === 0 ? payable - share * BigInt(claimants.length - 1) : share;
      const cumulative = (before.get(key) ?? 0n) + more;
      return cumulative === 0n ? [] : [leaf(of, cumulative)];
    });
    return treeOf(this.network, leaves);
  }

  /** What each owner in the registry used: `growth` thousandths more of what it could. */
  #credits(epoch: bigint, growth: number): TestCreditsTree {
    const before = this.#creditsTrees.at(-1)?.used ?? [];
    const used = [...this.model.credits.accounts].flatMap(([number, account]) => {
      const owner = at(owners, number).publicKey;
      const known = before.find((of) => of.owner.equals(owner));
      if (epoch < account.firstEpoch && known === undefined) return [];
      const total = known?.total ?? 0n;
      const free = inForceAt(account, epoch) - total;
      return [{ owner, total: free > 0n ? total + (free * BigInt(growth % 1_001)) / 1_000n : total }];
    });
    return creditsTree(this.network, used);
  }

  #buy({ owner, share, short }: Step & { type: 'buy' }): void {
    const held = this.model.registry.balances[owner] ?? 0n;
    const price = priceOf(this.model.policyAt(this.model.epoch() ?? 0n));
    const credits = (held * BigInt(share) * price) / 1_000n / 100_000_000_000n;
    this.try({ type: 'buy credits', owner, credits, maxTokens: short ? held / 3n : held });
  }

  #askBack({ owner, share }: Step & { type: 'ask back' }): void {
    const account = this.model.credits.accounts.get(owner);
    const free = account && inForceAt(account, this.model.epoch() ?? 0n) - account.settled;
    const credits = free === undefined || free < 0n ? 1n : (free * BigInt(share) + 999n) / 1_000n;
    this.try({ type: 'withdraw credits', owner, credits });
  }

  #tuple(epoch: bigint, growth: number, change: Partial<Tuple> = {}): Tuple {
    const tree = this.#tree(epoch, growth);
    const credits = this.#credits(epoch, growth);
    const tuple = tupleOf(this.network, epoch, tree, { ...credits.pins, ...change });
    this.#creditsOf.set(tuple, credits);
    this.tuples.push(tuple);
    this.#treeOf.set(tuple, tree);
    return tuple;
  }

  /** 0: as it should be; the others have one flaw each, some of which the chain cannot see. */
  #draft(offset: number, flaw: number): Tuple {
    const ended = (this.model.epoch() ?? 0n) - 1n;
    const epoch = ended + BigInt(offset) < 0n ? 0n : ended + BigInt(offset);
    const flaws: readonly (() => Tuple)[] = [
      () => this.#tuple(epoch, 0),
      () => this.#tuple(epoch, 0, { parentTupleHash: OTHER }),
      () => this.#tuple(epoch, 0, { policyHash: OTHER }),
      () => this.#tuple(epoch, 0, { root: OTHER }),
      () => this.#tuple(epoch, 0, { evidenceHash: OTHER }),
      () => this.#tuple(epoch, 1_001),
      () => this.#tuple(epoch, 0, { leafCount: 0 }),
    ];
    return at(flaws, flaw)();
  }

  #claim(claimant: number, back: number, more: bigint): void {
    const tree = this.trees.at(-1 - back) ?? at(this.trees, 0);
    const found = tree.prove(leaf(at(claimants, claimant), 0n).key);
    const subject =
      claimant < hotspots.length
        ? ({ kind: 'hotspot', number: claimant } as const)
        : ({ kind: 'payee', number: claimant - hotspots.length } as const);
    this.try({ type: 'claim', subject, tree, cumulative: found?.leaf.cumulative ?? null, more });
  }
}
