import { describe, expect, it } from 'vitest';
import { policyAt, proposePolicy, type NetworkConfig, type PolicyPin } from '#client';
import { epochNumber, type Hash } from '#protocol/units';
import { namedKeypair } from '../support/litesvm-hotspot.ts';
import {
  POLICY_HASH,
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
import { openLiteChain, type Outcome } from '../support/litesvm.ts';

const chain = openLiteChain();
const FIRST: PolicyPin = { hash: POLICY_HASH, creditPrice: 1_000n };
const LATER: PolicyPin = { hash: 'bb'.repeat(32) as Hash, creditPrice: 77n };
const LAST: PolicyPin = { hash: 'cc'.repeat(32) as Hash, creditPrice: 0n };
let networks = 0;
const fresh = (overrides: Partial<NetworkConfig> = {}): TestNetwork =>
  createTestNetwork(chain, `network ${networks++}`, overrides);
const propose = (
  network: TestNetwork,
  firstEpoch: bigint,
  { policy = LATER, by = network.creator } = {},
): Outcome =>
  chain.send(
    [
      proposePolicy({
        authority: by.publicKey,
        network: network.address,
        policy,
        firstEpoch: epochNumber(firstEpoch),
      }),
    ],
    [by],
  );
const policies = (network: TestNetwork): readonly unknown[] => {
  const { policy, pendingPolicy } = networkState(network);
  return [policy, pendingPolicy];
};
const inForce = (network: TestNetwork, epochs: readonly bigint[]): readonly PolicyPin[] =>
  epochs.map((epoch) => policyAt(networkState(network), epochNumber(epoch)));

describe('propose_policy', () => {
  it('is for the authority only, and needs a hash', () => {
    const network = fresh();
    expect(propose(network, 2n, { by: namedKeypair('stranger') }).error).toBe('NotTheAuthority');
    const none = { hash: '00'.repeat(32) as Hash, creditPrice: 5n };
    expect(propose(network, 2n, { policy: none }).error).toBe('InvalidPolicy');
    expect(policies(network)).toEqual([FIRST, null]);
  });

  it('says what is proposed, and changes nothing but what is pending', () => {
    const network = fresh();
    const before = networkState(network);
    expect(propose(network, 2n).events).toEqual([
      { name: 'PolicyProposed', network: network.address, policy: LATER, firstEpoch: 2n },
    ]);
    expect(networkState(network)).toEqual({
      ...before,
      pendingPolicy: { policy: LATER, firstEpoch: epochNumber(2n) },
    });
  });

  const timelock = 150;
  it.each([
    // Before epoch 0: from epoch 0 on only where its start is not within the timelock.
    [timelock, START - 150n, 0n, null],
    [timelock, START - 149n, 0n, 'PolicyTooEarly'],
    [timelock, START - 149n, 1n, null],
    // Within epoch 1: epoch 4 begins at 240 s.
    [timelock, START + 90n, 4n, null],
    [timelock, START + 91n, 4n, 'PolicyTooEarly'],
    [timelock, START + 91n, 5n, null],
    // Without a timelock: the next epoch, up to its last second before, and never one that has begun.
    [0, START - 1n, 0n, null],
    [0, START, 0n, 'PolicyTooEarly'],
    [0, START, 1n, null],
    [0, START + 59n, 1n, null],
    [0, START + 60n, 1n, 'PolicyTooEarly'],
    [0, START + 60n, 0n, 'PolicyTooEarly'],
    // An epoch that never begins.
    [0, START, 2n ** 64n - 1n, 'OutOfRange'],
  ])('with a timelock of %i s at %i for epoch %i: %s', (timelockS, now, epoch, error) => {
    const network = fresh({ timelockS });
    chain.setTime(now);
    expect(propose(network, epoch).error).toBe(error);
  });

  it('is refused while one is pending, also when that is in force, until it has become the network’s', () => {
    const network = fresh();
    expect([propose(network, 1n).error, propose(network, 9n).error]).toEqual([null, 'PolicyPending']);
    chain.setTime(epochEnd(network, 1n));
    expect(propose(network, 9n, { policy: LAST }).error).toBe('PolicyPending');
    expect(inForce(network, [0n, 1n, 9n])).toEqual([FIRST, LATER, LATER]);
    settle(network, 0n, []);
    expect(policies(network)).toEqual([LATER, null]);
    expect(propose(network, 9n, { policy: LAST }).error).toBeNull();
    expect(inForce(network, [1n, 8n, 9n])).toEqual([LATER, LATER, LAST]);
  });
});

describe('a pending policy', () => {
  const pending = (): TestNetwork => {
    const network = fresh();
    expect(propose(network, 2n).error).toBeNull();
    return network;
  };
  const settleUnder = (network: TestNetwork, epoch: bigint, policy: PolicyPin): void => {
    chain.setTime(epochEnd(network, epoch));
    const tuple = tupleOf(network, epoch, treeOf(network, []));
    expect(tuple.policyHash).toBe(policy.hash);
    const wrong = policy === FIRST ? LATER : FIRST;
    expect(vote(network, { ...tuple, policyHash: wrong.hash }, 0).error).toBe('WrongPolicy');
    settle(network, epoch, []);
  };

  it('is in force from its first epoch on, and becomes the policy when the epoch before is final', () => {
    const network = pending();
    const before = [FIRST, { policy: LATER, firstEpoch: epochNumber(2n) }];
    expect(policies(network)).toEqual(before);
    settleUnder(network, 0n, FIRST);
    expect(policies(network)).toEqual(before);
    settleUnder(network, 1n, FIRST);
    expect(policies(network)).toEqual([LATER, null]);
    settleUnder(network, 2n, LATER);
    expect(policies(network)).toEqual([LATER, null]);
  });

  it('is in force when the epochs before it are skipped', () => {
    const network = pending();
    settleUnder(network, 5n, LATER);
    expect(policies(network)).toEqual([LATER, null]);
  });
});
