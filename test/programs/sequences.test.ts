import type { Keypair, PublicKey, TransactionInstruction } from '@solana/web3.js';
import { address } from '@solana/kit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  PROGRAM_ID,
  approveMaker,
  assertLocation,
  attest,
  ballotAddress,
  claim,
  createPayee,
  decodeBallot,
  decodeHotspot,
  endorseHotspot,
  endorsedEntry,
  finalize,
  hotspotAddress,
  registerHotspot,
  registerMessage,
  setEndorsedRoot,
} from '#client';
import { leafHash } from '#protocol/evidence/merkle';
import { MerkleTree } from '#protocol/evidence/proof';
import type { Leaf } from '#protocol/settle/leaf';
import type { SettlementTree } from '#protocol/settle/tree';
import type { Tuple } from '#protocol/settle/tuple';
import type { Hash } from '#protocol/units';
import { namedHotspot, namedKeypair, type TestHotspot } from '../support/litesvm-hotspot.ts';
import { NetworkModel, type Attempt } from '../support/litesvm-model.ts';
import {
  DELAY_S,
  EPOCH_S,
  LOCATION,
  POLICY_HASH,
  START,
  balanceOf,
  createTestNetwork,
  hexHash,
  leaf,
  networkState,
  openTokenAccount,
  subjectOf,
  supplyOf,
  totalClaimed,
  treeOf,
  tupleOf,
  type TestNetwork,
} from '../support/litesvm-network.ts';
import { openLiteChain } from '../support/litesvm.ts';

const SEED = 20260714;
const RUNS = 40;

const chain = openLiteChain();
const owners = [0, 1].map((n) => namedKeypair(`owner ${n}`));
const payees = [0, 1].map((n) => namedKeypair(`payee ${n}`).publicKey);
const hotspots = [0, 1, 2].map((n) => namedHotspot(`hotspot ${n}`, n === 1 ? 'p256' : 'ed25519'));
const oracles = [1, 2, 3].map((n) => namedKeypair(`oracle ${n}`));
const strangers = [namedKeypair('stranger')];
const maker = namedKeypair('maker');
const list = new MerkleTree(hotspots.map(({ key }) => leafHash(endorsedEntry(key))));
const claimants: readonly (TestHotspot | PublicKey)[] = [...hotspots, ...payees];
const at = <Item>(items: readonly Item[], index: number): Item => {
  const item = items[index];
  if (item === undefined) throw new RangeError(`no item ${index} of ${items.length}`);
  return item;
};

/** A step as it is drawn; what it means depends on what happened before. */
type Step =
  | { readonly type: 'wait'; readonly seconds: number }
  | { readonly type: 'settle'; readonly skip: number; readonly growth: number }
  | { readonly type: 'attest'; readonly oracle: number; readonly epoch: number; readonly draft: number }
  | { readonly type: 'finalize'; readonly back: number }
  | {
      readonly type: 'claim';
      readonly claimant: number;
      readonly back: number;
      readonly more: number;
    }
  | { readonly type: 'replay'; readonly back: number }
  | { readonly type: 'attempt'; readonly attempt: Attempt };

const small = (max: number): fc.Arbitrary<number> => fc.integer({ min: 0, max });
const rarely = fc.constantFrom(0, 0, 0, 0, 0, 1);
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 2, arbitrary: fc.record({ type: fc.constant('wait' as const), seconds: small(70) }) },
    {
      weight: 4,
      arbitrary: fc.record({ type: fc.constant('settle' as const), skip: rarely, growth: small(1_000) }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        type: fc.constant('attest' as const),
        oracle: small(3),
        epoch: fc.integer({ min: -1, max: 1 }),
        draft: fc.constantFrom(0, 0, 0, 1, 2, 3, 4, 5, 6),
      }),
    },
    { weight: 2, arbitrary: fc.record({ type: fc.constant('finalize' as const), back: small(3) }) },
    {
      weight: 6,
      arbitrary: fc.record({
        type: fc.constant('claim' as const),
        claimant: small(claimants.length - 1),
        back: rarely,
        more: fc.constantFrom(0, 0, 0, 0, 1, -1),
      }),
    },
    { weight: 2, arbitrary: fc.record({ type: fc.constant('replay' as const), back: small(5) }) },
    {
      weight: 8,
      arbitrary: fc.record({
        type: fc.constant('attempt' as const),
        attempt: fc.oneof(
          fc.record({
            type: fc.constant('register' as const),
            hotspot: small(2),
            owner: small(1),
            boundTo: small(1),
          }),
          fc.record({
            type: fc.constant('assert' as const),
            hotspot: small(2),
            owner: small(1),
            gain: small(160),
          }),
          fc.record({ type: fc.constant('approve' as const), approved: fc.boolean() }),
          fc.record({ type: fc.constant('endorse' as const), hotspot: small(2) }),
          fc.record({ type: fc.constant('create payee' as const), payee: small(1) }),
        ),
      }),
    },
  ),
  { minLength: 20, maxLength: 40 },
);

