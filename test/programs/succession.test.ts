import type { Keypair, PublicKey } from '@solana/web3.js';
import { describe, expect, it } from 'vitest';
import {
  acceptAuthority,
  applyOracles,
  finalize,
  guardianAt,
  oraclesAt,
  setGuardian,
  transferAuthority,
  type NetworkConfig,
} from '#client';
import type { Tuple } from '#protocol/settle/tuple';
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
import { propose, rotate, vetoBy } from '../support/litesvm-succession.ts';
import { openLiteChain } from '../support/litesvm.ts';

const chain = openLiteChain();
const stranger = namedKeypair('stranger');
const successor = namedKeypair('successor');
const TIMELOCK_S = 10n;
const MOST = 2n ** 32n - 1n;
let networks = 0;
const fresh = (overrides: Partial<NetworkConfig> = {}): TestNetwork =>
  createTestNetwork(chain, `network ${networks++}`, overrides);
const keys = (first: number, count: number): readonly PublicKey[] =>
  Array.from({ length: count }, (_, i) => namedKeypair(`oracle ${first + i}`).publicKey);
const at = (time: bigint): void => {
  chain.setTime(time);
};
const apply = ({ address }: TestNetwork): string | null => chain.send([applyOracles(address)]).error;

describe('propose_oracles', () => {
  it('is for the authority only', () => {
    const network = fresh();
    expect(propose(network, keys(4, 3), { by: stranger }).error).toBe('NotTheAuthority');
  });

  it.each([
    ['no key', [], 0],
    ['17 keys', keys(1, 17), 9],
    ['one key twice', [...keys(1, 2), ...keys(1, 1)], 2],
    ['half of the keys as threshold', keys(1, 4), 2],
    ['more than all as threshold', keys(1, 3), 4],
    ['a threshold of zero', keys(1, 3), 0],
  ])('refuses %s', (_, oracles, k) => {
    expect(propose(fresh(), oracles, { k }).error).toBe('InvalidOracleSet');
  });

  it('says what is proposed, and changes nothing but what is pending', () => {
    const network = fresh();
    const before = networkState(network);
    at(START);
    const set = { generation: 2, k: 9, keys: keys(4, 16) };
    const from = START + TIMELOCK_S;
    expect(propose(network, set.keys, { k: set.k }).events).toEqual([
      { name: 'OraclesProposed', network: network.address, oracles: set, from },
    ]);
    expect(networkState(network)).toEqual({ ...before, pendingOracles: { set, from } });
    expect([from - 1n, from].map((time) => oraclesAt(networkState(network), time))).toEqual([
      before.oracles,
      set,
    ]);
  });

  it('replaces what does not vote yet, to the last second, and nothing that does', () => {
    const network = fresh();
    at(START);
    expect(propose(network, keys(4, 16), { k: 9 }).error).toBeNull();
    at(START + TIMELOCK_S - 1n);
    expect(propose(network, keys(5, 1), { k: 1 }).error).toBeNull();
    const from = START + 2n * TIMELOCK_S - 1n;
    const set = { generation: 2, k: 1, keys: keys(5, 1) };
    expect(networkState(network).pendingOracles).toEqual({ set, from });
    at(from);
    expect(propose(network, keys(6, 3)).error).toBe('OraclesNotApplied');
    expect(apply(network)).toBeNull();
    expect(propose(network, keys(6, 3)).error).toBeNull();
    expect(networkState(network)).toMatchObject({
      oracles: set,
      pendingOracles: { set: { generation: 3 }, from: from + TIMELOCK_S },
    });
  });

  it('never holds in the second in which it is proposed', () => {
    const network = fresh({ timelockS: 0 });
    at(START);
    expect(propose(network, keys(4, 3)).error).toBeNull();
    expect(networkState(network).pendingOracles?.from).toBe(START + 1n);
    expect(apply(network)).toBe('TimelockRuns');
    const late = fresh({ timelockS: Number(MOST) });
    at(2n ** 63n - 1n);
    expect(propose(late, keys(4, 3)).error).toBeNull();
    expect(networkState(late).pendingOracles?.from).toBe(2n ** 63n - 1n + MOST);
  });
});

