import { SystemProgram, type Keypair } from '@solana/web3.js';
import { describe, expect, it } from 'vitest';
import {
  applyMotion,
  closeMotion,
  decodeMotion,
  hotspotAddress,
  isMotionOpen,
  motionAddress,
  move,
  votersFor,
  type Motion,
  type MotionName,
  type NetworkConfig,
} from '#client';
import { factsAt } from '#protocol/settle/registry';
import { epochNumber, type Hash } from '#protocol/units';
import { namedHotspot, namedKeypair } from '../support/litesvm-hotspot.ts';
import { carry, decide, motionAbout, voteFor } from '../support/litesvm-motion.ts';
import {
  EPOCH_S,
  START,
  createTestNetwork,
  epochEnd,
  hotspotState,
  networkState,
  register,
  settle,
  type TestNetwork,
} from '../support/litesvm-network.ts';
import { rotate } from '../support/litesvm-succession.ts';
import { openLiteChain, type Outcome } from '../support/litesvm.ts';

const TIMELOCK_S = 10n;

const chain = openLiteChain();
const [owner, stranger] = [namedKeypair('owner'), namedKeypair('stranger')];
const [accused, other] = [namedHotspot('accused', 'ed25519'), namedHotspot('other', 'p256')];
for (const n of [1, 2, 3, 4, 5]) chain.fund(namedKeypair(`oracle ${n}`).publicKey, 1_000_000_000n);
chain.fund(stranger.publicKey, 1_000_000_000n);
let networks = 0;

/** A network before its first epoch, with two hotspots. */
const fresh = (overrides: Partial<NetworkConfig> = {}): TestNetwork => {
  const network = createTestNetwork(chain, `network ${networks++}`, overrides);
  for (const hotspot of [accused, other]) register(network, { hotspot, owner });
  return network;
};
const about = (network: TestNetwork, change: Parameters<typeof motionAbout>[2] = {}): MotionName =>
  motionAbout(network, accused, change);
const oracleOf = (network: TestNetwork, index: number): Keypair => network.oracles[index] ?? stranger;
const apply = (motion: MotionName): Outcome => chain.send([applyMotion(motion)]);
const close = (motion: MotionName, openedBy: Keypair): Outcome =>
  chain.send([closeMotion({ ...motion, openedBy: openedBy.publicKey })]);
const stored = (motion: MotionName): Motion | null => {
  const address = motionAddress(motion);
  const account = chain.account(address);
  return account === null || account.data.length === 0 ? null : decodeMotion(address, account.data);
};
const state = (network: TestNetwork) => hotspotState(network, accused);
const statuses = (network: TestNetwork, epochs: readonly bigint[]): readonly string[] =>
  epochs.map((epoch) => factsAt(state(network), epochNumber(epoch)).status);