const schedules = fc.record({
  baseEmission: fc.integer({ min: 0, max: 1_000_000 }).map(BigInt),
  halvingPeriodEpochs: small(3),
  holdbackEpochs: small(2),
});

/** One network, its model, and what was tried so far. */
class Run {
  readonly network: TestNetwork;
  readonly model: NetworkModel;
  readonly tried: Attempt[] = [];
  readonly tuples: Tuple[] = [];
  /** The trees of what became final, in order. */
  readonly trees: SettlementTree[];
  readonly #ballot: PublicKey;
  readonly #accounts: readonly PublicKey[];
  readonly #treeOf = new Map<Tuple, SettlementTree>();

  constructor(network: TestNetwork) {
    const { config } = network;
    this.network = network;
    this.trees = [treeOf(network, [])];
    this.#ballot = ballotAddress(network.address);
    this.#accounts = hotspots.map(({ key }) => hotspotAddress(network.address, key));
    this.model = new NetworkModel(
      {
        start: START,
        epochLength: EPOCH_S,
        delay: DELAY_S,
        k: config.k,
        oracles: oracles.length,
        baseEmission: config.baseEmission,
        halvingPeriod: config.halvingPeriodEpochs,
        holdback: BigInt(config.holdbackEpochs),
        policyHash: POLICY_HASH,
      },
      chain.now(),
    );
  }

