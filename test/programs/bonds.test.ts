import {
  AccountLayout,
  AuthorityType,
  createBurnInstruction,
  createSetAuthorityInstruction,
} from '@solana/spl-token';
import type { PublicKey } from '@solana/web3.js';
import { describe, expect, it } from 'vitest';
import {
  approveMaker,
  bond,
  endorseHotspot,
  endorsedEntry,
  mintAddress,
  setEndorsedRoot,
  tokenAccountAddress,
  unbond,
  vaultAddress,
  withdrawBond,
  type NetworkConfig,
} from '#client';
import { leafHash } from '#protocol/evidence/merkle';
import { MerkleTree } from '#protocol/evidence/proof';
import { factsAt } from '#protocol/settle/registry';
import { epochNumber } from '#protocol/units';
import { namedHotspot, namedKeypair, type TestHotspot } from '../support/litesvm-hotspot.ts';
import {
  EPOCH_S,
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
  supplyOf,
  totalClaimed,
  vaultOf,
  type TestNetwork,
} from '../support/litesvm-network.ts';
import { openLiteChain, type Outcome } from '../support/litesvm.ts';

const BOND = 1_000n;
const RICH = 2n * BOND + 500n;

const chain = openLiteChain();
const [owner, stranger] = [namedKeypair('owner'), namedKeypair('stranger')];
const [a, b] = [namedHotspot('a', 'ed25519'), namedHotspot('b', 'p256')];
let networks = 0;

/** A network whose epoch 0 is final, and whose owner holds two bonds and a half. The clock is in epoch 1. */
const rich = (overrides: Partial<NetworkConfig> = {}): TestNetwork => {
  const network = createTestNetwork(chain, `network ${networks++}`, { bond: BOND, ...overrides });
  for (const hotspot of [a, b]) register(network, { hotspot, owner });
  openTokenAccount(network, owner.publicKey);
  const { tree } = settle(network, BigInt(network.config.holdbackEpochs), [leaf(a, RICH)]);
  chain.land([claimOf(network, a, { tree, destination: owner.publicKey })]);
  return network;
};
const taking =
  (build: typeof bond) =>
  (network: TestNetwork, of: TestHotspot = a, by = owner): Outcome =>
    chain.send([build({ owner: by.publicKey, network: network.address, key: of.key })], [by]);
const [doBond, doUnbond] = [taking(bond), taking(unbond)];
const withdraw = (network: TestNetwork, to: PublicKey = owner.publicKey, of = a): Outcome =>
  chain.send([withdrawBond({ owner: to, network: network.address, key: of.key })]);
const money = (network: TestNetwork): readonly bigint[] => [
  balanceOf(network, owner.publicKey),
  vaultOf(network),
];
/** What an oracle reads of `a` for each epoch. */
const tiers = (network: TestNetwork, epochs: readonly bigint[]): readonly string[] =>
  epochs.map((epoch) => factsAt(hotspotState(network, a), epochNumber(epoch)).tier);

describe('the vault', () => {
  it('is created with the network, which alone can move what is in it', () => {
    const network = createTestNetwork(chain, 'with a vault');
    const at = vaultAddress(network.address);
    expect(networkState(network).vault).toEqual(at);
    expect(AccountLayout.decode(chain.account(at)?.data ?? new Uint8Array())).toMatchObject({
      mint: mintAddress(network.address),
      owner: network.address,
      amount: 0n,
      delegateOption: 0,
      closeAuthorityOption: 0,
    });
  });
});

