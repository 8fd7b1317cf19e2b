import { describe, expect, it } from 'vitest';
import {
  applyMotion,
  bond,
  decodeMotion,
  motionAddress,
  unbond,
  withdrawBond,
  type MotionName,
} from '#client';
import { factsAt } from '#protocol/settle/registry';
import { epochNumber } from '#protocol/units';
import { namedHotspot, namedKeypair } from '../support/litesvm-hotspot.ts';
import { carry, decide, motionAbout } from '../support/litesvm-motion.ts';
import {
  balanceOf,
  claimOf,
  createTestNetwork,
  epochEnd,
  hotspotState,
  leaf,
  openTokenAccount,
  register,
  settle,
  supplyOf,
  totalClaimed,
  vaultOf,
  type TestNetwork,
} from '../support/litesvm-network.ts';
import { openLiteChain, type Outcome } from '../support/litesvm.ts';

const BOND = 1_000n;
const RICH = 3n * BOND;

const chain = openLiteChain();
const owner = namedKeypair('owner');
const [accused, other] = [namedHotspot('accused', 'ed25519'), namedHotspot('other', 'p256')];
for (const n of [1, 2]) chain.fund(namedKeypair(`oracle ${n}`).publicKey, 1_000_000_000n);
const LEAVES = [leaf(accused, RICH)];
let networks = 0;

/** Epoch 0 is final and the owner holds three bonds; the clock is in epoch 1. */
const rich = (): TestNetwork => {
  const network = createTestNetwork(chain, `network ${networks++}`, { bond: BOND });
  for (const hotspot of [accused, other]) register(network, { hotspot, owner });
  openTokenAccount(network, owner.publicKey);
  const { tree } = settle(network, 0n, LEAVES);
  chain.land([claimOf(network, accused, { tree, destination: owner.publicKey })]);
  return network;
};
const apply = (motion: MotionName): Outcome => chain.send([applyMotion(motion)]);
const state = (network: TestNetwork) => hotspotState(network, accused);
/** What an oracle reads of the accused for an epoch. */
const read = (network: TestNetwork, epoch: bigint): readonly string[] => {
  const { status, tier } = factsAt(state(network), epochNumber(epoch));
  return [status, tier];
};
const named = ({ address }: TestNetwork) => ({
  owner: owner.publicKey,
  network: address,
  key: accused.key,
});
const doBond = (network: TestNetwork): string | null => chain.send([bond(named(network))], [owner]).error;
const doUnbond = (network: TestNetwork): string | null => chain.send([unbond(named(network))], [owner]).error;
const withdraw = (network: TestNetwork): string | null => chain.send([withdrawBond(named(network))]).error;

describe('quarantine', () => {
  it('burns a bond at once, and takes the tier from the next epoch on', () => {
    const network = rich();
    expect(doBond(network)).toBeNull();
    settle(network, 1n, LEAVES);
    settle(network, 2n, LEAVES);
    expect([vaultOf(network), supplyOf(network)]).toEqual([BOND, RICH]);
    // In epoch 3, about what was seen in epoch 2.
    expect(decide(network, motionAbout(network, accused)).events).toMatchObject([
      { burned: BOND, fromEpoch: 4n },
    ]);
    expect([vaultOf(network), supplyOf(network), totalClaimed(network)]).toEqual([0n, RICH - BOND, RICH]);
    expect([2n, 3n, 4n, 5n].map((epoch) => read(network, epoch))).toEqual([
      ['active', 'bonded'],
      ['active', 'bonded'],
      ['quarantined', 'open'],
      ['quarantined', 'open'],
    ]);
    expect(state(network)).toMatchObject({ bond: 0n, unbonding: 0n, unbondedAt: 0n, motions: 1n });
    expect([doBond(network), doUnbond(network), withdraw(network)]).toEqual(Array(3).fill('Quarantined'));
    expect(balanceOf(network, owner.publicKey)).toBe(RICH - BOND);
  });

  it('takes what was asked back, up to the last second before it is paid', () => {
    const network = rich();
    expect([doBond(network), doUnbond(network)]).toEqual([null, null]);
    const { unbondedAt } = state(network);
    const motion = motionAbout(network, accused);
    carry(network, motion);
    // A motion that was opened when the bond was asked back lives as long as that waits.
    const opened = chain.account(motionAddress(motion));
    expect(decodeMotion(motionAddress(motion), opened?.data ?? new Uint8Array()).lapsesAt).toBe(unbondedAt);
    chain.setTime(unbondedAt - 1n);
    expect(withdraw(network)).toBe('BondNotFree');
    expect(apply(motion).events).toMatchObject([{ burned: BOND }]);
    expect(vaultOf(network)).toBe(0n);
    chain.setTime(unbondedAt);
    expect(withdraw(network)).toBe('Quarantined');
  });

  it('takes both, what is bonded and what was asked back, and nothing of another hotspot', () => {
    const network = rich();
    expect([doBond(network), doUnbond(network), doBond(network)]).toEqual([null, null, null]);
    chain.land([bond({ ...named(network), key: other.key })], [owner]);
    expect(vaultOf(network)).toBe(3n * BOND);
    expect(decide(network, motionAbout(network, accused)).events).toMatchObject([{ burned: 2n * BOND }]);
    expect([vaultOf(network), hotspotState(network, other).bond]).toEqual([BOND, BOND]);
    expect(supplyOf(network)).toBe(RICH - 2n * BOND);
  });

  it('waits while an epoch still reads the tier before the bond; the bond cannot leave meanwhile', () => {
    const network = rich();
    expect(doBond(network)).toBeNull();
    chain.setTime(epochEnd(network, 1n));
    const motion = motionAbout(network, accused);
    carry(network, motion);
    expect([apply(motion).error, doUnbond(network)]).toEqual(['RegistryBusy', 'RegistryBusy']);
    expect([vaultOf(network), state(network).motions]).toEqual([BOND, 0n]);
    settle(network, 1n, LEAVES);
    expect(apply(motion).events).toMatchObject([{ burned: BOND, fromEpoch: 3n }]);
    expect([2n, 3n].map((epoch) => read(network, epoch)[1])).toEqual(['bonded', 'open']);
  });

  it('does not wait for a tier that has fallen already', () => {
    const network = rich();
    expect(doBond(network)).toBeNull();
    settle(network, 1n, LEAVES);
    expect(doUnbond(network)).toBeNull();
    chain.setTime(epochEnd(network, 2n));
    expect(doBond(network)).toBe('RegistryBusy');
    expect(decide(network, motionAbout(network, accused)).events).toMatchObject([
      { burned: BOND, fromEpoch: 4n },
    ]);
    expect([2n, 3n, 4n].map((epoch) => read(network, epoch))).toEqual([
      ['active', 'bonded'],
      ['active', 'open'],
      ['quarantined', 'open'],
    ]);
  });

  it('ends with a release, from whose decision on the hotspot may be bonded again', () => {
    const network = rich();
    expect(decide(network, motionAbout(network, accused)).error).toBeNull();
    expect(doBond(network)).toBe('Quarantined');
    expect(decide(network, motionAbout(network, accused, { kind: 'release', nonce: 1n })).error).toBeNull();
    expect(doBond(network)).toBeNull();
    expect(read(network, 2n)).toEqual(['active', 'bonded']);
  });
});
