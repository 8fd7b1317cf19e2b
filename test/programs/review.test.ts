import fc from 'fast-check';
import { Ed25519Program, TransactionInstruction, type Keypair, type PublicKey } from '@solana/web3.js';
import { describe, expect, it } from 'vitest';
import {
  approveMaker,
  assertLocation,
  bond,
  claim,
  decodeHotspot,
  endorseHotspot,
  endorsedEntry,
  finalize,
  hotspotAddress,
  registerHotspot,
  registerMessage,
  setEndorsedRoot,
  unbond,
} from '#client';
import { MerkleTree } from '#protocol/evidence/proof';
import { leafHash } from '#protocol/evidence/merkle';
import { leafEntry } from '#protocol/settle/leaf';
import { registryAt, registryBytes } from '#protocol/settle/registry';
import type { Tuple } from '#protocol/settle/tuple';
import { epochNumber, type Address } from '#protocol/units';
import { namedHotspot, namedKeypair, type TestHotspot } from '../support/litesvm-hotspot.ts';
import { decide, motionAbout } from '../support/litesvm-motion.ts';
import {
  DELAY_S,
  EPOCH_S,
  LOCATION,
  START,
  balanceOf,
  claimOf,
  createTestNetwork,
  epochEnd,
  hexHash,
  hotspotState,
  leaf,
  networkState,
  openTokenAccount,
  register,
  settle,
  subjectOf,
  supplyOf,
  totalClaimed,
  treeOf,
  tupleOf,
  vote,
  type TestNetwork,
} from '../support/litesvm-network.ts';
import { handOver, rotate } from '../support/litesvm-succession.ts';
import { openLiteChain, type Outcome } from '../support/litesvm.ts';

const SEED = 20260715;
const chain = openLiteChain();
const owner = namedKeypair('owner');
const [a, b] = [namedHotspot('a', 'ed25519'), namedHotspot('b', 'p256')];
for (const n of [1, 2, 3]) chain.fund(namedKeypair(`oracle ${n}`).publicKey, 10_000_000_000n);
let networks = 0;
const fresh = (overrides: Parameters<typeof createTestNetwork>[2] = {}): TestNetwork =>
  createTestNetwork(chain, `network ${networks++}`, overrides);
const pass = (seconds: bigint): void => {
  chain.setTime(chain.now() + seconds);
};
const finalized = (tuple: Tuple): string | null => chain.send([finalize({ tuple })]).error;

