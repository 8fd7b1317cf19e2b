/**
 * The settlement state machine of the program (attest, veto, finalize, propose_oracles, apply_oracles, claim) without
 * accounts, keys and hashes. Checks stand in the program's order and carry the program's names.
 */
export type Oracle = 'A' | 'B' | 'C' | 'D' | 'E';

/** The sets that the authority may choose from; the network begins with the first. Places differ, so that they matter. */
export const SETS: readonly (readonly Oracle[])[] = [
  ['A', 'B', 'C'],
  ['C', 'D', 'E'],
  ['B', 'C', 'A'],
];
export const K = 2;
/** In ticks. An epoch is longer than any number of them. */
export const DELAY = 2;
export const TIMELOCK = 1;
export const GUARDIAN_VETOES = 1;

/**
 * A tuple: the roots of the final epochs before it, its epoch and its root. `honest` pays the growth to the honest payee,
 * `lie` to the liar, `greedy` one unit more than the emissions.
 */
export interface Tuple {
  readonly parent: string;
  readonly epoch: number;
  readonly root: 'honest' | 'lie' | 'greedy';
}
/** What a vote holds of a tuple, as its hash does. */
export type Vote = `${string}>${number}${string}`;
export const voteOf = ({ parent, epoch, root }: Tuple): Vote => `${parent}>${epoch}${root.charAt(0)}`;

export interface Installed {
  readonly generation: number;
  /** Index into SETS. */
  readonly set: number;
}
export type Payee = 'honest' | 'liar';

/** What is on chain, and how much time has passed as far as it matters. */
export interface State {
  /** How many epochs are over. */
  readonly ended: number;
  readonly finals: readonly Tuple[];
  readonly oracles: Installed;
  /** `age`: ticks since it was proposed, at most the timelock. */
  readonly pending: (Installed & { readonly age: number }) | null;
  readonly guardianVetoesUsed: number;
  /** The set of which votes, vetoes and what is ripe are. */
  readonly generation: number;
  /** By place. */
  readonly votes: readonly (Vote | null)[];
  /** Bits by place. */
  readonly vetoes: number;
  /** `age`: ticks since it ripened, at most the delay. */
  readonly ripe: { readonly tuple: Tuple; readonly age: number } | null;
  readonly claimed: Readonly<Record<Payee, number>>;
  /** Of all, as the ledger counts it. */
  readonly minted: number;
}

export type Action =
  | { readonly type: 'tick' }
  | { readonly type: 'epoch ends' }
  | { readonly type: 'attest'; readonly by: Oracle; readonly tuple: Tuple }
  | { readonly type: 'veto'; readonly by: Oracle | 'guardian' | 'stranger'; readonly tuple: Tuple }
  | { readonly type: 'finalize'; readonly tuple: Tuple }
  /** By the authority. */
  | { readonly type: 'propose'; readonly set: number }
  | { readonly type: 'apply' }
  /** With a proof against the root of a final epoch, counted from the latest. */
  | { readonly type: 'claim'; readonly payee: Payee; readonly back: number };

/** Rules that can be left out, to show that the check notices. */
export type Flaw =
  | 'one vote ripens'
  | 'votes of another generation count'
  | 'a veto keeps the votes'
  | 'a veto keeps what is ripe'
  | 'votes move while something is ripe'
  | 'no challenge delay'
  | 'an epoch can be final twice'
  | 'any parent will do'
  | 'the total grows at will'
  | 'a set in force is replaced'
  | 'a set is applied under what is ripe'
  | 'the guardian has no limit'
  | 'a claim mints everything again';

export type Outcome = { readonly state: State } | { readonly refused: string };

export const initial: State = {
  ended: 0,
  finals: [],
  oracles: { generation: 1, set: 0 },
  pending: null,
  guardianVetoesUsed: 0,
  generation: 1,
  votes: [null, null, null],
  vetoes: 0,
  ripe: null,
  claimed: { honest: 0, liar: 0 },
  minted: 0,
};

