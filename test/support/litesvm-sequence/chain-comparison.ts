import { PublicKey } from '@solana/web3.js';
import { expect } from 'vitest';
import {
  ballotAddress,
  decodeBallot,
  decodeHotspot,
  decodeMotion,
  hotspotAddress,
  motionAddress,
  type Network,
  type OracleSet,
} from '#client';
import type { Leaf } from '#protocol/settle/leaf';
import type { Hash } from '#protocol/units';
import { creditsMoney, creditsState } from '../litesvm-credits.ts';
import {
  balanceOf,
  leaf,
  networkState,
  supplyOf,
  totalClaimed,
  vaultOf,
  type TestNetwork,
} from '../litesvm-network.ts';
import { at, claimants, hotspots, oracles, owners, payees, people } from './actors.ts';
import {
  BONDED,
  motionKey,
  type ModelHotspot,
  type ModelMotion,
  type ModelMotionName,
} from './hotspot-model.ts';
import type { NetworkModel } from './network-model.ts';
import type { ModelOracles, SuccessionModel } from './succession-model.ts';
import { motionOf } from './transaction.ts';

const TIERS: Readonly<Record<number, string>> = { 1: 'open', 2: 'endorsed', 3: 'bonded' };
const STATUSES: Readonly<Record<number, string>> = { 1: 'active', 2: 'quarantined' };

const bitsOf = (places: ReadonlySet<number>): number =>
  [...places].reduce((sum, place) => sum | (1 << place), 0);

/** Holds what is on chain of one network to a model of it. */
export class ChainComparison {
  readonly network: TestNetwork;
  readonly #motionAddresses = new Map<string, PublicKey>();
  /** What the oracles had before they opened motions. */
  readonly #funds: readonly bigint[];
  readonly #ballot: PublicKey;
  readonly #accounts: readonly PublicKey[];

  constructor(network: TestNetwork) {
    this.network = network;
    this.#ballot = ballotAddress(network.address);
    this.#funds = oracles.map(({ publicKey }) => this.#lamports(publicKey));
    this.#accounts = hotspots.map(({ key }) => hotspotAddress(network.address, key));
  }

  /** `leaves` are of the latest root, `motions` all that were ever voted for. */
  check(
    model: NetworkModel,
    of: { readonly leaves: readonly Leaf[]; readonly motions: readonly ModelMotionName[] },
  ): void {
    const { network } = this;
    const state = networkState(network);
    const { latest, policy, pendingPolicy } = state;
    expect([latest?.epoch, latest?.root, latest?.cumulativeTotal, latest?.tupleHash]).toEqual([
      model.latest?.epoch,
      model.latest?.root,
      model.latest?.cumulativeTotal,
      model.latest === null ? undefined : model.latestHash,
    ]);
    expect([policy.hash, pendingPolicy?.policy.hash, pendingPolicy?.firstEpoch]).toEqual([
      model.policyHash,
      model.pendingPolicy?.hash,
      model.pendingPolicy?.firstEpoch,
    ]);
    const ballot = decodeBallot(this.#ballot, this.#dataOf(this.#ballot));
    const text = (vote: { epoch: bigint; tupleHash: Hash } | null): string | null =>
      vote === null ? null : `${vote.epoch} ${vote.tupleHash}`;
    expect(ballot.votes.map(text)).toEqual(ballot.votes.map((_, place) => model.votes.get(place) ?? null));
    expect([text(ballot.ripe), ballot.ripe?.since]).toEqual([model.ripe?.vote ?? null, model.ripe?.since]);
    expect([ballot.generation, ballot.vetoes, state.guardianVetoesUsed]).toEqual([
      model.generation,
      bitsOf(model.vetoes),
      model.guardianVetoesUsed,
    ]);
    this.#checkSuccession(state, model.succession);
    for (const [number, expected] of model.registry.hotspots) this.#checkHotspot(number, expected);
    this.#checkMotions(model.registry.motions, of.motions);
    this.#checkCredits(model);
    this.#checkMoney(model, of.leaves);
  }

  #checkSuccession(state: Network, model: SuccessionModel): void {
    const keyOf = (person: number | null): PublicKey =>
      person === null ? PublicKey.default : at(people, person).publicKey;
    const setOf = ({ generation, k, members }: ModelOracles): OracleSet => ({
      generation,
      k,
      keys: members.map(keyOf),
    });
    const { pendingAuthority, pendingGuardian, pendingOracles } = model;
    expect({
      authority: state.authority,
      pendingAuthority: state.pendingAuthority,
      guardian: state.guardian,
      pendingGuardian: state.pendingGuardian,
      oracles: state.oracles,
      pendingOracles: state.pendingOracles,
    }).toEqual({
      authority: keyOf(model.authority),
      pendingAuthority: pendingAuthority && {
        key: keyOf(pendingAuthority.value),
        from: pendingAuthority.from,
      },
      guardian: keyOf(model.guardian),
      pendingGuardian: pendingGuardian && { key: keyOf(pendingGuardian.value), from: pendingGuardian.from },
      oracles: setOf(model.oracles),
      pendingOracles: pendingOracles && { set: setOf(pendingOracles.value), from: pendingOracles.from },
    });
  }

