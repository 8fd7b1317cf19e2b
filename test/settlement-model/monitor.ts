import {
  DELAY,
  GUARDIAN_VETOES,
  K,
  SETS,
  TIMELOCK,
  latestOf,
  parentOf,
  totalOf,
  voteOf,
  type Action,
  type Oracle,
  type State,
  type Vote,
} from './machine.ts';

/** Who may vote: a set, and as which in the order in which sets took effect. */
interface Electorate {
  readonly set: number;
  readonly turn: number;
}

/** What was promised, remembered by people and by time, and not by places and generations: as the promise has it. */
export interface Memory {
  readonly electorate: Electorate;
  readonly proposed: { readonly set: number; readonly ticks: number } | null;
  /** Of whom the attestations and vetoes are. */
  readonly by: Electorate;
  /** What each of them attested last, since what was ripe was last vetoed or an epoch was final. */
  readonly attested: Readonly<Partial<Record<Oracle, Vote>>>;
  /** What k of them attest, and for how many ticks that has stood. */
  readonly agreed: { readonly vote: Vote; readonly ticks: number } | null;
  readonly vetoed: readonly Oracle[];
  /** Of the guardian, since an epoch was final. */
  readonly guardianVetoes: number;
}
const FIRST: Electorate = { set: 0, turn: 0 };
const NO_VOTES = { attested: {}, agreed: null, vetoed: [] } as const;
export const nothing: Memory = {
  electorate: FIRST,
  proposed: null,
  by: FIRST,
  ...NO_VOTES,
  guardianVetoes: 0,
};

export type Broken =
  | 'two roots for one epoch'
  | 'an epoch is not on the one before'
  | 'final below quorum'
  | 'final before the delay was over'
  | 'a lie is final'
  | 'more is attested than emitted'
  | 'the guardian vetoes too often'
  | 'more is minted than attested';

/** What is remembered after an action that landed; or the promise that it broke. */
export function observe(
  memory: Memory,
  {
    before,
    action,
    after,
    lieIsPossible,
  }: {
    readonly before: State;
    readonly action: Action;
    readonly after: State;
    readonly lieIsPossible: boolean;
  },
): Memory | Broken {
  switch (action.type) {
    case 'tick':
      return waited(memory, 1);
    case 'epoch ends':
      return waited(memory, DELAY);
    case 'attest':
      return afterAttestation(memory, { by: action.by, vote: voteOf(action.tuple) });
    case 'veto':
      return afterVeto(memory, action.by);
    case 'finalize': {
      const vote = voteOf(action.tuple);
      if (before.finals.some(({ epoch }) => epoch === action.tuple.epoch)) return 'two roots for one epoch';
      if (action.tuple.parent !== parentOf(before)) return 'an epoch is not on the one before';
      if (supportersOf(vote, memory) < K) return 'final below quorum';
      if (memory.agreed?.vote !== vote || memory.agreed.ticks < DELAY)
        return 'final before the delay was over';
      if (action.tuple.root === 'greedy') return 'more is attested than emitted';
      if (action.tuple.root !== 'honest' && !lieIsPossible) return 'a lie is final';
      return { ...memory, ...NO_VOTES, guardianVetoes: 0 };
    }
    case 'claim':
      return after.minted > totalOf(latestOf(after)) ? 'more is minted than attested' : memory;
    case 'propose':
      return { ...memory, proposed: { set: action.set, ticks: 0 } };
    case 'apply':
      return memory;
  }
}

const supportersOf = (vote: Vote, { by, attested }: Pick<Memory, 'by' | 'attested'>): number =>
  (SETS[by.set] ?? []).filter((member) => attested[member] === vote).length;

/** A set takes effect by time alone. */
const waited = (memory: Memory, ticks: number): Memory => {
  const { electorate, proposed, agreed } = memory;
  const isDue = proposed !== null && proposed.ticks + ticks >= TIMELOCK;
  return {
    ...memory,
    electorate: isDue ? { set: proposed.set, turn: electorate.turn + 1 } : electorate,
    proposed: isDue || proposed === null ? null : { ...proposed, ticks: proposed.ticks + ticks },
    agreed: agreed && { ...agreed, ticks: Math.min(DELAY, agreed.ticks + ticks) },
  };
};

const afterAttestation = (
  memory: Memory,
  { by: oracle, vote }: { readonly by: Oracle; readonly vote: Vote },
): Memory => {
  const { electorate, agreed } = memory;
  const isOver = agreed === null && memory.by.turn !== electorate.turn;
  const { by, attested: before } = isOver ? { by: electorate, attested: {} } : memory;
  const attested = { ...before, [oracle]: vote };
  const isAgreed = supportersOf(vote, { by, attested }) >= K;
  return { ...memory, by, attested, agreed: agreed ?? (isAgreed ? { vote, ticks: 0 } : null) };
};

const afterVeto = (memory: Memory, by: Oracle | 'guardian' | 'stranger'): Memory | Broken => {
  if (by === 'stranger') return memory;
  if (by === 'guardian') {
    const guardianVetoes = memory.guardianVetoes + 1;
    if (guardianVetoes > GUARDIAN_VETOES) return 'the guardian vetoes too often';
    return { ...memory, ...NO_VOTES, guardianVetoes };
  }
  const vetoed = [...new Set([...memory.vetoed, by])].sort();
  const members = SETS[memory.by.set] ?? [];
  const isEnough = members.filter((member) => vetoed.includes(member)).length > members.length - K;
  return isEnough ? { ...memory, ...NO_VOTES } : { ...memory, vetoed };
};
