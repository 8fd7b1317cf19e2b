import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attest, ballotAddress, finalize } from '#client';
import type { Leaf } from '#protocol/settle/leaf';
import { tupleHash, type Tuple } from '#protocol/settle/tuple';
import { amount, epochNumber, type Address, type Hash } from '#protocol/units';
import { namedHotspot, namedKeypair } from '../support/litesvm-hotspot.ts';
import {
  DELAY_S,
  EMISSION,
  EPOCH_S,
  START,
  createTestNetwork,
  epochEnd,
  leaf,
  networkState,
  settle,
  treeOf,
  tupleOf,
  vote,
  type TestNetwork,
} from '../support/litesvm-network.ts';
import { openLiteChain } from '../support/litesvm.ts';

const SEED = 20260713;
const chain = openLiteChain();
const [a, b] = [namedHotspot('a', 'ed25519'), namedHotspot('b', 'ed25519')];
let networks = 0;
const fresh = (overrides: Parameters<typeof createTestNetwork>[2] = {}): TestNetwork =>
  createTestNetwork(chain, `network ${networks++}`, overrides);
const next = (
  network: TestNetwork,
  epoch: bigint,
  leaves: readonly Leaf[],
  change: Partial<Tuple> = {},
): Tuple => {
  chain.setTime(epochEnd(network, epoch));
  return tupleOf(network, epoch, treeOf(network, leaves), change);
};
const finalized = (tuple: Tuple): string | null => chain.send([finalize({ tuple })]).error;
const pass = (seconds: bigint): void => {
  chain.setTime(chain.now() + seconds);
};

describe('attest', () => {
  it('is for the oracles of the network', () => {
    const network = fresh();
    const tuple = next(network, 0n, [leaf(a, 5n)]);
    const stranger = namedKeypair('stranger');
    expect(chain.send([attest({ oracle: stranger.publicKey, tuple })], [stranger]).error).toBe('NotAnOracle');
  });

  it('is for epochs that have ended', () => {
    const network = fresh();
    const tuple = next(network, 2n, [leaf(a, 5n)]);
    for (const early of [1n, EPOCH_S, 4n * EPOCH_S]) {
      chain.setTime(epochEnd(network, 2n) - early);
      expect(vote(network, tuple, 0).error).toBe('EpochNotEnded');
    }
    chain.setTime(epochEnd(network, 2n));
    expect(vote(network, tuple, 0).error).toBeNull();
    for (const epoch of [2n ** 64n - 1n, 2n ** 63n, 2n ** 58n])
      expect(vote(network, { ...tuple, epoch: epochNumber(epoch) }, 0).error).toBe('EpochNotEnded');
  });

  it('is for epochs later than the latest final one', () => {
    const network = fresh();
    settle(network, 3n, [leaf(a, 5n)]);
    for (const epoch of [0n, 2n, 3n]) {
      const tuple = tupleOf(network, epoch, treeOf(network, [leaf(a, 5n)]));
      expect(vote(network, tuple, 0).error).toBe('EpochNotLater');
    }
  });

  it('is for this network, on the latest tuple, under the policy in force', () => {
    const [network, other] = [fresh(), fresh()];
    settle(network, 0n, [leaf(a, 5n)]);
    const tuple = next(network, 1n, [leaf(a, 6n)]);
    const foreign = attest({
      oracle: namedKeypair('oracle 1').publicKey,
      tuple: { ...tuple, network: other.address.toBase58() as Address },
    });
    foreign.keys = attest({ oracle: namedKeypair('oracle 1').publicKey, tuple }).keys;
    expect(chain.send([foreign], [namedKeypair('oracle 1')]).error).toBe('WrongNetwork');
    const hash = 'cd'.repeat(32) as Hash;
    expect(vote(network, { ...tuple, parentTupleHash: hash }, 0).error).toBe('WrongParent');
    expect(vote(network, { ...tuple, parentTupleHash: '00'.repeat(32) as Hash }, 0).error).toBe(
      'WrongParent',
    );
    expect(vote(network, { ...tuple, policyHash: hash }, 0).error).toBe('WrongPolicy');
    expect(vote(network, tuple, 0).error).toBeNull();
  });

  it('is for totals that only grow', () => {
    const network = fresh();
    settle(network, 0n, [leaf(a, 500n), leaf(b, 300n)]);
    const refused = (leaves: readonly Leaf[], change: Partial<Tuple> = {}): string | null =>
      vote(network, next(network, 1n, leaves, change), 0).error;
    expect(refused([leaf(a, 900n)])).toBe('LeafCountFell');
    expect(refused([leaf(a, 500n), leaf(b, 299n)])).toBe('TotalFell');
    expect(refused([leaf(a, 499n), leaf(b, 301n)])).toBe('RootChangedWithoutGrowth');
    expect(refused([leaf(a, 500n), leaf(b, 300n)], { leafCount: 3 })).toBe('RootChangedWithoutGrowth');
    expect(refused([leaf(a, 500n), leaf(b, 300n)])).toBeNull();
  });

  it('publishes the whole tuple, every time', () => {
    const network = fresh();
    const tuple = next(network, 0n, [leaf(a, 5n)]);
    for (const oracle of [0, 0, 0])
      expect(vote(network, tuple, oracle).events).toEqual([
        { name: 'Attested', oracle: network.oracles[oracle]?.publicKey, tuple },
      ]);
  });
});

