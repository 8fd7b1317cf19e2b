import { describe, expect, it } from 'vitest';
import idl from '../../programs/coverage/idl.json' with { type: 'json' };
import { openLiteChain } from '../support/litesvm.ts';
import { kindsOf } from './kinds.ts';
import { SMALL, flawed } from './flaws.ts';
import { randomWalk } from './random-walk.ts';
import { Replay } from './replay.ts';
import { search } from './search.ts';
import { BOUNDS, actionsOf } from './world.ts';

const SEED = 20261130;
const WALKS = 40;
const LENGTH = 60;

const chain = openLiteChain();

describe('the built program goes the way of the machine', { timeout: 600_000 }, () => {
  it('along a shortest path to every kind of edge', () => {
    const { paths, states } = search({ bounds: SMALL, kindsOf: (world) => kindsOf(world, SMALL) });
    let steps = 0;
    for (const [kind, path] of paths) {
      const replay = new Replay(chain);
      for (const action of path) {
        const { machine, program } = replay.take(action);
        steps += 1;
        expect(program, `${kind}: ${JSON.stringify(path)}`).toEqual(machine);
      }
    }
    console.log(`${paths.size} kinds of edges in ${states} states, ${steps} steps`);
    const refusals = new Set([...paths.keys()].map((kind) => /: (\w+) \(/.exec(kind)?.[1]));
    const known = idl.errors.map(({ name }) => name).filter((name) => refusals.has(name));
    expect(known.toSorted()).toEqual(REFUSALS.toSorted());
  });

  it(`along random walks (seeds from ${SEED})`, () => {
    let steps = 0;
    let landed = 0;
    for (let walk = 0; walk < WALKS; walk++) {
      const replay = new Replay(chain);
      const path = randomWalk(SEED + walk, { length: LENGTH, bounds: { ...BOUNDS, crashes: 0 } });
      for (const [at, action] of path.entries()) {
        const { machine, program } = replay.take(action);
        steps += 1;
        landed += machine.error === null ? 1 : 0;
        expect(program, `seed ${SEED + walk}: ${JSON.stringify(path.slice(0, at + 1))}`).toEqual(machine);
      }
    }
    console.log(`${WALKS} walks from seed ${SEED}: ${steps} steps, ${landed} of them land`);
    expect(landed).toBeGreaterThan(steps / 2);
  });

  it.each(flawed)(
    'and another where $flaw: the path that breaks a promise is not its own',
    ({ flaw, bounds }) => {
      const { broken } = search({ bounds, flaw });
      const replay = new Replay(chain, flaw);
      const differs = actionsOf(broken?.path ?? []).some((action) => {
        const { machine, program } = replay.take(action);
        return !Object.is(JSON.stringify(machine, text), JSON.stringify(program, text));
      });
      expect(differs).toBe(true);
    },
  );
});

const text = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? value.toString() : value);

/** What these instructions refuse and a machine without accounts can see. */
const REFUSALS = [
  'NotAnOracle',
  'EpochNotEnded',
  'EpochNotLater',
  'WrongParent',
  'VotesFrozen',
  'NothingRipe',
  'NotTheRipeTuple',
  'ChallengeDelayRuns',
  'GrowthAboveEmissions',
  'InvalidClaimProof',
  'TimelockRuns',
  'NoOraclesPending',
  'OraclesNotApplied',
  'TupleRipe',
  'MayNotVeto',
  'GuardianVetoesSpent',
];