describe('apply_oracles', () => {
  const incoming = [4, 5, 6].map((n) => namedKeypair(`oracle ${n}`));
  const from = epochEnd(fresh(), 0n) + 2n;
  const rotating = (): { network: TestNetwork; next: TestNetwork; tuple: Tuple } => {
    const network = fresh();
    const next = rotate(network, incoming, from);
    const tuple = tupleOf(network, 0n, treeOf(network, []));
    return { network, next, tuple };
  };

  it('is refused without a pending set, and before its time', () => {
    expect(apply(fresh())).toBe('NoOraclesPending');
    const { network } = rotating();
    at(from - 1n);
    expect(apply(network)).toBe('TimelockRuns');
  });

  it('moves the pending set, by anyone, once', () => {
    const { network, next } = rotating();
    const before = networkState(network);
    const set = { generation: 2, k: 2, keys: incoming.map(({ publicKey }) => publicKey) };
    expect(before.pendingOracles).toEqual({ set, from });
    at(from);
    expect(chain.send([applyOracles(network.address)]).events).toEqual([
      { name: 'OraclesApplied', network: network.address, generation: 2 },
    ]);
    expect(networkState(network)).toEqual({ ...before, oracles: set, pendingOracles: null });
    expect(apply(network)).toBe('NoOraclesPending');
    settle(next, 0n, []);
  });

  it('voids the votes of the set before, as time did', () => {
    const { network, next, tuple } = rotating();
    at(epochEnd(network, 0n));
    vote(network, tuple, 0);
    at(from);
    expect(apply(network)).toBeNull();
    expect(vote(network, tuple, 1).error).toBe('NotAnOracle');
    expect([0, 1].map((oracle) => vote(next, tuple, oracle).events.length)).toEqual([1, 2]);
  });

  it('waits for what is ripe, which finishes under the set that voted for it', () => {
    const { network, next, tuple } = rotating();
    at(epochEnd(network, 0n));
    for (const oracle of [0, 1]) vote(network, tuple, oracle);
    at(from);
    expect(apply(network)).toBe('TupleRipe');
    expect(vote(next, tuple, 0).error).toBe('NotAnOracle');
    expect(vote(network, tuple, 2).error).toBeNull();
    at(from + DELAY_S);
    chain.land([finalize({ tuple })]);
    expect(networkState(network).latest?.voters).toEqual(network.config.oracles);
    expect(apply(network)).toBeNull();
    settle(next, 1n, []);
  });

  it('leaves the epoch to the new set when what was ripe is vetoed after its time', () => {
    const { network, next, tuple } = rotating();
    at(epochEnd(network, 0n));
    for (const oracle of [0, 1]) vote(network, tuple, oracle);
    at(from);
    const outcomes = [...incoming.slice(0, 1), ...network.oracles.slice(1)].map(
      (oracle) => vetoBy(network, oracle, tuple).error,
    );
    expect(outcomes).toEqual(['MayNotVeto', null, null]);
    expect(vote(network, tuple, 0).error).toBe('NotAnOracle');
    expect(apply(network)).toBeNull();
    settle(next, 0n, []);
    expect(networkState(network).latest?.voters).toEqual(
      incoming.slice(0, 2).map(({ publicKey }) => publicKey),
    );
  });

  it('waits for what the new set has made ripe too', () => {
    const { network, next, tuple } = rotating();
    at(from);
    for (const oracle of [0, 1]) vote(next, tuple, oracle);
    expect(apply(network)).toBe('TupleRipe');
    at(from + DELAY_S);
    chain.land([finalize({ tuple })]);
    expect(apply(network)).toBeNull();
  });
});

