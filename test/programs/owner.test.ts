import { type Keypair, PublicKey, type TransactionInstruction } from '@solana/web3.js';
import { describe, expect, it } from 'vitest';
import { assertLocation, bond, setDestination, transferHotspot, unbond, withdrawBond } from '#client';
import { namedHotspot, namedKeypair } from '../support/litesvm-hotspot.ts';
import {
  EPOCH_S,
  LOCATION,
  balanceOf,
  claimOf,
  createTestNetwork,
  epochEnd,
  hotspotState,
  leaf,
  openTokenAccount,
  register,
  settle,
  type TestNetwork,
} from '../support/litesvm-network.ts';
import { openLiteChain } from '../support/litesvm.ts';

const BOND = 30n;

const chain = openLiteChain();
const [owner, buyer, stranger] = [namedKeypair('owner'), namedKeypair('buyer'), namedKeypair('stranger')];
const landlord = namedKeypair('landlord').publicKey;
const hotspot = namedHotspot('a hotspot', 'ed25519');
const { key } = hotspot;
let networks = 0;

/** A network with a registered hotspot, and token accounts for everybody. */
const fresh = (): TestNetwork => {
  const network = createTestNetwork(chain, `network ${networks++}`, { bond: BOND });
  register(network, { hotspot, owner });
  for (const who of [owner.publicKey, buyer.publicKey, landlord]) openTokenAccount(network, who);
  return network;
};
const errorOf = (instruction: TransactionInstruction, signer?: Keypair): string | null =>
  chain.send([instruction], signer === undefined ? [] : [signer]).error;
const redirect = (network: TestNetwork, by: Keypair, destination: PublicKey | null): string | null =>
  errorOf(setDestination({ owner: by.publicKey, network: network.address, key, destination }), by);
const transfer = (network: TestNetwork, by: Keypair, to: PublicKey): string | null =>
  errorOf(transferHotspot({ owner: by.publicKey, network: network.address, key, to }), by);

describe('set_destination', () => {
  it('redirects what is claimed from then on, and zero gives it back to the owner', () => {
    const network = fresh();
    const claimTo = (epoch: bigint, cumulative: bigint, destination: PublicKey): string | null => {
      const { tree } = settle(network, epoch, [leaf(hotspot, cumulative)]);
      return errorOf(claimOf(network, hotspot, { tree, destination }));
    };
    expect(redirect(network, owner, landlord)).toBeNull();
    expect(hotspotState(network, hotspot)).toMatchObject({ owner: owner.publicKey, destination: landlord });
    expect(claimTo(0n, 5n, owner.publicKey)).toBe('WrongDestination');
    expect(claimTo(1n, 7n, landlord)).toBeNull();
    expect(redirect(network, owner, null)).toBeNull();
    expect(claimTo(2n, 10n, owner.publicKey)).toBeNull();
    expect([balanceOf(network, landlord), balanceOf(network, owner.publicKey)]).toEqual([7n, 3n]);
  });

  it('is for the owner only, who the destination is not', () => {
    const network = fresh();
    expect(redirect(network, stranger, stranger.publicKey)).toBe('NotTheOwner');
    expect(redirect(network, owner, buyer.publicKey)).toBeNull();
    expect(redirect(network, buyer, null)).toBe('NotTheOwner');
  });

  it('says what it did', () => {
    const network = fresh();
    const set = (destination: PublicKey | null) =>
      chain.land(
        [setDestination({ owner: owner.publicKey, network: network.address, key, destination })],
        [owner],
      ).events;
    const { address } = hotspotState(network, hotspot);
    const common = { name: 'DestinationSet', network: network.address, hotspot: address };
    expect(set(landlord)).toEqual([{ ...common, destination: landlord }]);
    expect(set(null)).toEqual([{ ...common, destination: null }]);
  });
});