describe('move', () => {
  it('opens a motion at the first oracle’s cost and adds the votes of the others', () => {
    const network = fresh();
    const motion = about(network);
    const [first, , third] = network.oracles;
    if (first === undefined || third === undefined) throw new Error('a test network has three oracles');
    const before = chain.account(first.publicKey)?.lamports ?? 0n;
    expect(voteFor(network, motion, first).events).toEqual([
      { name: 'MotionVoted', ...motion, motion: motionAddress(motion), oracle: first.publicKey },
    ]);
    const { lamports, data } = chain.account(motionAddress(motion)) ?? { lamports: 0n, data: [] };
    expect(lamports).toBe(chain.svm.minimumBalanceForRentExemption(BigInt(data.length)));
    expect(chain.account(first.publicKey)?.lamports).toBe(before - lamports);
    expect(stored(motion)).toEqual({
      ...motion,
      address: motionAddress(motion),
      generation: 1,
      votes: 0b001,
      lapsesAt: START + EPOCH_S + TIMELOCK_S,
      openedBy: first.publicKey,
    });
    expect(voteFor(network, motion, third).error).toBeNull();
    // Whoever votes twice counts once.
    expect(voteFor(network, motion, first).error).toBeNull();
    const found = stored(motion);
    expect(found?.votes).toBe(0b101);
    expect(found === null ? [] : votersFor(found, networkState(network).oracles)).toEqual([
      first.publicKey,
      third.publicKey,
    ]);
    expect(found?.openedBy).toEqual(first.publicKey);
  });

  it('is for oracles only', () => {
    const network = fresh();
    for (const by of [stranger, network.creator, namedKeypair('oracle 4')])
      expect(voteFor(network, about(network), by).error).toBe('NotAnOracle');
  });

  it('knows two kinds', () => {
    const network = fresh();
    for (const kind of [0, 3, 255]) {
      const instruction = move({ oracle: oracleOf(network, 0).publicKey, motion: about(network) });
      instruction.data.writeUInt8(kind, 8);
      expect(chain.send([instruction], [oracleOf(network, 0)]).error).toBe('InvalidMotion');
    }
  });

  it('needs the number of motions that were applied to the hotspot as its nonce', () => {
    const network = fresh();
    const by = oracleOf(network, 0);
    for (const nonce of [1n, 2n ** 64n - 1n])
      expect(voteFor(network, about(network, { nonce }), by).error).toBe('MotionNotOpen');
    expect(decide(network, about(network)).error).toBeNull();
    expect(voteFor(network, about(network), by).error).toBe('MotionNotOpen');
    expect(voteFor(network, about(network, { kind: 'release', nonce: 1n }), by).error).toBeNull();
  });

  it('is refused where the hotspot has the status already', () => {
    const network = fresh();
    const by = oracleOf(network, 0);
    expect(voteFor(network, about(network, { kind: 'release' }), by).error).toBe('StatusAlreadySet');
    expect(decide(network, about(network)).error).toBeNull();
    expect(voteFor(network, about(network, { nonce: 1n }), by).error).toBe('StatusAlreadySet');
    expect(stored(about(network, { nonce: 1n }))).toBeNull();
  });

  it('keeps every motion apart by all that its oracles vote for', () => {
    const network = fresh();
    const base = about(network);
    const others = [
      base,
      motionAbout(network, other),
      about(network, { evidence: { ...base.evidence, index: 13n } }),
      about(network, { evidence: { ...base.evidence, originHash: '78'.repeat(32) as Hash } }),
    ];
    for (const motion of others) expect(voteFor(network, motion, oracleOf(network, 0)).error).toBeNull();
    expect(others.map((motion) => stored(motion)?.votes)).toEqual([1, 1, 1, 1]);
    // A vote for one motion cannot be put on the account of another.
    const [first, second, third, fourth] = others.map((motion) =>
      move({ oracle: oracleOf(network, 1).publicKey, motion }),
    );
    if (!first || !second || !third || !fourth) throw new Error('there are four motions');
    for (const misplaced of [third, fourth]) {
      misplaced.keys = first.keys;
      expect(chain.send([misplaced], [oracleOf(network, 1)]).error).toBe('WrongAddress');
    }
    second.keys = second.keys.map((key, i) => (i === 3 ? (first.keys[3] ?? key) : key));
    expect(chain.send([second], [oracleOf(network, 1)]).error).toBe('WrongAddress');
    const release = move({
      oracle: oracleOf(network, 1).publicKey,
      motion: about(network, { kind: 'release' }),
    });
    release.keys = first.keys;
    expect(chain.send([release], [oracleOf(network, 1)]).error).toBe('WrongAddress');
  });

  it('is refused where epochs are too long to say when it lapses', () => {
    const network = fresh({ epochLengthS: 2n ** 40n, holdbackEpochs: 0xffff_ffff });
    expect(voteFor(network, about(network), oracleOf(network, 0)).error).toBe('OutOfRange');
  });

  it('lapses after the holdback, one more epoch and the timelock', () => {
    const network = fresh({ holdbackEpochs: 2 });
    const motion = about(network);
    chain.setTime(epochEnd(network, 0n));
    expect(voteFor(network, motion, oracleOf(network, 0)).error).toBeNull();
    // In epoch 1: what it could hold from is epoch 2.
    const lapsesAt = epochEnd(network, 2n + 2n) + TIMELOCK_S;
    expect(stored(motion)?.lapsesAt).toBe(lapsesAt);
    chain.setTime(lapsesAt - 1n);
    expect(voteFor(network, motion, oracleOf(network, 1)).error).toBeNull();
    chain.setTime(lapsesAt);
    expect(voteFor(network, motion, oracleOf(network, 2)).error).toBe('MotionNotOpen');
    expect(apply(motion).error).toBe('MotionNotOpen');
  });
});