  take(step: Step): void {
    if (step.type === 'wait') this.#wait(BigInt(step.seconds));
    else if (step.type === 'settle') this.#settle(step.skip, step.growth);
    else if (step.type === 'attest')
      this.try({ type: 'attest', oracle: step.oracle, tuple: this.#draft(step.epoch, step.draft) });
    else if (step.type === 'finalize') {
      const tuple = this.tuples.at(-1 - step.back);
      if (tuple !== undefined) this.try({ type: 'finalize', tuple });
    } else if (step.type === 'claim') this.#claim(step.claimant, step.back, BigInt(step.more));
    else if (step.type === 'replay') {
      const again = this.tried.at(-1 - step.back);
      if (again !== undefined) this.try(again);
    } else this.try(step.attempt);
  }

  /** Sends it, and holds the chain to the model. */
  try(attempt: Attempt): void {
    this.tried.push(attempt);
    const { instructions, signers } = transactionOf(this.network, attempt);
    const outcome = chain.send(instructions, signers);
    const expected = this.model.apply(attempt);
    expect([attempt.type, outcome.landed], outcome.error ?? 'landed').toEqual([attempt.type, expected]);
    const tree = attempt.type === 'finalize' && expected ? this.#treeOf.get(attempt.tuple) : undefined;
    if (tree !== undefined) this.trees.push(tree);
    this.check();
  }

  check(): void {
    const { model, network } = this;
    const { latest } = networkState(network);
    expect([latest?.epoch, latest?.root, latest?.cumulativeTotal, latest?.tupleHash]).toEqual([
      model.latest?.epoch,
      model.latest?.root,
      model.latest?.cumulativeTotal,
      model.latest === null ? undefined : model.latestHash,
    ]);
    const ballot = decodeBallot(this.#ballot, dataOf(this.#ballot));
    const text = (vote: { epoch: bigint; tupleHash: Hash } | null): string | null =>
      vote === null ? null : `${vote.epoch} ${vote.tupleHash}`;
    expect(ballot.votes.slice(0, oracles.length).map(text)).toEqual(model.votes);
    expect([text(ballot.ripe), ballot.ripe?.since]).toEqual([model.ripe?.vote ?? null, model.ripe?.since]);
    for (const [number, expected] of model.hotspots) {
      const account = at(this.#accounts, number);
      const { owner, claimed, location, tier } = decodeHotspot(account, dataOf(account), 'mainnet');
      expect({
        owner,
        claimed,
        gain: [location.current.gain, location.next.gain, location.nextFrom],
        tier: [tier.current, tier.next, tier.nextFrom],
      }).toEqual({
        owner: at(owners, expected.owner).publicKey,
        claimed: expected.claimed,
        gain: [expected.gain.current, expected.gain.next, expected.gain.from],
        tier: [TIERS[expected.tier.current], TIERS[expected.tier.next], expected.tier.from],
      });
    }
    this.#checkMoney();
  }

  /** minted = total claimed <= cumulative total <= sum of emissions; nobody above their leaf. */
  #checkMoney(): void {
    const { model, network } = this;
    const claimed = totalClaimed(network);
    const held = [...owners.map(({ publicKey }) => publicKey), ...payees].map((who) =>
      balanceOf(network, who),
    );
    expect([supplyOf(network), model.claimedTotal, held.reduce((sum, each) => sum + each, 0n)]).toEqual([
      claimed,
      claimed,
      claimed,
    ]);
    const total = model.latest?.cumulativeTotal ?? 0n;
    expect(claimed).toBeLessThanOrEqual(total);
    const emitted =
      model.latest === null ? 0n : model.emissions(0n, model.latest.epoch - model.rules.holdback);
    expect(total).toBeLessThanOrEqual(emitted);
    const leaves = this.trees.at(-1)?.leaves ?? [];
    const above = claimants.filter((of, index) => {
      const mine = leaves.find(({ key }) => key === leaf(of, 0n).key)?.cumulative ?? 0n;
      const got =
        index < hotspots.length
          ? model.hotspots.get(index)?.claimed
          : model.payees.get(index - hotspots.length);
      return (got ?? 0n) > mine;
    });
    expect(above).toEqual([]);
    expect(model.roots.get(model.latest?.epoch ?? -1n)).toBe(model.latest?.root);
  }

  #wait(seconds: bigint): void {
    this.model.now += seconds;
    chain.setTime(this.model.now);
  }

  #settle(skip: number, growth: number): void {
    const epoch = (this.model.latest?.epoch ?? -1n) + 1n + BigInt(skip);
    const end = START + (epoch + 1n) * EPOCH_S;
    if (this.model.now < end) this.#wait(end - this.model.now);
    const tuple = this.#tuple(epoch, growth);
    for (const oracle of [0, 2]) this.try({ type: 'attest', oracle, tuple });
    this.#wait(DELAY_S);
    this.try({ type: 'finalize', tuple });
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

  #tuple(epoch: bigint, growth: number, change: Partial<Tuple> = {}): Tuple {
    const tree = this.#tree(epoch, growth);
    const tuple = tupleOf(this.network, epoch, tree, change);
    this.tuples.push(tuple);
    this.#treeOf.set(tuple, tree);
    return tuple;
  }

  /** 0: as it should be; the others have one flaw each, some of which the chain cannot see. */
  #draft(offset: number, flaw: number): Tuple {
    const ended = (this.model.epoch() ?? 0n) - 1n;
    const epoch = ended + BigInt(offset) < 0n ? 0n : ended + BigInt(offset);
    const other = 'cd'.repeat(32) as Hash;
    const flaws: readonly (() => Tuple)[] = [
      () => this.#tuple(epoch, 0),
      () => this.#tuple(epoch, 0, { parentTupleHash: other }),
      () => this.#tuple(epoch, 0, { policyHash: other }),
      () => this.#tuple(epoch, 0, { root: other }),
      () => this.#tuple(epoch, 0, { evidenceHash: other }),
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

const TIERS: Readonly<Record<number, string>> = { 1: 'open', 2: 'endorsed' };

const dataOf = (account: PublicKey): Uint8Array => chain.account(account)?.data ?? new Uint8Array();

const transactionOf = (
  { address: network, creator }: TestNetwork,
  attempt: Attempt,
): { readonly instructions: readonly TransactionInstruction[]; readonly signers: readonly Keypair[] } => {
  const only = (instruction: TransactionInstruction, ...signers: Keypair[]) => ({
    instructions: [instruction],
    signers,
  });
  const payer = chain.payer.publicKey;
  switch (attempt.type) {
    case 'register': {
      const { key, sign } = at(hotspots, attempt.hotspot);
      const [owner, boundTo] = [at(owners, attempt.owner), at(owners, attempt.boundTo)];
      const signedFor = registerMessage({ owner: boundTo.publicKey, gateway: key, network });
      // The builder checks the signature against the message that it builds: another owner's is put in afterwards.
      const build = (for_: PublicKey, signature: Uint8Array): TransactionInstruction[] =>
        registerHotspot({
          payer,
          owner: for_,
          network,
          key,
          signature,
          location: { ...LOCATION, gain: 0 },
        });
      const [precompile] = build(boundTo.publicKey, sign(signedFor));
      const own = registerMessage({ owner: owner.publicKey, gateway: key, network });
      const [, register] = build(owner.publicKey, sign(own));
      return {
        instructions: [precompile, register].filter((instruction) => instruction !== undefined),
        signers: [owner],
      };
    }
    case 'assert': {
      const owner = at(owners, attempt.owner);
      const location = { ...LOCATION, gain: attempt.gain };
      const { key } = at(hotspots, attempt.hotspot);
      return only(assertLocation({ owner: owner.publicKey, network, key, location }), owner);
    }
    case 'approve':
      return only(
        approveMaker({
          authority: creator.publicKey,
          network,
          key: maker.publicKey,
          approved: attempt.approved,
        }),
        creator,
      );
    case 'endorse': {
      const { hotspot: index } = attempt;
      const { key } = at(hotspots, index);
      const proof = list.inclusionProof(index);
      return only(endorseHotspot({ network, maker: maker.publicKey, key, index, proof }));
    }
    case 'create payee':
      return only(createPayee({ payer, network, address: at(payees, attempt.payee) }));
    case 'attest': {
      const oracle = at([...oracles, ...strangers], attempt.oracle);
      return only(attest({ oracle: oracle.publicKey, tuple: attempt.tuple }), oracle);
    }
    case 'finalize':
      return only(finalize({ tuple: attempt.tuple }));
    case 'claim':
      return only(claimInstruction(network, attempt));
  }
};

const claimInstruction = (
  network: PublicKey,
  attempt: Attempt & { type: 'claim' },
): TransactionInstruction => {
  const { kind, number } = attempt.subject;
  const of = kind === 'hotspot' ? at(hotspots, number) : at(payees, number);
  const found = attempt.tree.prove(leaf(of, 0n).key);
  const account = subjectOf({ chain, address: network } as TestNetwork, of);
  return claim({
    network,
    subject: account,
    destination: kind === 'payee' ? at(payees, number) : ownerOf(account),
    cumulative: BigInt.asUintN(64, (attempt.cumulative ?? 0n) + attempt.more),
    index: found?.index ?? 0,
    proof: found?.proof ?? [],
  });
};

const ownerOf = (hotspot: PublicKey): PublicKey => {
  const account = chain.account(hotspot);
  return account === null ? at(owners, 0).publicKey : decodeHotspot(hotspot, account.data, 'mainnet').owner;
};

describe('any sequence of instructions by anyone', { timeout: 180_000 }, () => {
  it(`lands where the model lets it, and money never exceeds what was emitted (seed ${SEED})`, () => {
    let [runs, finalEpochs, paidRuns] = [0, 0, 0];
    fc.assert(
      fc.property(schedules, steps, (schedule, sequence) => {
        const network = createTestNetwork(chain, `run ${runs++}`, schedule);
        chain.land(
          [
            approveMaker({
              authority: network.creator.publicKey,
              network: network.address,
              key: maker.publicKey,
              approved: true,
            }),
            setEndorsedRoot({
              maker: maker.publicKey,
              network: network.address,
              root: hexHash(list.root),
              count: list.size,
            }),
          ],
          [network.creator, maker],
        );
        for (const { publicKey } of owners) openTokenAccount(network, publicKey);
        for (const payee of payees) openTokenAccount(network, payee);
        const run = new Run(network);
        for (const step of sequence) run.take(step);
        finalEpochs += run.model.roots.size;
        paidRuns += run.model.claimedTotal > 0n ? 1 : 0;
      }),
      { seed: SEED, numRuns: RUNS },
    );
    // The sequences are worth something only if they get that far.
    expect(finalEpochs).toBeGreaterThan(2 * RUNS);
    expect(paidRuns).toBeGreaterThan(RUNS / 4);
    for (const { lamports, space } of chain.svm.getProgramAccounts(address(PROGRAM_ID.toBase58())))
      expect(lamports).toBeGreaterThanOrEqual(chain.svm.minimumBalanceForRentExemption(space));
  });
});
