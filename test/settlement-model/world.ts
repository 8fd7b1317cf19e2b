import {
  SETS,
  initial,
  latestOf,
  leafOf,
  membersOf,
  parentOf,
  voteOf,
  type Action,
  type Oracle,
  type Payee,
  type State,
  type Tuple,
} from './machine.ts';

/** What bounds the search. */
export interface Bounds {
  readonly epochs: number;
  /** How often the authority proposes another set. */
  readonly proposals: number;
  /** How many oracles may stop for ever. */
  readonly crashes: number;
  readonly liars: readonly Oracle[];
}
export const BOUNDS: Bounds = { epochs: 3, proposals: 2, crashes: 1, liars: ['C'] };

/** The chain, and what is not on it. */
export interface World {
  readonly state: State;
  readonly crashed: readonly Oracle[];
  readonly proposals: number;
}
export const beginning: World = { state: initial, crashed: [], proposals: 0 };

/** What somebody may do. Honest steps are those that who follows the documents takes, or time does. */
export interface Move {
  readonly action: Action | { readonly type: 'crash'; readonly oracle: Oracle };
  readonly isHonest: boolean;
}

const ORACLES: readonly Oracle[] = ['A', 'B', 'C', 'D', 'E'];
const PAYEES: readonly Payee[] = ['honest', 'liar'];

/** The tuple of the epoch after the latest final one, as honest oracles compute it. */
function honestTuple(state: State): Tuple {
  return { parent: parentOf(state), epoch: (latestOf(state)?.epoch ?? -1) + 1, root: 'honest' };
}

/** What may happen next: all that can change something, by everybody. */
export function movesOf(world: World, bounds: Bounds): readonly Move[] {
  const { state } = world;
  const moves: Move[] = [];
  const add = (action: Move['action'], isHonest: boolean): void => {
    moves.push({ action, isHonest });
  };
  add({ type: 'tick' }, true);
  if (state.ended < bounds.epochs) add({ type: 'epoch ends' }, true);
  const right = honestTuple(state);
  for (const by of living(world)) {
    const lies = bounds.liars.includes(by);
    for (const tuple of lies ? candidates(state) : [right].filter(({ epoch }) => epoch < state.ended))
      add({ type: 'attest', by, tuple }, !lies);
  }
  if (state.ripe !== null) {
    const { tuple } = state.ripe;
    // Who is honest vetoes what it did not compute; but anybody may err, and then the rules hold too.
    const isWrong = voteOf(tuple) !== voteOf(right);
    for (const by of [...living(world), 'guardian'] as const) {
      const lies = by !== 'guardian' && bounds.liars.includes(by);
      add({ type: 'veto', by, tuple }, isWrong && !lies);
    }
    add({ type: 'finalize', tuple }, !isWrong);
  }
  if (world.proposals < bounds.proposals) for (const set of [1, 2]) add({ type: 'propose', set }, true);
  if (state.pending !== null) add({ type: 'apply' }, true);
  for (const payee of PAYEES) if (leafOf(state, payee) > 0) add({ type: 'claim', payee, back: 0 }, true);
  if (world.crashed.length < bounds.crashes)
    for (const oracle of living(world))
      if (!bounds.liars.includes(oracle)) add({ type: 'crash', oracle }, false);
  return moves;
}

/** What of the moves happens on chain: a crash does not. */
export function actionsOf(moves: readonly Move[]): readonly Action[] {
  return moves.flatMap(({ action }) => (action.type === 'crash' ? [] : [action]));
}

/** What the chain must refuse in many states, for the comparison with the program. */
export function probesOf({ state }: World): readonly Action[] {
  const right = honestTuple(state);
  const tuples: readonly Tuple[] = [
    right,
    { ...right, root: 'greedy' },
    { ...right, parent: `${right.parent}0l` },
    { ...right, epoch: right.epoch + 1, root: 'lie' },
    ...(latestOf(state) === null ? [] : [{ ...right, epoch: right.epoch - 1 }]),
    ...(state.ripe === null ? [] : [state.ripe.tuple]),
  ];
  const voters = (['A', 'C', 'D'] as const).flatMap((by) =>
    tuples.map((tuple) => ({ type: 'attest', by, tuple }) as const),
  );
  const vetoers = (['A', 'C', 'E', 'guardian', 'stranger'] as const).flatMap((by) =>
    tuples.map((tuple) => ({ type: 'veto', by, tuple }) as const),
  );
  return [
    ...voters,
    ...vetoers,
    ...tuples.map((tuple) => ({ type: 'finalize', tuple }) as const),
    { type: 'propose', set: 1 },
    { type: 'apply' },
    ...PAYEES.flatMap((payee) =>
      backsOf(state, payee).map((back) => ({ type: 'claim', payee, back }) as const),
    ),
  ];
}

/** Whether honest steps alone can lead on: enough honest oracles live in the last set, or the authority can name such. */
export function isRecoverable({ state, crashed, proposals }: World, bounds: Bounds): boolean {
  const isEnough = (members: readonly Oracle[]): boolean =>
    members.filter((member) => !crashed.includes(member) && !bounds.liars.includes(member)).length >= 2;
  const last = state.pending ?? state.oracles;
  const named = proposals < bounds.proposals ? SETS.slice(1) : [];
  const goesOn = (latestOf(state)?.epoch ?? -1) + 1 < bounds.epochs;
  return goesOn && [membersOf(last), ...named].some(isEnough);
}

/**
 * What a dishonest oracle may attest: the truth, too much, or a lie about any epoch that is over, on the latest final epoch
 * or on the one before it.
 */
const candidates = (state: State): readonly Tuple[] => {
  const right = honestTuple(state);
  const over = Array.from({ length: state.ended }, (_, epoch) => epoch);
  const lies = over.map((epoch): Tuple => ({ ...right, epoch, root: 'lie' }));
  const latest = latestOf(state);
  const onOlder = latest === null ? [] : lies.map((lie) => ({ ...lie, parent: latest.parent }));
  const ended: readonly Tuple[] = right.epoch < state.ended ? [right, { ...right, root: 'greedy' }] : [];
  return [...ended, ...lies, ...onOlder];
};

const living = ({ crashed }: World): readonly Oracle[] =>
  ORACLES.filter((oracle) => !crashed.includes(oracle));

/** Roots in which the payee has a leaf, of which a proof can be made. */
const backsOf = (state: State, payee: Payee): readonly number[] =>
  state.finals.map((_, back) => back).filter((back) => leafOf(state, payee, back) > 0);
