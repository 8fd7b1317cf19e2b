import type { Keypair, PublicKey, TransactionInstruction } from '@solana/web3.js';
import {
  applyOracles,
  attest,
  ballotAddress,
  createPayee,
  decodeBallot,
  finalize,
  proposeOracles,
  veto,
  type Network,
} from '#client';
import { GENESIS_PARENT, tupleHash, type Tuple as ProgramTuple } from '#protocol/settle/tuple';
import { amount, epochNumber, type Hash } from '#protocol/units';
import { namedKeypair } from '../support/litesvm-hotspot.ts';
import {
  balanceOf,
  claimOf,
  createTestNetwork,
  epochEnd,
  leaf,
  networkState,
  openTokenAccount,
  totalClaimed,
  treeOf,
  tupleOf,
  type TestNetwork,
} from '../support/litesvm-network.ts';
import type { LiteChain } from '../support/litesvm.ts';
import {
  DELAY,
  GUARDIAN_VETOES,
  K,
  SETS,
  TIMELOCK,
  initial,
  leafOf,
  membersOf,
  parentOf,
  step,
  voteOf,
  voting,
  type Action,
  type Flaw,
  type Oracle,
  type Payee,
  type State,
  type Tuple,
  type Vote,
} from './machine.ts';

/** Seconds of a tick, and of an epoch: longer than the ticks of any path. */
const TICK_S = 10n;
const EPOCH_S = 1_000_000n;
/** What a unit of the machine is on chain. */
const UNIT = 1_000n;
const ELSEWHERE = 'cd'.repeat(32) as Hash;
const PAYEES: Readonly<Record<Payee, PublicKey>> = {
  honest: namedKeypair('honest payee').publicKey,
  liar: namedKeypair('payee of the liar').publicKey,
};
const keyOf = (who: Oracle | 'guardian' | 'stranger'): Keypair =>
  namedKeypair(who.length > 1 ? who : `oracle ${who}`);
const setOf = (set: number): readonly PublicKey[] =>
  (SETS[set] ?? []).map((member) => keyOf(member).publicKey);

let networks = 0;

/** What an action did in the machine or on chain: the error's name, or null and all that is compared. */
export interface Compared {
  readonly error: string | null;
  readonly state: Readonly<Record<string, unknown>>;
}

/** A network on the built program that goes the way of the machine, step by step. */
export class Replay {
  state: State = initial;
  readonly #flaw: Flaw | null;
  readonly #network: TestNetwork;
  readonly #tuples = new Map<Vote, ProgramTuple>();
  /** The final epochs, by the text that the machine has for them. */
  readonly #pasts = new Map<string, readonly Tuple[]>([['', []]]);
  #pendingFrom = 0n;
  #ripeSince = 0n;
  #voters: readonly string[] = [];