export const membersOf = ({ set }: Installed): readonly Oracle[] => SETS[set] ?? [];
export const isInForce = (pending: State['pending']): boolean => pending !== null && pending.age >= TIMELOCK;
/** The set that votes on an epoch of which nothing is ripe. */
const inForce = ({ oracles, pending }: State): Installed =>
  pending !== null && isInForce(pending) ? pending : oracles;
/** Who may vote and veto now; null: the set of what is ripe is gone. */
export const voting = (state: State): Installed | null => {
  if (state.ripe === null) return inForce(state);
  const { oracles, pending, generation } = state;
  return [oracles, pending].find((set) => set?.generation === generation) ?? null;
};
export const latestOf = ({ finals }: State): Tuple | null => finals.at(-1) ?? null;
export const parentOf = ({ finals }: State): string =>
  finals.reduce((text, { epoch, root }) => `${text}${epoch}${root.charAt(0)}`, '');
/** One unit an epoch: all that were emitted until then. */
export const totalOf = (tuple: Tuple | null): number => (tuple === null ? 0 : tuple.epoch + 1);
/** What the tree of the final epochs, the last `back` left out, says of a payee. */
export const leafOf = ({ finals }: State, payee: Payee, back = 0): number => {
  const until = finals.slice(0, finals.length - back);
  return until.reduce((sum, tuple, at) => {
    const growth = totalOf(tuple) - totalOf(until[at - 1] ?? null);
    return (tuple.root === 'lie') === (payee === 'liar') ? sum + growth : sum;
  }, 0);
};

const NO_VOTES = [null, null, null] as const;
const refused = (name: string): Outcome => ({ refused: name });

/** What becomes of a state. Where a rule is left out, what becomes of it then. */
export function step(state: State, action: Action, flaw: Flaw | null = null): Outcome {
  switch (action.type) {
    case 'tick':
      return { state: aged(state, 1) };
    case 'epoch ends':
      return { state: { ...aged(state, Math.max(DELAY, TIMELOCK)), ended: state.ended + 1 } };
    case 'attest':
      return attest(state, action, flaw);
    case 'veto':
      return veto(state, action, flaw);
    case 'finalize':
      return finalize(state, action.tuple, flaw);
    case 'propose':
      return propose(state, action.set, flaw);
    case 'apply':
      return apply(state, flaw);
    case 'claim':
      return claim(state, action, flaw);
  }
}

const aged = (state: State, ticks: number): State => {
  const { pending, ripe } = state;
  return {
    ...state,
    pending: pending && { ...pending, age: Math.min(TIMELOCK, pending.age + ticks) },
    ripe: ripe && { ...ripe, age: Math.min(DELAY, ripe.age + ticks) },
  };
};

const cleared = (state: State): State => ({ ...state, votes: NO_VOTES, vetoes: 0, ripe: null });

/** Network::check_tuple. */
const flawOf = (state: State, tuple: Tuple, flaw: Flaw | null): string | null => {
  const latest = latestOf(state);
  if (latest !== null && tuple.epoch <= latest.epoch && flaw !== 'an epoch can be final twice')
    return 'EpochNotLater';
  if (tuple.epoch >= state.ended) return 'EpochNotEnded';
  if (tuple.parent !== parentOf(state) && flaw !== 'any parent will do') return 'WrongParent';
  const isAbove = tuple.root === 'greedy' && flaw !== 'the total grows at will';
  return isAbove ? 'GrowthAboveEmissions' : null;
};

const attest = (
  state: State,
  { by, tuple }: { readonly by: Oracle; readonly tuple: Tuple },
  flaw: Flaw | null,
): Outcome => {
  const oracles = voting(state);
  const place = oracles === null ? -1 : membersOf(oracles).indexOf(by);
  if (oracles === null || place < 0) return refused('NotAnOracle');
  const wrong = flawOf(state, tuple, flaw);
  if (wrong !== null) return refused(wrong);
  const isOther = oracles.generation !== state.generation;
  const before = isOther && flaw !== 'votes of another generation count' ? cleared(state) : state;
  const vote = voteOf(tuple);
  const standing = before.votes[place];
  const isFrozen = before.ripe !== null && vote !== voteOf(before.ripe.tuple) && vote !== standing;
  if (isFrozen && flaw !== 'votes move while something is ripe') return refused('VotesFrozen');
  const votes = before.votes.map((other, at) => (at === place ? vote : other));
  const agreeing = votes.filter((other) => other === vote).length;
  const isRipe = before.ripe === null && agreeing >= (flaw === 'one vote ripens' ? 1 : K);
  const ripe = isRipe ? { tuple, age: 0 } : before.ripe;
  return { state: { ...before, generation: oracles.generation, votes, ripe } };
};