describe('a new oracle set', () => {
  // The third of the old set is the first of the new one.
  const kept = namedKeypair('oracle 3');
  const incoming = [kept, namedKeypair('oracle 4'), namedKeypair('oracle 5')];
  const from = START + EPOCH_S + 10n;

  /** A network whose next set takes effect ten seconds after epoch 0, and the tuple that is due then. */
  const rotating = (): { network: TestNetwork; next: TestNetwork; tuple: Tuple } => {
    const network = fresh();
    const next = rotate(network, incoming, from);
    chain.setTime(epochEnd(network, 0n));
    return {
      network,
      next,
      tuple: tupleOf(network, 0n, treeOf(network, [leaf(a, 5n)])),
    };
  };
  const names = ({ events }: Outcome): readonly string[] => events.map(({ name }) => name);
  const votersOf = (network: TestNetwork): readonly PublicKey[] => networkState(network).latest?.voters ?? [];
  const keysOf = (keypairs: readonly Keypair[]): readonly PublicKey[] =>
    keypairs.map(({ publicKey }) => publicKey);

  it('takes effect by time: the votes of the old one are void and its oracles are strangers', () => {
    const { network, next, tuple } = rotating();
    chain.setTime(from - 1n);
    expect(vote(next, tuple, 1).error).toBe('NotAnOracle');
    expect([vote(network, tuple, 0).error, vote(network, { ...tuple, leafCount: 7 }, 2).error]).toEqual([
      null,
      null,
    ]);
    chain.setTime(from);
    expect(vote(network, tuple, 0).error).toBe('NotAnOracle');
    expect(names(vote(next, tuple, 1))).toEqual(['Attested']);
    // Who is in both sets votes anew, from its new place.
    expect(names(vote(next, { ...tuple, leafCount: 7 }, 0))).toEqual(['Attested']);
    expect(names(vote(next, tuple, 0))).toEqual(['Attested', 'Ripened']);
    pass(DELAY_S);
    expect(finalized(tuple)).toBeNull();
    expect(votersOf(network)).toEqual(keysOf(incoming.slice(0, 2)));
  });

  it('does not take over what is ripe: it finishes under its own set', () => {
    const { network, next, tuple } = rotating();
    chain.setTime(from - 1n);
    for (const oracle of [0, 1]) vote(network, tuple, oracle);
    chain.setTime(from);
    expect(vote(next, tuple, 1).error).toBe('NotAnOracle');
    expect(vote(network, { ...tuple, leafCount: 7 }, 2).error).toBe('VotesFrozen');
    expect(names(vote(network, tuple, 2))).toEqual(['Attested']);
    chain.setTime(from + DELAY_S);
    expect(finalized(tuple)).toBeNull();
    expect(votersOf(network)).toEqual(keysOf(network.oracles));
    chain.setTime(epochEnd(network, 1n));
    const later = tupleOf(network, 1n, treeOf(network, [leaf(a, 6n)]));
    expect(vote(network, later, 0).error).toBe('NotAnOracle');
    expect([1, 2].map((oracle) => names(vote(next, later, oracle)))).toEqual([
      ['Attested'],
      ['Attested', 'Ripened'],
    ]);
  });
});

describe('the network account', () => {
  it('signs its mints by creator and name: a claim works after the authority has moved', () => {
    const network = fresh();
    register(network, { hotspot: a, owner });
    openTokenAccount(network, owner.publicKey);
    const successor = namedKeypair('successor');
    chain.fund(successor.publicKey, 1_000_000_000n);
    handOver(network, successor);
    expect(networkState(network).authority).toEqual(successor.publicKey);
    const { tree } = settle(network, 0n, [leaf(a, 5n)]);
    chain.land([claimOf(network, a, { tree, destination: owner.publicKey })]);
    expect(balanceOf(network, owner.publicKey)).toBe(5n);
    const approve = (authority: Keypair): string | null =>
      chain.send(
        [
          approveMaker({
            authority: authority.publicKey,
            network: network.address,
            key: namedKeypair('maker').publicKey,
            approved: true,
          }),
        ],
        [authority],
      ).error;
    expect([approve(network.creator), approve(successor)]).toEqual(['NotTheAuthority', null]);
  });
});

describe('oracles that agree on bad leaves', () => {
  it('cannot pay a hotspot the sum of two leaves, nor take back or pay again what it has claimed', () => {
    const network = fresh();
    register(network, { hotspot: a, owner });
    openTokenAccount(network, owner.publicKey);
    const hashed = (cumulative: bigint): Uint8Array =>
      leafHash(leafEntry({ network: network.address.toBase58() as Address, leaf: leaf(a, cumulative) }));
    /** Finalizes a tree of such leaves of one hotspot and claims each of them. */
    const claims = (epoch: bigint, amounts: readonly bigint[], total: bigint): readonly (string | null)[] => {
      const tree = new MerkleTree(amounts.map(hashed));
      chain.setTime(epochEnd(network, epoch));
      const tuple = tupleOf(network, epoch, treeOf(network, []), {
        root: hexHash(tree.root),
        leafCount: amounts.length,
        cumulativeTotal: leaf(a, total).cumulative,
      });
      for (const oracle of [0, 1]) vote(network, tuple, oracle);
      pass(DELAY_S);
      chain.land([finalize({ tuple })]);
      return amounts.map(
        (cumulative, index) =>
          chain.send([
            claim({
              network: network.address,
              subject: subjectOf(network, a),
              destination: owner.publicKey,
              cumulative,
              index,
              proof: tree.inclusionProof(index),
            }),
          ]).error,
      );
    };
    const minted = (): readonly bigint[] => [
      supplyOf(network),
      totalClaimed(network),
      balanceOf(network, owner.publicKey),
    ];
    expect(claims(0n, [100n, 300n, 200n], 1_000n)).toEqual([null, null, null]);
    expect(minted()).toEqual([300n, 300n, 300n]);
    expect(claims(1n, [50n, 0n, 299n], 1_001n)).toEqual([null, null, null]);
    expect(minted()).toEqual([300n, 300n, 300n]);
    expect(claims(2n, [1_003n, 301n, 1n], 1_002n)).toEqual(['ClaimsAboveTotal', null, null]);
    expect(minted()).toEqual([301n, 301n, 301n]);
  });
});

