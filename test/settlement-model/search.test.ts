import { describe, expect, it } from 'vitest';
import { OUTVOTED, flawed } from './flaws.ts';
import { search } from './search.ts';
import { BOUNDS } from './world.ts';

describe(
  'settlement, whatever oracles, guardian, authority and time do in whatever order',
  { timeout: 600_000 },
  () => {
    it('keeps its promises with 1 of 3 lying and 1 stopping, and honest steps always lead on', () => {
      const { states, moves, broken } = search({ bounds: BOUNDS });
      console.log(`${states} states, ${moves} moves, ${BOUNDS.epochs} epochs, ${BOUNDS.proposals} rotations`);
      expect(broken).toBeNull();
      expect(states).toBeGreaterThan(200_000);
    });

    it('keeps all but the truth with 2 of 3 lying: one root an epoch, quorum, delay and emissions', () => {
      const { states, broken } = search({ bounds: OUTVOTED });
      console.log(`${states} states with ${OUTVOTED.liars.length} liars`);
      expect(broken).toBeNull();
    });

    it.each(flawed)('breaks a promise where $flaw: $breaks', ({ flaw, bounds, breaks }) => {
      const { broken, states } = search({ bounds, flaw });
      console.log(`${flaw}: after ${broken?.path.length ?? 0} moves, ${states} states`);
      expect(broken?.promise).toBe(breaks);
    });
  },
);
