import { describe, expect, it } from 'vitest';
import { attest, ballotAddress, decodeBallot } from '#client';
import { tupleHash, type Tuple } from '#protocol/settle/tuple';
import { ballotView, dissentingVotes } from '../../services/settle/vote.ts';
import { namedHotspot, namedKeypair } from '../support/litesvm-hotspot.ts';
import {
  DELAY_S,
  createTestNetwork,
  epochEnd,
  leaf,
  networkState,
  treeOf,
  tupleOf,
  vote,
  type TestNetwork,
} from '../support/litesvm-network.ts';
import { rotate, vetoBy } from '../support/litesvm-succession.ts';
import { openLiteChain } from '../support/litesvm.ts';

const chain = openLiteChain();
const incoming = [3, 4, 5].map((n) => namedKeypair(`oracle ${n}`));
let networks = 0;

/** What the oracle of a name sees at the chain's time. */
const seen = (network: TestNetwork, name: string, tuple: Tuple): string => {
  const oracle = namedKeypair(name);
  return ballotView(viewOf(network), { oracle, tuple }).kind;
};
const viewOf = (network: TestNetwork) => {
  const at = ballotAddress(network.address);
  const ballot = decodeBallot(at, chain.account(at)?.data ?? new Uint8Array());
  return { slot: 0, unixTime: Number(chain.now()), network: networkState(network), ballot };
};
const dissenters = (network: TestNetwork, tuple: Tuple): readonly string[] =>
  dissentingVotes(viewOf(network), tuple).map(({ oracle }) => oracle);

/** Another set votes two seconds after the end of epoch 0. */
const rotating = () => {
  const network = createTestNetwork(chain, `network ${networks++}`);
  const from = epochEnd(network, 0n) + 2n;
  const next = rotate(network, incoming, from);
  const tuple = tupleOf(network, 0n, treeOf(network, []));
  const other = tupleOf(network, 0n, treeOf(network, [leaf(namedHotspot('a', 'ed25519'), 1n)]));
  chain.setTime(epochEnd(network, 0n));
  return { network, next, tuple, other, from };
};

describe('an oracle', () => {
  it('votes when its set does: the next one from its time on, and then anew', () => {
    const { network, next, tuple, other, from } = rotating();
    vote(network, tuple, 2);
    vote(network, other, 0);
    expect(
      ['oracle 1', 'oracle 2', 'oracle 3', 'oracle 4'].map((name) => seen(network, name, tuple)),
    ).toEqual(['not_voted', 'not_voted', 'voted', 'not_an_oracle']);
    expect(dissenters(network, tuple)).toEqual([network.oracles[0]?.publicKey.toBase58()]);
    chain.setTime(from);
    expect(['oracle 1', 'oracle 3', 'oracle 4'].map((name) => seen(network, name, tuple))).toEqual([
      'not_an_oracle',
      'not_voted',
      'not_voted',
    ]);
    expect(dissenters(network, tuple)).toEqual([]);
    vote(next, other, 1);
    expect(dissenters(network, tuple)).toEqual([incoming[1]?.publicKey.toBase58()]);
    expect(seen(network, 'oracle 4', other)).toBe('voted');
  });

  it('waits for what the set before has made ripe, and votes when that is vetoed', () => {
    const { network, next, tuple, other, from } = rotating();
    for (const oracle of [0, 1]) vote(network, other, oracle);
    chain.setTime(from);
    expect([seen(network, 'oracle 4', tuple), seen(network, 'oracle 4', other)]).toEqual([
      'other_ripe',
      'ripe',
    ]);
    expect(dissenters(network, tuple)).toEqual(
      network.oracles.slice(0, 2).map(({ publicKey }) => publicKey.toBase58()),
    );
    vetoBy(network, namedKeypair('guardian'), other);
    expect([seen(network, 'oracle 4', tuple), seen(network, 'oracle 1', tuple)]).toEqual([
      'not_voted',
      'not_an_oracle',
    ]);
    for (const oracle of incoming.slice(0, 2))
      chain.land([attest({ oracle: oracle.publicKey, tuple })], [oracle]);
    expect(seen(next, 'oracle 5', tuple)).toBe('ripe');
    chain.setTime(from + DELAY_S);
    expect(viewOf(network).ballot.ripe?.tupleHash).toBe(tupleHash(tuple));
  });
});