describe('one signature of a hotspot', () => {
  const pair = (network: TestNetwork, hotspot: TestHotspot): TransactionInstruction[] => {
    const message = registerMessage({
      owner: owner.publicKey,
      gateway: hotspot.key,
      network: network.address,
    });
    return registerHotspot({
      payer: chain.payer.publicKey,
      owner: owner.publicKey,
      network: network.address,
      key: hotspot.key,
      signature: hotspot.sign(message),
      location: null,
    });
  };

  it('serves for one registration, in one network', () => {
    const [network, other] = [fresh(), fresh()];
    const [signed, registration] = pair(network, a);
    const [, elsewhere] = pair(other, a);
    if (!signed || !registration || !elsewhere) throw new Error('registerHotspot builds two instructions');
    for (const [instructions, error] of [
      [[signed, registration, registration], 'MissingHotspotSignature'],
      [[signed, elsewhere], 'WrongMessage'],
      [[...pair(network, a), ...pair(network, a)], 'AlreadyCreated'],
    ] as const)
      expect(chain.send(instructions, [owner]).error).toBe(error);
    const both = chain.land([...pair(network, a), ...pair(network, b)], [owner]);
    expect(both.events.map(({ name }) => name)).toEqual(['HotspotRegistered', 'HotspotRegistered']);
  });

  it('is of the bytes that the precompile verified, wherever they stand', () => {
    const network = fresh();
    const [signed, registration] = pair(network, a);
    if (!signed || !registration) throw new Error('registerHotspot builds two instructions');
    const arranged = (keyAt: number): TransactionInstruction => {
      // Signature, filler, message; the key is read where keyAt says, within the message too.
      const parts = [signed.data.subarray(48, 112), Buffer.alloc(9, 7), signed.data.subarray(112)];
      const offsets = [16, 0xffff, keyAt, 0xffff, 16 + 64 + 9, 105, 0xffff];
      const header = Buffer.alloc(16);
      header.writeUInt8(1);
      offsets.forEach((offset, i) => header.writeUInt16LE(offset, 2 + 2 * i));
      return new TransactionInstruction({
        programId: Ed25519Program.programId,
        keys: [],
        data: Buffer.concat([header, ...parts]),
      });
    };
    const messageAt = 16 + 64 + 9;
    // The owner's and the network's key stand in the message as well: neither has signed it.
    for (const keyAt of [messageAt + 3, messageAt + 73])
      expect(chain.send([arranged(keyAt), registration], [owner]).landed).toBe(false);
    expect(chain.send([arranged(messageAt + 38), registration], [owner]).error).toBeNull();
  });
});