  #checkHotspot(number: number, expected: ModelHotspot): void {
    const account = at(this.#accounts, number);
    const found = decodeHotspot(account, this.#dataOf(account), 'mainnet');
    const { owner, destination, claimed, location, tier, status, bond, unbonding, unbondedAt, motions } =
      found;
    expect({
      owner,
      destination,
      claimed,
      gain: [location.current.gain, location.next.gain, location.nextFrom],
      tier: [tier.current, tier.next, tier.nextFrom],
      status: [status.current, status.next, status.nextFrom],
      bond,
      unbonding,
      unbondedAt,
      motions,
      isEndorsed: found.maker !== null,
    }).toEqual({
      owner: at(owners, expected.owner).publicKey,
      destination: at(owners, expected.destination ?? expected.owner).publicKey,
      claimed: expected.claimed,
      gain: [expected.gain.current, expected.gain.next, expected.gain.from],
      tier: [TIERS[expected.tier.current], TIERS[expected.tier.next], expected.tier.from],
      status: [STATUSES[expected.status.current], STATUSES[expected.status.next], expected.status.from],
      bond: expected.bond,
      unbonding: expected.unbonding,
      unbondedAt: expected.unbondedAt,
      motions: expected.motions,
      isEndorsed: expected.isEndorsed,
    });
    expect(expected.bond > 0n).toBe(expected.tier.next === BONDED);
  }

  /** Every motion is as in the model or gone, and the oracles lack the rent of what they opened and nothing else. */
  #checkMotions(motions: ReadonlyMap<string, ModelMotion>, tried: readonly ModelMotionName[]): void {
    const paid = oracles.map(() => 0n);
    for (const name of tried) {
      const address = this.#motionAddress(name);
      const account = this.network.chain.account(address);
      const expected = motions.get(motionKey(name));
      const data = account?.data ?? new Uint8Array();
      expect(data.length > 0, motionKey(name)).toBe(expected !== undefined);
      if (expected === undefined) continue;
      const { generation, votes, lapsesAt, openedBy } = decodeMotion(address, data);
      expect([generation, votes, lapsesAt, openedBy]).toEqual([
        expected.generation,
        bitsOf(expected.voters),
        expected.lapsesAt,
        at(oracles, expected.openedBy).publicKey,
      ]);
      paid[expected.openedBy] = (paid[expected.openedBy] ?? 0n) + (account?.lamports ?? 0n);
    }
    expect(oracles.map(({ publicKey }, i) => this.#lamports(publicKey) + (paid[i] ?? 0n))).toEqual(
      this.#funds,
    );
  }

  /** minted = total claimed <= cumulative total <= sum of emissions; nobody above their leaf; the vault is the bonds. */
  #checkMoney(model: NetworkModel, leaves: readonly Leaf[]): void {
    const { network } = this;
    const { registry } = model;
    const claimed = totalClaimed(network);
    const held = owners.map(({ publicKey }) => balanceOf(network, publicKey));
    const toPayees = payees.map((payee) => balanceOf(network, payee));
    expect([claimed, supplyOf(network), vaultOf(network), held, toPayees]).toEqual([
      model.claimedTotal,
      claimed - registry.burned - model.credits.burned + model.credits.refunded,
      registry.vault(),
      registry.balances,
      payees.map((_, payee) => model.payees.get(payee) ?? 0n),
    ]);
    const everything = [...held, ...toPayees, vaultOf(network)].reduce((sum, each) => sum + each, 0n);
    expect(everything).toBe(supplyOf(network));
    const total = model.latest?.cumulativeTotal ?? 0n;
    expect(claimed).toBeLessThanOrEqual(total);
    const emitted =
      model.latest === null ? 0n : model.emissions(0n, model.latest.epoch - model.rules.holdback);
    expect(total).toBeLessThanOrEqual(emitted);
    const above = claimants.filter((of, index) => {
      const mine = leaves.find(({ key }) => key === leaf(of, 0n).key)?.cumulative ?? 0n;
      const got =
        index < hotspots.length
          ? registry.hotspots.get(index)?.claimed
          : model.payees.get(index - hotspots.length);
      return (got ?? 0n) > mine;
    });
    expect(above).toEqual([]);
    expect(model.roots.get(model.latest?.epoch ?? -1n)).toBe(model.latest?.root);
  }

  /** Each owner's credits are as in the model, and never give back more than was burned for them. */
  #checkCredits({ credits }: NetworkModel): void {
    for (const [number, expected] of credits.accounts) {
      const { firstEpoch, balance, settled, refundable, withdrawal } = creditsState(
        this.network,
        at(owners, number).publicKey,
      );
      expect({ firstEpoch, ...balance, settled, refundable, withdrawal }).toEqual({
        firstEpoch: expected.firstEpoch,
        current: expected.current,
        next: expected.next,
        nextFrom: expected.from,
        settled: expected.settled,
        refundable: expected.refundable,
        withdrawal:
          expected.withdrawal === 0n
            ? null
            : { credits: expected.withdrawal, fromEpoch: expected.withdrawalFrom },
      });
    }
    const { burned, refunded } = creditsMoney(this.network);
    expect([burned, refunded]).toEqual([credits.burned, credits.refunded]);
    const refundable = [...credits.accounts.values()].reduce((sum, of) => sum + of.refundable, 0n);
    expect(refundable + refunded).toBeLessThanOrEqual(burned);
  }

  #motionAddress(name: ModelMotionName): PublicKey {
    const key = motionKey(name);
    const address = this.#motionAddresses.get(key) ?? motionAddress(motionOf(this.network, name));
    this.#motionAddresses.set(key, address);
    return address;
  }

  #lamports(of: PublicKey): bigint {
    return this.network.chain.account(of)?.lamports ?? 0n;
  }

  #dataOf(account: PublicKey): Uint8Array {
    return this.network.chain.account(account)?.data ?? new Uint8Array();
  }
}