describe('bond', () => {
  it('puts the network’s bond into the vault and holds from the next epoch on', () => {
    const network = rich();
    expect(money(network)).toEqual([RICH, 0n]);
    const { events } = doBond(network);
    const { address } = hotspotState(network, a);
    expect(events).toEqual([
      { name: 'HotspotBonded', network: network.address, hotspot: address, amount: BOND, fromEpoch: 2n },
    ]);
    expect(money(network)).toEqual([RICH - BOND, BOND]);
    expect(hotspotState(network, a)).toMatchObject({
      bond: BOND,
      tier: { current: 'open', next: 'bonded', nextFrom: 2n },
    });
    expect(tiers(network, [0n, 1n, 2n, 99n])).toEqual(['open', 'open', 'bonded', 'bonded']);
    expect([supplyOf(network), totalClaimed(network)]).toEqual([RICH, RICH]);
  });

  it('is for the owner only, once', () => {
    const network = rich();
    openTokenAccount(network, stranger.publicKey);
    expect(doBond(network, a, stranger).error).toBe('NotTheOwner');
    expect([doBond(network).error, doBond(network).error]).toEqual([null, 'AlreadyBonded']);
    expect(money(network)).toEqual([RICH - BOND, BOND]);
  });

  it('is refused in a network whose bond is zero', () => {
    expect(doBond(rich({ bond: 0n })).error).toBe('NoBondedTier');
  });

  it('needs the tokens, in the owner’s own associated account', () => {
    const network = rich();
    const burn = (amount: bigint): void => {
      const [from, mint] = [
        tokenAccountAddress(network.address, owner.publicKey),
        mintAddress(network.address),
      ];
      chain.land([createBurnInstruction(from, mint, owner.publicKey, amount)], [owner]);
    };
    burn(RICH - BOND + 1n);
    expect(doBond(network).error).toBe('BondNotCovered');
    const poor = createTestNetwork(chain, `network ${networks++}`, { bond: BOND });
    register(poor, { hotspot: a, owner });
    expect(doBond(poor).error).toBe('BondNotCovered');

    const given = rich();
    const account = tokenAccountAddress(given.address, owner.publicKey);
    chain.land(
      [
        createSetAuthorityInstruction(
          account,
          owner.publicKey,
          AuthorityType.AccountOwner,
          stranger.publicKey,
        ),
      ],
      [owner],
    );
    expect(doBond(given).error).toBe('WrongSource');
    expect(vaultOf(given)).toBe(0n);
  });

  it('of exactly the whole balance is taken', () => {
    const network = rich({ bond: RICH });
    expect(doBond(network).error).toBeNull();
    expect(money(network)).toEqual([0n, RICH]);
  });

  it('does not overwrite a tier that an epoch still reads', () => {
    const network = rich();
    expect(doBond(network).error).toBeNull();
    chain.setTime(epochEnd(network, 1n));
    expect(doUnbond(network).error).toBe('RegistryBusy');
    expect(tiers(network, [1n, 2n])).toEqual(['open', 'bonded']);
    settle(network, 1n, [leaf(a, RICH)]);
    expect(doUnbond(network).error).toBeNull();
    expect(tiers(network, [2n, 3n])).toEqual(['bonded', 'open']);
    chain.setTime(epochEnd(network, 2n));
    expect(doBond(network).error).toBe('RegistryBusy');
    expect(money(network)).toEqual([RICH - BOND, BOND]);
  });
});

describe('an endorsed hotspot', () => {
  it('may bond, and is endorsed again without the bond, by the same maker', () => {
    const network = createTestNetwork(chain, `network ${networks++}`, { bond: BOND });
    register(network, { hotspot: a, owner });
    openTokenAccount(network, owner.publicKey);
    const list = new MerkleTree([leafHash(endorsedEntry(a.key))]);
    const maker = namedKeypair('maker');
    const { address, creator } = network;
    chain.land(
      [
        approveMaker({
          authority: creator.publicKey,
          network: address,
          key: maker.publicKey,
          approved: true,
        }),
        setEndorsedRoot({ maker: maker.publicKey, network: address, root: hexHash(list.root), count: 1 }),
      ],
      [creator, maker],
    );
    const endorse = (): string | null =>
      chain.send([
        endorseHotspot({ network: address, maker: maker.publicKey, key: a.key, index: 0, proof: [] }),
      ]).error;
    const { tree } = settle(network, 0n, [leaf(a, RICH)]);
    chain.land([claimOf(network, a, { tree, destination: owner.publicKey })]);

    // Bonded first, endorsed then: it stays bonded, and falls back to endorsed.
    expect([doBond(network).error, endorse()]).toEqual([null, null]);
    const { maker: endorser } = hotspotState(network, a);
    expect(endorser).not.toBeNull();
    settle(network, 1n, [leaf(a, RICH)]);
    expect(doUnbond(network).error).toBeNull();
    expect(tiers(network, [2n, 3n])).toEqual(['bonded', 'endorsed']);
    expect(hotspotState(network, a).maker).toEqual(endorser);

    // Endorsed, then bonded.
    settle(network, 2n, [leaf(a, RICH)]);
    expect(doBond(network).error).toBeNull();
    expect(tiers(network, [3n, 4n])).toEqual(['endorsed', 'bonded']);
    expect(endorse()).toBe('AlreadyEndorsed');
    settle(network, 3n, [leaf(a, RICH)]);
    expect(doUnbond(network).error).toBeNull();
    expect(tiers(network, [4n, 5n])).toEqual(['bonded', 'endorsed']);
    expect(hotspotState(network, a).maker).toEqual(endorser);
  });
});