describe('apply_motion', () => {
  it('needs k votes of the set in force', () => {
    const network = fresh();
    const motion = about(network);
    expect(apply(motion).error).toBe('WrongOwner');
    voteFor(network, motion, oracleOf(network, 0));
    expect(apply(motion).error).toBe('MotionNotCarried');
    voteFor(network, motion, oracleOf(network, 0));
    expect(apply(motion).error).toBe('MotionNotCarried');
    voteFor(network, motion, oracleOf(network, 2));
    expect(apply(motion).error).toBeNull();
    expect(statuses(network, [0n])).toEqual(['quarantined']);
  });

  it('quarantines and releases from the next epoch on, as long as no epoch reads what it would overwrite', () => {
    const network = fresh();
    settle(network, 0n, []);
    const motion = about(network);
    expect(decide(network, motion).events).toEqual([
      {
        name: 'MotionApplied',
        network: network.address,
        motion: motionAddress(motion),
        subject: motion.subject,
        kind: 'quarantine',
        evidence: motion.evidence,
        burned: 0n,
        fromEpoch: 2n,
      },
    ]);
    expect(statuses(network, [1n, 2n, 99n])).toEqual(['active', 'quarantined', 'quarantined']);

    const release = about(network, { kind: 'release', nonce: 1n });
    chain.setTime(epochEnd(network, 1n));
    carry(network, release);
    expect(apply(release).error).toBe('RegistryBusy');
    expect(statuses(network, [1n, 2n, 99n])).toEqual(['active', 'quarantined', 'quarantined']);
    settle(network, 1n, []);
    expect(apply(release).events).toMatchObject([{ kind: 'release', burned: 0n, fromEpoch: 3n }]);
    expect(statuses(network, [2n, 3n, 99n])).toEqual(['quarantined', 'active', 'active']);
    expect(state(network).motions).toBe(2n);
  });

  it('replaces a decision that is not in force yet', () => {
    const network = fresh();
    chain.setTime(epochEnd(network, 0n));
    expect(decide(network, about(network)).error).toBeNull();
    expect(decide(network, about(network, { kind: 'release', nonce: 1n })).error).toBeNull();
    expect(statuses(network, [1n, 2n])).toEqual(['active', 'active']);
    expect(decide(network, about(network, { nonce: 2n })).error).toBeNull();
    expect(statuses(network, [1n, 2n])).toEqual(['active', 'quarantined']);
  });

  it('does so once: no vote for what was decided before counts again', () => {
    const network = fresh();
    const [motion, rival] = [
      about(network),
      about(network, { evidence: { ...about(network).evidence, index: 1n } }),
    ];
    carry(network, rival);
    expect(decide(network, motion).error).toBeNull();
    expect([apply(motion).error, apply(rival).error]).toEqual(['MotionNotOpen', 'MotionNotOpen']);
    expect(decide(network, about(network, { kind: 'release', nonce: 1n })).error).toBeNull();
    // The hotspot is active as it was, and the rival had its k votes then.
    expect([apply(motion).error, apply(rival).error]).toEqual(['MotionNotOpen', 'MotionNotOpen']);
    expect(state(network).status.next).toBe('active');
    for (const closed of [motion, rival]) expect(close(closed, oracleOf(network, 0)).error).toBeNull();
    expect(voteFor(network, rival, oracleOf(network, 0)).error).toBe('MotionNotOpen');
  });

  it('is for the hotspot that the motion names', () => {
    const network = fresh();
    const motion = about(network);
    carry(network, motion);
    const instruction = applyMotion(motion);
    const elsewhere = hotspotAddress(network.address, other.key);
    instruction.keys = instruction.keys.map((key) =>
      key.pubkey.equals(motion.subject) ? { ...key, pubkey: elsewhere } : key,
    );
    expect(chain.send([instruction]).error).toBe('WrongSubject');
  });
});