describe('what an ended epoch reads of the hotspots', () => {
  type Step =
    | { readonly do: 'wait'; readonly seconds: number }
    | { readonly do: 'assert'; readonly hotspot: number; readonly gain: number }
    | { readonly do: 'register' | 'endorse' | 'bond' | 'judge'; readonly hotspot: number }
    | { readonly do: 'finalize'; readonly back: number };
  const hotspot = fc.nat({ max: 2 });
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant('wait' as const), seconds: fc.nat({ max: 70 }) }) },
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant('assert' as const), hotspot, gain: fc.nat({ max: 150 }) }),
    },
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constantFrom('register' as const, 'endorse', 'bond', 'bond', 'bond', 'judge'),
        hotspot,
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant('finalize' as const), back: fc.nat({ max: 1 }) }),
    },
  );
  const hotspots = [a, b, namedHotspot('c', 'ed25519')];
  const list = new MerkleTree(hotspots.map(({ key }) => leafHash(endorsedEntry(key))));
  const maker = namedKeypair('maker');

  const withMaker = (): TestNetwork => {
    const network = fresh({ bond: 5n });
    openTokenAccount(network, owner.publicKey);
    const { creator, address } = network;
    const keys = { network: address, key: maker.publicKey };
    chain.land([approveMaker({ authority: creator.publicKey, ...keys, approved: true })], [creator]);
    const root = { root: hexHash(list.root), count: list.size };
    chain.land([setEndorsedRoot({ maker: maker.publicKey, network: address, ...root })], [maker]);
    return network;
  };
  const assertGain = (network: TestNetwork, of: TestHotspot, gain: number): Outcome => {
    const location = { ...LOCATION, gain };
    const named = { owner: owner.publicKey, network: network.address, key: of.key };
    return chain.send([assertLocation({ ...named, location })], [owner]);
  };
  /** The registry of epochs as an oracle reads it now, in the bytes that the tuple's registry_hash covers. */
  const reader = (network: TestNetwork): ((epoch: bigint) => string) => {
    const raw = addressesOf(network).flatMap((address) => {
      const account = chain.account(address);
      return account === null ? [] : [decodeHotspot(address, account.data, 'mainnet')];
    });
    return (epoch) => {
      const end = Number(epochEnd(network, epoch));
      const table = registryAt({ hotspots: raw, epoch: epochNumber(epoch), end });
      const bytes = registryBytes({ keyNetwork: 'mainnet', hotspots: table, credits: [], voters: [] });
      return Buffer.from(bytes).toString('hex');
    };
  };
  const known = new WeakMap<TestNetwork, readonly PublicKey[]>();
  const addressesOf = (network: TestNetwork): readonly PublicKey[] => {
    const addresses = known.get(network) ?? hotspots.map(({ key }) => hotspotAddress(network.address, key));
    known.set(network, addresses);
    return addresses;
  };
  /** The latest epoch that is over: evidence counts up to its end, so its last second must be over too. */
  const lastOver = (): bigint => (chain.now() - 1n - START) / EPOCH_S - 1n;
  /** The latest epoch that has ended for the program, a second earlier. */
  const lastEnded = (): bigint => (chain.now() - START) / EPOCH_S - 1n;
  const unfinalized = (network: TestNetwork): bigint => (networkState(network).latest?.epoch ?? -1n) + 1n;
  const finalizeEpoch = (network: TestNetwork, epoch: bigint): void => {
    // Once for all: the owner's tokens for bonds.
    const tree = treeOf(network, [leaf(a, 1_000n)]);
    const tuple = tupleOf(network, epoch, tree);
    for (const oracle of [0, 1]) vote(network, tuple, oracle);
    pass(DELAY_S);
    chain.land([finalize({ tuple })]);
    chain.send([claimOf(network, a, { tree, destination: owner.publicKey })]);
  };
  const isRegistered = (network: TestNetwork, of: TestHotspot): boolean =>
    chain.account(hotspotAddress(network.address, of.key)) !== null;
  /** The owner bonds what is not bonded, and asks back what is. */
  const turnBond = (network: TestNetwork, of: TestHotspot): Outcome => {
    const build = hotspotState(network, of).bond === 0n ? bond : unbond;
    return chain.send([build({ owner: owner.publicKey, network: network.address, key: of.key })], [owner]);
  };
  /** k oracles turn the hotspot's status over, whatever it is. */
  const judge = (network: TestNetwork, of: TestHotspot): Outcome => {
    const { status, motions } = hotspotState(network, of);
    const kind = status.next === 'active' ? 'quarantine' : 'release';
    return decide(network, motionAbout(network, of, { kind, nonce: motions }));
  };
  const run = (network: TestNetwork, taken: Step): void => {
    if (taken.do === 'wait') {
      pass(BigInt(taken.seconds));
      return;
    }
    if (taken.do === 'finalize') {
      const epoch = lastEnded() - BigInt(taken.back);
      if (epoch >= unfinalized(network)) finalizeEpoch(network, epoch);
      return;
    }
    const of = hotspots[taken.hotspot] ?? a;
    if (taken.do === 'register') register(network, { hotspot: of, owner });
    if (taken.do === 'endorse')
      chain.send([
        endorseHotspot({
          network: network.address,
          maker: maker.publicKey,
          key: of.key,
          index: taken.hotspot,
          proof: list.inclusionProof(taken.hotspot),
        }),
      ]);
    const outcome = ((): Outcome | null => {
      if (taken.do === 'assert') return assertGain(network, of, taken.gain);
      if (!isRegistered(network, of)) return null;
      if (taken.do === 'bond') return turnBond(network, of);
      return taken.do === 'judge' ? judge(network, of) : null;
    })();
    for (const { name } of outcome?.events ?? []) seen[name] = (seen[name] ?? 0) + 1;
    // Nobody is locked out by anything but epochs that are not final yet.
    if (outcome?.error === 'RegistryBusy') {
      expect(lastEnded()).toBeGreaterThanOrEqual(unfinalized(network));
      busy += 1;
    }
  };
  let busy = 0;
  const seen: Record<string, number> = {};

  it(`is the same at every time until that epoch is final (seed ${SEED})`, () => {
    fc.assert(
      fc.property(fc.boolean(), fc.array(step, { minLength: 15, maxLength: 40 }), (hasBegun, steps) => {
        const network = withMaker();
        chain.setTime(START - 30n);
        if (hasBegun) {
          for (const each of hotspots) register(network, { hotspot: each, owner });
          chain.setTime(epochEnd(network, 0n));
          finalizeEpoch(network, 0n);
        }
        const read = new Map<bigint, string>();
        for (const taken of steps) {
          run(network, taken);
          const readAt = reader(network);
          for (let epoch = unfinalized(network); epoch <= lastOver(); epoch++) {
            const now = readAt(epoch);
            expect(now).toBe(read.get(epoch) ?? now);
            read.set(epoch, now);
          }
        }
        // Once all that ended is final, every owner may change again.
        while (lastEnded() >= unfinalized(network)) finalizeEpoch(network, lastEnded());
        addressesOf(network).forEach((address, i) => {
          if (chain.account(address) !== null)
            expect(assertGain(network, hotspots[i] ?? a, 1).error).toBeNull();
        });
      }),
      { seed: SEED, numRuns: 40 },
    );
    expect(busy).toBeGreaterThan(20);
    for (const name of ['LocationAsserted', 'HotspotBonded', 'HotspotUnbonded', 'MotionApplied'])
      expect(seen[name], name).toBeGreaterThan(10);
  });

  it('includes who registers in the last second that counts, and never what changes in it', () => {
    const network = withMaker();
    register(network, { hotspot: a, owner });
    chain.setTime(epochEnd(network, 0n));
    const before = reader(network)(0n);
    expect(assertGain(network, a, 99).error).toBeNull();
    expect(reader(network)(0n)).toBe(before);
    expect(reader(network)(1n)).toBe(before);
    register(network, { hotspot: b, owner });
    // So an oracle that reads before this second is over may miss one.
    expect(reader(network)(0n)).not.toBe(before);
    pass(1n);
    const after = reader(network)(0n);
    register(network, { hotspot: namedHotspot('c', 'ed25519'), owner });
    expect(reader(network)(0n)).toBe(after);
  });
});