describe('unbond', () => {
  it('is for the owner only, and for what is bonded', () => {
    const network = rich();
    expect(doUnbond(network).error).toBe('NotBonded');
    expect(doBond(network).error).toBeNull();
    expect(doUnbond(network, a, stranger).error).toBe('NotTheOwner');
    expect([doUnbond(network).error, doUnbond(network).error]).toEqual([null, 'NotBonded']);
  });

  it.each([
    [0, 0],
    [0, 10],
    [2, 0],
    [3, 1_000],
  ])(
    'frees the bond after the holdback of %i epochs, one more epoch and %i s of timelock, not a second before',
    (holdbackEpochs, timelockS) => {
      const network = rich({ holdbackEpochs, timelockS });
      const first = BigInt(holdbackEpochs);
      expect(doBond(network).error).toBeNull();
      settle(network, first + 1n, [leaf(a, RICH)]);
      // The clock is in the epoch after; the tier falls from the one after that on.
      const from = first + 3n;
      const freeAt = START + (from + first + 1n) * EPOCH_S + BigInt(timelockS);
      expect(doUnbond(network).events).toMatchObject([
        { name: 'HotspotUnbonded', amount: BOND, fromEpoch: from, freeAt },
      ]);
      expect(hotspotState(network, a)).toMatchObject({ bond: 0n, unbonding: BOND, unbondedAt: freeAt });
      expect(money(network)).toEqual([RICH - BOND, BOND]);
      chain.setTime(freeAt - 1n);
      expect(withdraw(network).error).toBe('BondNotFree');
      chain.setTime(freeAt);
      expect(withdraw(network).events).toMatchObject([
        { name: 'BondWithdrawn', owner: owner.publicKey, amount: BOND },
      ]);
      expect(money(network)).toEqual([RICH, 0n]);
      expect(hotspotState(network, a)).toMatchObject({ bond: 0n, unbonding: 0n, unbondedAt: 0n });
    },
  );

  it('while another bond waits makes both wait for the later time', () => {
    const network = rich();
    expect([doBond(network).error, doUnbond(network).error]).toEqual([null, null]);
    const { unbondedAt: early } = hotspotState(network, a);
    settle(network, 1n, [leaf(a, RICH)]);
    expect([doBond(network).error, doUnbond(network).error]).toEqual([null, null]);
    const { unbondedAt: late, unbonding } = hotspotState(network, a);
    expect([late - early, unbonding]).toEqual([EPOCH_S, 2n * BOND]);
    expect(money(network)).toEqual([RICH - 2n * BOND, 2n * BOND]);
    chain.setTime(early);
    expect(withdraw(network).error).toBe('BondNotFree');
    chain.setTime(late);
    expect(withdraw(network).error).toBeNull();
    expect(money(network)).toEqual([RICH, 0n]);
  });
});

describe('withdraw_bond', () => {
  const unbonding = (): TestNetwork => {
    const network = rich();
    for (const { error } of [doBond(network), doUnbond(network), doBond(network, b)])
      expect(error).toBeNull();
    chain.setTime(hotspotState(network, a).unbondedAt);
    return network;
  };

  it('pays once, whoever asks, and never what another hotspot has in the vault', () => {
    const network = unbonding();
    expect([withdraw(network).error, withdraw(network).error]).toEqual([null, 'NothingUnbonding']);
    expect(withdraw(network, owner.publicKey, b).error).toBe('NothingUnbonding');
    expect([vaultOf(network), hotspotState(network, b).bond]).toEqual([BOND, BOND]);
  });

  it('pays the owner’s associated token account only, which must exist', () => {
    const network = unbonding();
    openTokenAccount(network, stranger.publicKey);
    expect(withdraw(network, stranger.publicKey).error).toBe('WrongDestination');
    const account = tokenAccountAddress(network.address, owner.publicKey);
    const held = chain.account(account);
    if (held === null) throw new Error('the owner has no token account');
    chain.setAccount(account, { ...held, data: new Uint8Array(), owner: namedKeypair('nobody').publicKey });
    expect(withdraw(network).error).toBe('DestinationMissing');
    chain.setAccount(account, held);
    expect(withdraw(network).error).toBeNull();
  });
});