describe('close_motion', () => {
  it('returns the rent, and what was sent there, to who opened it, and only then', () => {
    const network = fresh();
    const motion = about(network);
    const opener = oracleOf(network, 0);
    const before = chain.account(opener.publicKey)?.lamports ?? 0n;
    carry(network, motion);
    chain.land([
      SystemProgram.transfer({
        fromPubkey: chain.payer.publicKey,
        toPubkey: motionAddress(motion),
        lamports: 7n,
      }),
    ]);
    expect(close(motion, opener).error).toBe('MotionOpen');
    expect(apply(motion).error).toBeNull();
    expect(close(motion, oracleOf(network, 1)).error).toBe('WrongOpener');
    expect(close(motion, opener).events).toEqual([
      {
        name: 'MotionClosed',
        network: network.address,
        motion: motionAddress(motion),
        openedBy: opener.publicKey,
      },
    ]);
    expect(stored(motion)).toBeNull();
    expect(chain.account(opener.publicKey)?.lamports).toBe(before + 7n);
    expect(close(motion, opener).error).toBe('WrongOwner');
  });

  it('is refused with another hotspot, whose count of motions would say something else', () => {
    const network = fresh();
    const motion = about(network);
    voteFor(network, motion, oracleOf(network, 0));
    const elsewhere = hotspotAddress(network.address, other.key);
    expect(decide(network, motionAbout(network, other)).error).toBeNull();
    const instruction = closeMotion({ ...motion, openedBy: oracleOf(network, 0).publicKey });
    instruction.keys = instruction.keys.map((key) =>
      key.pubkey.equals(motion.subject) ? { ...key, pubkey: elsewhere } : key,
    );
    expect(chain.send([instruction]).error).toBe('WrongSubject');
  });

  it('ends one that has lapsed, which can be opened anew without its votes', () => {
    const network = fresh();
    const motion = about(network);
    carry(network, motion);
    const found = stored(motion);
    const subject = state(network);
    if (found === null) throw new Error('the motion is not open');
    expect([found.lapsesAt - 1n, found.lapsesAt].map((now) => isMotionOpen(found, { subject, now }))).toEqual(
      [true, false],
    );
    chain.setTime(found.lapsesAt - 1n);
    expect(close(motion, oracleOf(network, 0)).error).toBe('MotionOpen');
    chain.setTime(found.lapsesAt);
    expect(close(motion, oracleOf(network, 0)).error).toBeNull();
    expect(voteFor(network, motion, oracleOf(network, 2)).error).toBeNull();
    expect(stored(motion)).toMatchObject({ votes: 0b100, openedBy: oracleOf(network, 2).publicKey });
    expect(apply(motion).error).toBe('MotionNotCarried');
  });
});

describe('a new oracle set', () => {
  const incoming = [3, 4, 5].map((n) => namedKeypair(`oracle ${n}`));
  const from = START + 20n;

  /** The next set, of which one oracle is in both, takes effect in epoch 0. */
  const rotating = (): TestNetwork => {
    const network = fresh();
    rotate(network, incoming, from);
    return network;
  };

  it('voids the votes of the one before, by time alone', () => {
    const network = rotating();
    const motion = about(network);
    carry(network, motion);
    chain.setTime(from);
    expect(apply(motion).error).toBe('MotionNotCarried');
    expect(voteFor(network, motion, oracleOf(network, 0)).error).toBe('NotAnOracle');
    const [kept, next] = incoming;
    if (kept === undefined || next === undefined) throw new Error('three oracles come in');
    // The place of the first vote is one that the old set had counted.
    expect(voteFor(network, motion, next).error).toBeNull();
    expect(stored(motion)).toMatchObject({ generation: 2, votes: 0b010 });
    expect(apply(motion).error).toBe('MotionNotCarried');
    expect(voteFor(network, motion, kept).error).toBeNull();
    expect(apply(motion).error).toBeNull();
    expect(close(motion, oracleOf(network, 0)).error).toBeNull();
  });

  it('does not repeat what the old set has applied', () => {
    const network = rotating();
    const motion = about(network);
    carry(network, motion);
    chain.setTime(from - 1n);
    expect(apply(motion).error).toBeNull();
    chain.setTime(from);
    expect(apply(motion).error).toBe('MotionNotOpen');
    expect(statuses(network, [1n])).toEqual(['quarantined']);
  });
});