describe('the authority', () => {
  const offer = (network: TestNetwork, to: Keypair | null, by = network.creator) =>
    chain.send(
      [
        transferAuthority({
          authority: by.publicKey,
          network: network.address,
          to: to?.publicKey ?? null,
        }),
      ],
      [by],
    );
  const accept = (network: TestNetwork, by: Keypair) =>
    chain.send([acceptAuthority({ pendingAuthority: by.publicKey, network: network.address })], [by]);

  it('offers its place, which the other takes when the timelock is over', () => {
    const network = fresh();
    const before = networkState(network);
    at(START);
    const from = START + TIMELOCK_S;
    const { publicKey } = successor;
    expect(offer(network, successor, stranger).error).toBe('NotTheAuthority');
    expect(offer(network, successor).events).toEqual([
      { name: 'AuthorityProposed', network: network.address, authority: publicKey, from },
    ]);
    expect(networkState(network)).toEqual({ ...before, pendingAuthority: { key: publicKey, from } });
    at(from - 1n);
    expect(accept(network, successor).error).toBe('TimelockRuns');
    expect(propose(network, keys(4, 3), { by: successor }).error).toBe('NotTheAuthority');
    at(from);
    expect(accept(network, stranger).error).toBe('NotThePendingAuthority');
    expect(accept(network, network.creator).error).toBe('NotThePendingAuthority');
    // Until then nothing changes hands.
    expect(propose(network, keys(4, 3)).error).toBeNull();
    expect(accept(network, successor).events).toEqual([
      { name: 'AuthorityAccepted', network: network.address, authority: publicKey },
    ]);
    expect(networkState(network)).toMatchObject({ authority: publicKey, pendingAuthority: null });
    expect(accept(network, successor).error).toBe('NotThePendingAuthority');
    expect(offer(network, stranger).error).toBe('NotTheAuthority');
    expect(offer(network, network.creator, successor).error).toBeNull();
  });

  it('takes an offer back, and makes another in its place', () => {
    const network = fresh();
    at(START);
    for (const to of [successor, stranger]) offer(network, to);
    at(START + TIMELOCK_S);
    expect(accept(network, successor).error).toBe('NotThePendingAuthority');
    expect(offer(network, null).events).toEqual([
      { name: 'AuthorityProposed', network: network.address, authority: null, from: 0n },
    ]);
    expect(networkState(network).pendingAuthority).toBeNull();
    expect(accept(network, stranger).error).toBe('NotThePendingAuthority');
  });
});

describe('set_guardian', () => {
  const set = (network: TestNetwork, guardian: PublicKey | null, by = network.creator) =>
    chain.send([setGuardian({ authority: by.publicKey, network: network.address, guardian })], [by]);
  const guardians = (network: TestNetwork, times: readonly bigint[]) =>
    times.map((time) => guardianAt(networkState(network), time));

  it('is for the authority only, and holds when the timelock is over', () => {
    const network = fresh();
    const before = networkState(network);
    at(START);
    const from = START + TIMELOCK_S;
    const { publicKey } = successor;
    expect(set(network, publicKey, stranger).error).toBe('NotTheAuthority');
    expect(set(network, publicKey).events).toEqual([
      { name: 'GuardianSet', network: network.address, guardian: publicKey, from },
    ]);
    expect(networkState(network)).toEqual({ ...before, pendingGuardian: { key: publicKey, from } });
    expect(guardians(network, [from - 1n, from])).toEqual([network.config.guardian, publicKey]);
  });

  it('replaces one that does not hold yet, and keeps one that does until the next holds', () => {
    const network = fresh();
    at(START);
    set(network, stranger.publicKey);
    set(network, successor.publicKey);
    at(START + TIMELOCK_S);
    set(network, null);
    const from = START + 2n * TIMELOCK_S;
    expect(networkState(network).guardian).toEqual(successor.publicKey);
    expect(guardians(network, [from - 1n, from])).toEqual([successor.publicKey, null]);
    at(from);
    set(network, stranger.publicKey);
    expect(guardians(network, [from, from + TIMELOCK_S])).toEqual([null, stranger.publicKey]);
  });
});