describe('votes', () => {
  it('may move until k of them are equal; then the delay starts', () => {
    const network = fresh();
    const [one, two] = [next(network, 0n, [leaf(a, 1n)]), next(network, 0n, [leaf(a, 2n)])];
    for (const [tuple, oracle] of [
      [one, 0],
      [two, 1],
      [two, 0],
    ] as const) {
      pass(1n);
      const names = vote(network, tuple, oracle).events.map(({ name }) => name);
      expect(names).toEqual(oracle === 0 && tuple === two ? ['Attested', 'Ripened'] : ['Attested']);
    }
    expect(finalized(one)).toBe('NotTheRipeTuple');
    pass(DELAY_S - 1n);
    expect(finalized(two)).toBe('ChallengeDelayRuns');
    pass(1n);
    expect(finalized(two)).toBeNull();
    expect(networkState(network).latest?.tupleHash).toBe(tupleHash(two));
  });

  it('for something else do not count while a tuple is ripe, nor does the delay start again', () => {
    const network = fresh();
    const [one, two] = [next(network, 0n, [leaf(a, 1n)]), next(network, 0n, [leaf(a, 2n)])];
    const later = { ...one, epoch: epochNumber(1n) };
    for (const oracle of [0, 1]) vote(network, one, oracle);
    pass(EPOCH_S);
    for (const tuple of [two, later]) expect(vote(network, tuple, 2).error).toBe('VotesFrozen');
    expect(vote(network, two, 0).error).toBe('VotesFrozen');
    expect(vote(network, one, 2).events.map(({ name }) => name)).toEqual(['Attested']);
    expect(finalized(one)).toBeNull();
    expect(networkState(network).latest?.voters).toEqual(network.oracles.map(({ publicKey }) => publicKey));
  });

  it('for different epochs or by one oracle twice are not equal votes', () => {
    const network = fresh();
    const tree = treeOf(network, [leaf(a, 1n)]);
    chain.setTime(epochEnd(network, 1n));
    const [first, second] = [tupleOf(network, 0n, tree), tupleOf(network, 1n, tree)];
    for (const [tuple, oracle] of [
      [first, 0],
      [first, 0],
      [second, 1],
    ] as const)
      expect(vote(network, tuple, oracle).error).toBeNull();
    expect(finalized(first)).toBe('NothingRipe');
  });

  it('before are void once an epoch is final', () => {
    const network = fresh();
    settle(network, 0n, [leaf(a, 1n)]);
    expect(finalized(tupleOf(network, 0n, treeOf(network, [leaf(a, 1n)])))).toBe('NothingRipe');
    const ballot = chain.account(ballotAddress(network.address))?.data ?? new Uint8Array();
    // Version, bump, network and generation stand before the votes.
    expect(Buffer.from(ballot.subarray(8 + 1 + 1 + 32 + 4)).every((byte) => byte === 0)).toBe(true);
  });
});

describe('finalize', () => {
  it('makes at most one root final per epoch', () => {
    const network = fresh();
    const tuple = next(network, 0n, [leaf(a, 1n)]);
    for (const oracle of [0, 1]) vote(network, tuple, oracle);
    pass(DELAY_S);
    expect([finalized(tuple), finalized(tuple)]).toEqual([null, 'NothingRipe']);
    expect(vote(network, { ...tuple, root: 'ab'.repeat(32) as Hash }, 0).error).toBe('EpochNotLater');
  });

  it('works while the chain’s clock can be read, and only then', () => {
    const network = fresh();
    const tuple = next(network, 0n, [leaf(a, 1n)]);
    chain.setTime(-1n);
    expect([vote(network, tuple, 0).error, finalized(tuple)]).toEqual(['OutOfRange', 'OutOfRange']);
  });
});

describe('the growth of the total', { timeout: 120_000 }, () => {
  const emission = (network: TestNetwork, epoch: bigint): bigint => {
    const { baseEmission, halvingPeriodEpochs } = network.config;
    if (halvingPeriodEpochs === 0) return baseEmission;
    const halvings = epoch / BigInt(halvingPeriodEpochs);
    return halvings > 63n ? 0n : baseEmission >> halvings;
  };
  const payable = (network: TestNetwork, latest: bigint, epoch: bigint): bigint => {
    const holdback = BigInt(network.config.holdbackEpochs);
    let sum = 0n;
    for (let each = latest + 1n - holdback; each <= epoch - holdback; each++)
      if (each >= 0n) sum += emission(network, each);
    return sum;
  };

  it(`is at most what the epochs may emit, to the last unit (seed ${SEED})`, () => {
    const steps = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });
    const schedule = fc.record({
      baseEmission: fc.bigInt({ min: 0n, max: 10n ** 15n }),
      halvingPeriodEpochs: fc.integer({ min: 0, max: 6 }),
      holdbackEpochs: fc.integer({ min: 0, max: 7 }),
    });
    fc.assert(
      fc.property(schedule, steps, (overrides, jumps) => {
        const network = fresh(overrides);
        let [latest, total] = [-1n, 0n];
        for (const jump of jumps) {
          const epoch = latest + BigInt(jump);
          const most = payable(network, latest, epoch);
          const above = next(network, epoch, [leaf(a, total + most + 1n)]);
          expect(vote(network, above, 0).error).toBe('GrowthAboveEmissions');
          settle(network, epoch, total + most === 0n ? [] : [leaf(a, total + most)]);
          [latest, total] = [epoch, total + most];
        }
      }),
      { seed: SEED, numRuns: 60 },
    );
  });

  it('cannot be smuggled past u64', () => {
    const network = fresh();
    const most = next(network, 0n, [leaf(a, EMISSION)]);
    const past = { ...most, cumulativeTotal: amount(2n ** 64n - 1n) };
    expect(vote(network, past, 0).error).toBe('GrowthAboveEmissions');
    expect(vote(network, most, 0).error).toBeNull();
    expect(chain.now()).toBe(START + EPOCH_S);
  });
});