  constructor(chain: LiteChain, flaw: Flaw | null = null) {
    this.#flaw = flaw;
    this.#network = createTestNetwork(chain, `path ${networks++}`, {
      epochLengthS: EPOCH_S,
      baseEmission: UNIT,
      challengeDelayS: DELAY * Number(TICK_S),
      timelockS: TIMELOCK * Number(TICK_S),
      guardianVetoes: GUARDIAN_VETOES,
      k: K,
      oracles: setOf(0),
    });
    const { address } = this.#network;
    for (const payee of Object.values(PAYEES)) {
      openTokenAccount(this.#network, payee);
      chain.land([createPayee({ payer: chain.payer.publicKey, network: address, address: payee })]);
    }
  }

  /** Takes the step in the machine and on chain, and says what became of each. */
  take(action: Action): { readonly machine: Compared; readonly program: Compared } {
    const { chain } = this.#network;
    const before = this.state;
    const sent = this.#transaction(action);
    const outcome = step(before, action, this.#flaw);
    if (sent === null) this.#passTime(action);
    const error = sent === null ? null : chain.send([sent.instruction], sent.signers).error;
    if ('state' in outcome) this.#remember(action, { before, after: outcome.state });
    return {
      machine: { error: 'refused' in outcome ? outcome.refused : null, state: this.#expected() },
      program: { error, state: this.#found() },
    };
  }

  #passTime(action: Action): void {
    const { chain } = this.#network;
    if (action.type === 'tick') chain.setTime(chain.now() + TICK_S);
    else chain.setTime(epochEnd(this.#network, BigInt(this.state.ended)));
  }

  /** null: time passes, and nobody sends anything. */
  #transaction(
    action: Action,
  ): { readonly instruction: TransactionInstruction; readonly signers: readonly Keypair[] } | null {
    const { address: network, creator } = this.#network;
    const by = (instruction: TransactionInstruction, ...signers: readonly Keypair[]) => ({
      instruction,
      signers,
    });
    switch (action.type) {
      case 'tick':
      case 'epoch ends':
        return null;
      case 'attest': {
        const oracle = keyOf(action.by);
        return by(attest({ oracle: oracle.publicKey, tuple: this.#tuple(action.tuple) }), oracle);
      }
      case 'veto': {
        const vetoer = keyOf(action.by);
        const tuple = this.#tuple(action.tuple);
        const against = { network, epoch: tuple.epoch, tupleHash: tupleHash(tuple) };
        return by(veto({ vetoer: vetoer.publicKey, ...against }), vetoer);
      }
      case 'finalize':
        return by(finalize({ tuple: this.#tuple(action.tuple) }));
      case 'propose': {
        const oracles = setOf(action.set);
        return by(proposeOracles({ authority: creator.publicKey, network, k: K, oracles }), creator);
      }
      case 'apply':
        return by(applyOracles(network));
      case 'claim': {
        const { finals } = this.state;
        const tree = this.#treeOf(finals.slice(0, finals.length - action.back));
        const payee = PAYEES[action.payee];
        return by(claimOf(this.#network, payee, { tree, destination: payee }));
      }
    }
  }

  #treeOf(finals: readonly Tuple[], more = 0n) {
    const past = { ...initial, finals };
    const leaves = (['honest', 'liar'] as const).map((payee) => {
      const units = BigInt(leafOf(past, payee)) * UNIT;
      return leaf(PAYEES[payee], units + (payee === 'honest' ? more : 0n));
    });
    return treeOf(
      this.#network,
      leaves.filter(({ cumulative }) => cumulative > 0n),
    );
  }

  /** The program's tuple for the machine's: the same one for ever, as its hash is its name. */
  #tuple(tuple: Tuple): ProgramTuple {
    const known = this.#tuples.get(voteOf(tuple));
    if (known !== undefined) return known;
    const past = this.#pasts.get(tuple.parent);
    const parent = past?.at(-1);
    const parentTupleHash = parent === undefined ? GENESIS_PARENT : tupleHash(this.#tuple(parent));
    const tree = this.#treeOf([...(past ?? []), tuple], tuple.root === 'greedy' ? 1n : 0n);
    const made = tupleOf(this.#network, BigInt(tuple.epoch), tree, {
      parentTupleHash: past === undefined ? ELSEWHERE : parentTupleHash,
      epoch: epochNumber(BigInt(tuple.epoch)),
      cumulativeTotal: amount(tree.total),
    });
    this.#tuples.set(voteOf(tuple), made);
    return made;
  }

  #remember(action: Action, { before, after }: { readonly before: State; readonly after: State }): void {
    const now = this.#network.chain.now();
    this.state = after;
    if (action.type === 'propose') this.#pendingFrom = now + BigInt(TIMELOCK) * TICK_S;
    if (before.ripe === null && after.ripe !== null) this.#ripeSince = now;
    if (action.type !== 'finalize') return;
    this.#pasts.set(parentOf(after), after.finals);
    const oracles = voting(before);
    const members = oracles === null ? [] : membersOf(oracles);
    const isFor = (place: number): boolean => before.votes[place] === voteOf(action.tuple);
    this.#voters = members
      .filter((_, place) => isFor(place))
      .map((member) => keyText(keyOf(member).publicKey));
  }

  #expected(): Compared['state'] {
    const { finals, oracles, pending, ripe, votes, claimed, ...rest } = this.state;
    const hash = (vote: Vote | null): Hash | null => {
      const tuple = vote === null ? undefined : this.#tuples.get(vote);
      return tuple === undefined ? null : tupleHash(tuple);
    };
    const latest = finals.at(-1);
    const set = (installed: { readonly generation: number; readonly set: number }) => ({
      generation: installed.generation,
      k: K,
      keys: setOf(installed.set).map(keyText),
    });
    return {
      latest: latest === undefined ? null : hash(voteOf(latest)),
      voters: this.#voters,
      oracles: set(oracles),
      pending: pending === null ? null : { ...set(pending), from: this.#pendingFrom },
      guardianVetoesUsed: rest.guardianVetoesUsed,
      generation: rest.generation,
      votes: votes.map(hash),
      vetoes: rest.vetoes,
      ripe: ripe === null ? null : { hash: hash(voteOf(ripe.tuple)), since: this.#ripeSince },
      claimed: [claimed.honest, claimed.liar].map((units) => BigInt(units) * UNIT),
      minted: BigInt(rest.minted) * UNIT,
    };
  }

  #found(): Compared['state'] {
    const { chain, address } = this.#network;
    const state = networkState(this.#network);
    const at = ballotAddress(address);
    const ballot = decodeBallot(at, chain.account(at)?.data ?? new Uint8Array());
    const set = ({ generation, k, keys }: Network['oracles']) => ({ generation, k, keys: keys.map(keyText) });
    const { pendingOracles: pending } = state;
    return {
      latest: state.latest?.tupleHash ?? null,
      voters: (state.latest?.voters ?? []).map(keyText),
      oracles: set(state.oracles),
      pending: pending && { ...set(pending.set), from: pending.from },
      guardianVetoesUsed: state.guardianVetoesUsed,
      generation: ballot.generation,
      votes: ballot.votes.slice(0, 3).map((vote) => vote?.tupleHash ?? null),
      vetoes: ballot.vetoes,
      ripe: ballot.ripe && { hash: ballot.ripe.tupleHash, since: ballot.ripe.since },
      claimed: [PAYEES.honest, PAYEES.liar].map((payee) => balanceOf(this.#network, payee)),
      minted: totalClaimed(this.#network),
    };
  }
}

const keyText = (key: PublicKey): string => key.toBase58();
