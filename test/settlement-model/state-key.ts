import { parentOf, voteOf, type State } from './machine.ts';
import type { Memory } from './monitor.ts';
import type { World } from './world.ts';

/** Equal texts for equal states, and only for them. */
export function stateKey({ state, crashed, proposals }: World, memory: Memory): string {
  return `${chainText(state)}|${proposals}${crashed.join('')}|${memoryText(memory)}`;
}

const chainText = (state: State): string => {
  const { ended, oracles, pending, generation, votes, vetoes, ripe, claimed, minted } = state;
  const next = pending === null ? '' : `${pending.generation}${pending.set}${pending.age}`;
  const due = ripe === null ? '' : `${voteOf(ripe.tuple)}${ripe.age}`;
  const ballot = `${generation}${votes.map((vote) => vote ?? '').join('/')}/${vetoes}${due}`;
  const money = `${claimed.honest}${claimed.liar}${minted}`;
  return `${ended}${parentOf(state)}|${oracles.generation}${oracles.set}${next}|${ballot}|${state.guardianVetoesUsed}${money}`;
};

const memoryText = ({
  electorate,
  proposed,
  by,
  attested,
  agreed,
  vetoed,
  guardianVetoes,
}: Memory): string => {
  const next = proposed === null ? '' : `${proposed.set}${proposed.ticks}`;
  const due = agreed === null ? '' : `${agreed.vote}${agreed.ticks}`;
  const { A = '', B = '', C = '', D = '', E = '' } = attested;
  const said = `${A}/${B}/${C}/${D}/${E}`;
  return `${electorate.set}${electorate.turn}${next}|${by.set}${by.turn}|${said}|${due}|${vetoed.join('')}${guardianVetoes}`;
};