describe('transfer_hotspot', () => {
  it('is for the owner only, and never to the zero address', () => {
    const network = fresh();
    expect(transfer(network, stranger, stranger.publicKey)).toBe('NotTheOwner');
    expect(transfer(network, owner, PublicKey.default)).toBe('InvalidOwner');
    expect(hotspotState(network, hotspot).owner).toEqual(owner.publicKey);
  });

  it('gives every right to the new owner and leaves none to the old one', () => {
    const network = fresh();
    const { address } = hotspotState(network, hotspot);
    const outcome = chain.land(
      [
        transferHotspot({
          owner: owner.publicKey,
          network: network.address,
          key,
          to: buyer.publicKey,
        }),
      ],
      [owner],
    );
    expect(outcome.events).toEqual([
      {
        name: 'HotspotTransferred',
        network: network.address,
        hotspot: address,
        from: owner.publicKey,
        to: buyer.publicKey,
      },
    ]);
    const attempts = (by: Keypair) => {
      const named = { owner: by.publicKey, network: network.address, key };
      return [
        errorOf(assertLocation({ ...named, location: LOCATION }), by),
        errorOf(setDestination({ ...named, destination: null }), by),
        errorOf(bond(named), by),
        errorOf(unbond(named), by),
      ];
    };
    expect(attempts(owner)).toEqual(Array(4).fill('NotTheOwner'));
    expect(transfer(network, owner, owner.publicKey)).toBe('NotTheOwner');
    expect(attempts(buyer)).toEqual([null, null, 'BondNotCovered', 'NotBonded']);
    expect(transfer(network, buyer, owner.publicKey)).toBeNull();
  });

  it('clears the destination, so that what is unclaimed goes to the new owner', () => {
    const network = fresh();
    redirect(network, owner, landlord);
    const { tree } = settle(network, 0n, [leaf(hotspot, 40n)]);
    expect(transfer(network, owner, buyer.publicKey)).toBeNull();
    expect(hotspotState(network, hotspot).destination).toEqual(buyer.publicKey);
    for (const destination of [landlord, owner.publicKey])
      expect(errorOf(claimOf(network, hotspot, { tree, destination }))).toBe('WrongDestination');
    expect(errorOf(claimOf(network, hotspot, { tree, destination: buyer.publicKey }))).toBeNull();
    expect(balanceOf(network, buyer.publicKey)).toBe(40n);
  });

  it('takes the bond along, the part that was asked back too', () => {
    const network = fresh();
    const named = { network: network.address, key };
    const { tree } = settle(network, 0n, [leaf(hotspot, 2n * BOND)]);
    chain.land([claimOf(network, hotspot, { tree, destination: owner.publicKey })]);
    const toggle = (build: typeof bond): string | null =>
      errorOf(build({ ...named, owner: owner.publicKey }), owner);
    expect([toggle(bond), toggle(unbond), toggle(bond)]).toEqual([null, null, null]);
    const before = hotspotState(network, hotspot);
    expect([before.bond, before.unbonding]).toEqual([BOND, BOND]);
    expect(transfer(network, owner, buyer.publicKey)).toBeNull();
    const { bond: held, unbonding, unbondedAt, tier } = hotspotState(network, hotspot);
    expect({ bond: held, unbonding, unbondedAt, tier }).toEqual({
      bond: before.bond,
      unbonding: before.unbonding,
      unbondedAt: before.unbondedAt,
      tier: before.tier,
    });
    chain.setTime(unbondedAt);
    expect(errorOf(withdrawBond({ ...named, owner: owner.publicKey }))).toBe('WrongDestination');
    expect(errorOf(withdrawBond({ ...named, owner: buyer.publicKey }))).toBeNull();
    expect([balanceOf(network, owner.publicKey), balanceOf(network, buyer.publicKey)]).toEqual([0n, BOND]);
  });

  it('changes nothing that oracles read: the buyer’s hotspot earns as before, and bonded', () => {
    const network = fresh();
    const { tree } = settle(network, 0n, [leaf(hotspot, BOND)]);
    chain.land([claimOf(network, hotspot, { tree, destination: owner.publicKey })]);
    chain.land([bond({ owner: owner.publicKey, network: network.address, key })], [owner]);
    const facts = () => {
      const { status, tier, location, registeredAt, key: of } = hotspotState(network, hotspot);
      return { status, tier, location, registeredAt, of };
    };
    const before = facts();
    expect(transfer(network, owner, buyer.publicKey)).toBeNull();
    expect(facts()).toEqual(before);
    settle(network, 1n, [leaf(hotspot, BOND)]);
    const { tree: later } = settle(network, 2n, [leaf(hotspot, BOND + 9n)]);
    expect(facts().tier).toEqual({ current: 'open', next: 'bonded', nextFrom: 2n });
    chain.setTime(epochEnd(network, 2n) + EPOCH_S / 2n);
    chain.land([claimOf(network, hotspot, { tree: later, destination: buyer.publicKey })]);
    expect(balanceOf(network, buyer.publicKey)).toBe(9n);
  });
});
