import type { Keypair } from '@solana/web3.js';
import { describe, expect, it } from 'vitest';
import {
  ballotAddress,
  decodeBallot,
  finalize,
  liveVotes,
  setGuardian,
  veto,
  type NetworkConfig,
} from '#client';
import { tupleHash, type Tuple } from '#protocol/settle/tuple';
import { epochNumber, type Hash } from '#protocol/units';
import { namedKeypair } from '../support/litesvm-hotspot.ts';
import {
  DELAY_S,
  START,
  createTestNetwork,
  epochEnd,
  networkState,
  settle,
  treeOf,
  tupleOf,
  vote,
  type TestNetwork,
} from '../support/litesvm-network.ts';
import { vetoBy } from '../support/litesvm-succession.ts';
import { openLiteChain } from '../support/litesvm.ts';

const chain = openLiteChain();
const guardian = namedKeypair('guardian');
const stranger = namedKeypair('stranger');
let networks = 0;
const fresh = (overrides: Partial<NetworkConfig> = {}): TestNetwork =>
  createTestNetwork(chain, `network ${networks++}`, overrides);
const ballotOf = ({ address }: TestNetwork) => {
  const at = ballotAddress(address);
  return decodeBallot(at, chain.account(at)?.data ?? new Uint8Array());
};
const pass = (seconds: bigint): void => {
  chain.setTime(chain.now() + seconds);
};
const ripen = (network: TestNetwork, tuple: Tuple): void => {
  for (const oracle of [0, 1]) vote(network, tuple, oracle);
};
/** A network whose epoch 0 is ripe. */
const ripe = (overrides: Partial<NetworkConfig> = {}): { network: TestNetwork; tuple: Tuple } => {
  const network = fresh(overrides);
  const tuple = tupleOf(network, 0n, treeOf(network, []));
  chain.setTime(epochEnd(network, 0n));
  ripen(network, tuple);
  return { network, tuple };
};
const finalized = (tuple: Tuple): string | null => chain.send([finalize({ tuple })]).error;
const used = (network: TestNetwork): number => networkState(network).guardianVetoesUsed;
const oracle = ({ oracles }: TestNetwork, index: number): Keypair => oracles[index] ?? stranger;

describe('veto', () => {
  it('is against what is ripe, and against nothing else', () => {
    const network = fresh();
    const tuple = tupleOf(network, 0n, treeOf(network, []));
    chain.setTime(epochEnd(network, 0n));
    expect(vetoBy(network, guardian, tuple).error).toBe('NothingRipe');
    vote(network, tuple, 0);
    expect(vetoBy(network, guardian, tuple).error).toBe('NothingRipe');
    vote(network, tuple, 1);
    const right = { vetoer: guardian.publicKey, network: network.address, tupleHash: tupleHash(tuple) };
    for (const wrong of [
      { ...right, epoch: epochNumber(1n) },
      { ...right, epoch: tuple.epoch, tupleHash: 'ab'.repeat(32) as Hash },
    ])
      expect(chain.send([veto(wrong)], [guardian]).error).toBe('NotTheRipeTuple');
    expect(ballotOf(network).ripe).not.toBeNull();
  });

  it('is for the guardian and the oracles', () => {
    const { network, tuple } = ripe();
    for (const nobody of [stranger, network.creator])
      expect(vetoBy(network, nobody, tuple).error).toBe('MayNotVeto');
  });
});

