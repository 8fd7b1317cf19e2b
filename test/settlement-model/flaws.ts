import type { Flaw } from './machine.ts';
import type { Broken } from './monitor.ts';
import { BOUNDS, type Bounds } from './world.ts';

/** What is broken is broken soon. */
export const SMALL: Bounds = { ...BOUNDS, epochs: 2, crashes: 0 };
/** k of 3 lie. */
export const OUTVOTED: Bounds = { ...SMALL, liars: ['B', 'C'] };

/** Which promise breaks when a rule is left out, and in which world: fewer than k liars do not always get so far. */
const FLAWS: Readonly<
  Record<Flaw, { readonly breaks: Broken | 'honest oracles are stuck'; readonly bounds: Bounds }>
> = {
  'one vote ripens': { breaks: 'final below quorum', bounds: SMALL },
  'votes of another generation count': { breaks: 'final below quorum', bounds: SMALL },
  'a veto keeps the votes': { breaks: 'final below quorum', bounds: SMALL },
  'a veto keeps what is ripe': { breaks: 'final below quorum', bounds: SMALL },
  'votes move while something is ripe': { breaks: 'final below quorum', bounds: SMALL },
  'no challenge delay': { breaks: 'final before the delay was over', bounds: SMALL },
  'an epoch can be final twice': { breaks: 'two roots for one epoch', bounds: OUTVOTED },
  'any parent will do': { breaks: 'an epoch is not on the one before', bounds: OUTVOTED },
  'the total grows at will': { breaks: 'more is attested than emitted', bounds: OUTVOTED },
  'a set in force is replaced': { breaks: 'final below quorum', bounds: SMALL },
  'a set is applied under what is ripe': { breaks: 'honest oracles are stuck', bounds: SMALL },
  'the guardian has no limit': { breaks: 'the guardian vetoes too often', bounds: SMALL },
  'a claim mints everything again': { breaks: 'more is minted than attested', bounds: SMALL },
};

/** The table's rows, for tests that go through them. */
export const flawed = Object.entries(FLAWS).map(([flaw, row]) => ({ flaw: flaw as Flaw, ...row }));