const veto = (
  state: State,
  { by, tuple }: { readonly by: Oracle | 'guardian' | 'stranger'; readonly tuple: Tuple },
  flaw: Flaw | null,
): Outcome => {
  if (state.ripe === null) return refused('NothingRipe');
  if (voteOf(state.ripe.tuple) !== voteOf(tuple)) return refused('NotTheRipeTuple');
  const oracles = voting(state);
  const used = state.guardianVetoesUsed;
  if (by === 'guardian' && (used < GUARDIAN_VETOES || flaw === 'the guardian has no limit'))
    return { state: { ...vetoed(state, flaw), guardianVetoesUsed: Math.min(used + 1, GUARDIAN_VETOES) } };
  const members = oracles === null ? [] : membersOf(oracles);
  const place = members.findIndex((member) => member === by);
  if (oracles === null) return refused('NotAnOracle');
  if (place < 0) return refused(by === 'guardian' ? 'GuardianVetoesSpent' : 'MayNotVeto');
  const vetoes = state.vetoes | (1 << place);
  const standing = members.filter((_, at) => (vetoes >> at) & 1).length;
  return { state: standing > members.length - K ? vetoed(state, flaw) : { ...state, vetoes } };
};

const vetoed = (state: State, flaw: Flaw | null): State => {
  if (flaw === 'a veto keeps the votes') return { ...state, vetoes: 0, ripe: null };
  if (flaw === 'a veto keeps what is ripe') return { ...state, vetoes: 0, votes: NO_VOTES };
  return cleared(state);
};

const finalize = (state: State, tuple: Tuple, flaw: Flaw | null): Outcome => {
  if (state.ripe === null) return refused('NothingRipe');
  if (voteOf(state.ripe.tuple) !== voteOf(tuple)) return refused('NotTheRipeTuple');
  const wrong = flawOf(state, tuple, flaw);
  if (wrong !== null) return refused(wrong);
  if (state.ripe.age < DELAY && flaw !== 'no challenge delay') return refused('ChallengeDelayRuns');
  if (voting(state) === null) return refused('NotAnOracle');
  return { state: { ...cleared(state), finals: [...state.finals, tuple], guardianVetoesUsed: 0 } };
};

const propose = (state: State, set: number, flaw: Flaw | null): Outcome => {
  if (isInForce(state.pending) && flaw !== 'a set in force is replaced') return refused('OraclesNotApplied');
  return { state: { ...state, pending: { generation: state.oracles.generation + 1, set, age: 0 } } };
};

const apply = (state: State, flaw: Flaw | null): Outcome => {
  if (state.ripe !== null && flaw !== 'a set is applied under what is ripe') return refused('TupleRipe');
  if (state.pending === null) return refused('NoOraclesPending');
  if (!isInForce(state.pending)) return refused('TimelockRuns');
  const { generation, set } = state.pending;
  return { state: { ...state, oracles: { generation, set }, pending: null } };
};

const claim = (
  state: State,
  { payee, back }: { readonly payee: Payee; readonly back: number },
  flaw: Flaw | null,
): Outcome => {
  if (state.finals.length === 0) return refused('NothingFinalized');
  if (back > 0) return refused('InvalidClaimProof');
  const cumulative = leafOf(state, payee);
  const before = state.claimed[payee];
  const owed = flaw === 'a claim mints everything again' ? cumulative : Math.max(0, cumulative - before);
  const claimed = { ...state.claimed, [payee]: Math.max(before, cumulative) };
  return { state: { ...state, claimed, minted: state.minted + owed } };
};
