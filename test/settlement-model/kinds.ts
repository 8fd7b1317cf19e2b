import { isInForce, step, voteOf, voting, membersOf, type Action, type State } from './machine.ts';
import { actionsOf, movesOf, probesOf, type Bounds, type World } from './world.ts';

/** Every action that is worth trying in a state, with what kind of edge it is: who, what becomes of it, and when. */
export function kindsOf(world: World, bounds: Bounds): readonly (readonly [string, Action])[] {
  const { state } = world;
  return [...actionsOf(movesOf(world, bounds)), ...probesOf(world)].map((action) => [
    `${nameOf(action)}: ${effectOf(state, action)} (${situationOf(state)})`,
    action,
  ]);
}

const nameOf = (action: Action): string => {
  if (action.type === 'veto') return action.by.length > 1 ? `veto of the ${action.by}` : 'veto of an oracle';
  return action.type;
};

const situationOf = ({ ripe, pending, generation }: State): string => {
  const next = ((): string => {
    if (pending === null) return 'one set';
    return isInForce(pending) ? 'next set in force' : 'next set proposed';
  })();
  if (ripe === null) return next;
  return `${next}, ripe${pending !== null && generation === pending.generation ? ' under it' : ''}`;
};

const effectOf = (before: State, action: Action): string => {
  const outcome = step(before, action);
  if ('refused' in outcome) return outcome.refused;
  const { state: after } = outcome;
  switch (action.type) {
    case 'attest': {
      const oracles = voting(before);
      const place = oracles === null ? -1 : membersOf(oracles).indexOf(action.by);
      const standing = before.generation === after.generation ? before.votes[place] : null;
      const vote = standing === null ? 'votes' : standing === voteOf(action.tuple) ? 'repeats' : 'moves';
      const voids = before.generation !== after.generation && before.votes.some((one) => one !== null);
      return `${vote}${before.ripe === null && after.ripe !== null ? ', ripens' : ''}${voids ? ', voids' : ''}`;
    }
    case 'veto':
      if (after.ripe === null) return 'clears';
      return before.vetoes === after.vetoes ? 'repeats' : 'stands';
    case 'claim':
      return after.minted > before.minted ? 'mints' : 'mints nothing';
    case 'propose':
      return before.pending === null ? 'is new' : 'replaces';
    case 'finalize':
      return before.votes.filter((vote) => vote === voteOf(action.tuple)).length > 2 ? 'by all' : 'by two';
    default:
      return before === after ? 'nothing' : 'done';
  }
};