describe('a veto of the guardian', () => {
  it('clears at once: k votes and a whole delay are needed again', () => {
    const { network, tuple } = ripe();
    vetoBy(network, oracle(network, 2), tuple);
    pass(DELAY_S);
    const by = guardian.publicKey;
    const named = { network: network.address, epoch: tuple.epoch, tupleHash: tupleHash(tuple) };
    expect(vetoBy(network, guardian, tuple).events).toEqual([
      { name: 'Vetoed', ...named, by, cleared: true },
    ]);
    expect(ballotOf(network)).toMatchObject({ ripe: null, vetoes: 0, votes: Array(16).fill(null) });
    expect(finalized(tuple)).toBe('NothingRipe');
    expect([0, 1].map((index) => vote(network, tuple, index).events.length)).toEqual([1, 2]);
    pass(DELAY_S - 1n);
    expect(finalized(tuple)).toBe('ChallengeDelayRuns');
    pass(1n);
    expect(finalized(tuple)).toBeNull();
  });

  it('can be repeated as often as the network allows until an epoch is final', () => {
    const { network, tuple } = ripe({ guardianVetoes: 2 });
    for (const count of [1, 2]) {
      expect(vetoBy(network, guardian, tuple).error).toBeNull();
      expect(used(network)).toBe(count);
      ripen(network, tuple);
    }
    expect(vetoBy(network, guardian, tuple).error).toBe('GuardianVetoesSpent');
    pass(DELAY_S);
    expect([vetoBy(network, guardian, tuple).error, finalized(tuple)]).toEqual(['GuardianVetoesSpent', null]);
    expect(used(network)).toBe(0);
    const next = tupleOf(network, 1n, treeOf(network, []));
    chain.setTime(epochEnd(network, 1n));
    ripen(network, next);
    expect(vetoBy(network, guardian, next).error).toBeNull();
  });

  it('is none where the network allows none', () => {
    const { network, tuple } = ripe({ guardianVetoes: 0 });
    expect(vetoBy(network, guardian, tuple).error).toBe('GuardianVetoesSpent');
  });

  it('is of the guardian in force at its time', () => {
    const network = fresh();
    const next = namedKeypair('next guardian');
    const from = epochEnd(network, 0n) + 2n;
    const { creator, address } = network;
    const setTo = (key: Keypair | null) =>
      chain.land(
        [setGuardian({ authority: creator.publicKey, network: address, guardian: key?.publicKey ?? null })],
        [creator],
      );
    chain.setTime(from - BigInt(network.config.timelockS));
    setTo(next);
    const tuple = tupleOf(network, 0n, treeOf(network, []));
    chain.setTime(from - 1n);
    ripen(network, tuple);
    expect([vetoBy(network, next, tuple).error, vetoBy(network, guardian, tuple).error]).toEqual([
      'MayNotVeto',
      null,
    ]);
    ripen(network, tuple);
    chain.setTime(from);
    expect([vetoBy(network, guardian, tuple).error, vetoBy(network, next, tuple).error]).toEqual([
      'MayNotVeto',
      null,
    ]);
    // The vetoes are counted together, whoever is the guardian.
    expect(used(network)).toBe(2);
    setTo(null);
    chain.setTime(from + BigInt(network.config.timelockS));
    ripen(network, tuple);
    expect(vetoBy(network, next, tuple).error).toBe('MayNotVeto');
  });

  it('is an oracle’s, where it is one and its own are spent', () => {
    const network = fresh({ guardian: namedKeypair('oracle 3').publicKey, guardianVetoes: 1 });
    const tuple = tupleOf(network, 0n, treeOf(network, []));
    chain.setTime(epochEnd(network, 0n));
    ripen(network, tuple);
    const cleared = () => vetoBy(network, oracle(network, 2), tuple).events;
    expect(cleared()).toMatchObject([{ cleared: true }]);
    ripen(network, tuple);
    expect(cleared()).toMatchObject([{ cleared: false }]);
    expect([used(network), ballotOf(network).vetoes]).toEqual([1, 0b100]);
  });
});

describe('vetoes of oracles', () => {
  it('clear when fewer than k oracles are left, who voted for it or not', () => {
    const { network, tuple } = ripe();
    const third = () => vetoBy(network, oracle(network, 2), tuple).events;
    expect([...third(), ...third()]).toMatchObject([{ cleared: false }, { cleared: false }]);
    expect(ballotOf(network).vetoes).toBe(0b100);
    expect(vetoBy(network, oracle(network, 0), tuple).events).toMatchObject([{ cleared: true }]);
    expect(ballotOf(network)).toMatchObject({ ripe: null, vetoes: 0, votes: Array(16).fill(null) });
    expect(used(network)).toBe(0);
    const at = { network: networkState(network), unixTime: chain.now() };
    expect(liveVotes(ballotOf(network), at).map(({ vote: one }) => one)).toEqual([null, null, null]);
  });

  it('do not stop what k oracles stand behind, and are gone with it', () => {
    const { network, tuple } = ripe();
    vetoBy(network, oracle(network, 2), tuple);
    pass(DELAY_S);
    expect(finalized(tuple)).toBeNull();
    expect(ballotOf(network).vetoes).toBe(0);
    settle(network, 1n, []);
  });

  it.each([
    [1, 1, 1],
    [4, 3, 2],
    [5, 3, 3],
    [16, 9, 8],
    [16, 16, 1],
  ])('of %i with threshold %i: %i clear', (n, k, enough) => {
    const oracles = Array.from({ length: n }, (_, i) => namedKeypair(`oracle ${i + 1}`));
    const keys = oracles.map(({ publicKey }) => publicKey);
    const network = { ...fresh({ k, oracles: keys }), oracles };
    chain.setTime(epochEnd(network, 0n));
    const tuple = tupleOf(network, 0n, treeOf(network, []));
    for (let index = 0; index < k; index++) vote(network, tuple, index);
    // From the last place on, the highest bit first.
    const cleared = [...oracles].reverse().map((by) => vetoBy(network, by, tuple).events);
    expect(cleared.findIndex(([event]) => event?.name === 'Vetoed' && event.cleared)).toBe(enough - 1);
  });
});

it('takes no veto while the chain’s clock cannot be read', () => {
  const { network, tuple } = ripe();
  chain.setTime(-1n);
  expect(vetoBy(network, guardian, tuple).error).toBe('OutOfRange');
  chain.setTime(START);
});
