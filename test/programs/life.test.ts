import type { PublicKey } from '@solana/web3.js';
import { describe, expect, it } from 'vitest';
import {
  approveMaker,
  assertLocation,
  createPayee,
  decodeHotspot,
  endorseHotspot,
  endorsedEntry,
  hotspotAddress,
  setEndorsedRoot,
  type CoverageEvent,
  type Hotspot,
} from '#client';
import { leafHash } from '#protocol/evidence/merkle';
import { MerkleTree } from '#protocol/evidence/proof';
import type { Leaf } from '#protocol/settle/leaf';
import type { Cell } from '#protocol/units';
import { namedHotspot, namedKeypair, type TestHotspot } from '../support/litesvm-hotspot.ts';
import {
  EMISSION,
  LOCATION,
  START,
  balanceOf,
  claimOf,
  createTestNetwork,
  hexHash,
  leaf,
  networkState,
  openTokenAccount,
  register,
  settle,
  supplyOf,
  totalClaimed,
  treeOf,
} from '../support/litesvm-network.ts';
import { openLiteChain } from '../support/litesvm.ts';

describe('the whole life of a network', () => {
  const chain = openLiteChain();
  const network = createTestNetwork(chain);
  const owner = namedKeypair('owner');
  const operations = network.config.operations;
  const [ed, ecc] = [namedHotspot('a hotspot', 'ed25519'), namedHotspot('another hotspot', 'p256')];
  const hotspot = (of: TestHotspot): Hotspot => {
    const address = hotspotAddress(network.address, of.key);
    return decodeHotspot(address, chain.account(address)?.data ?? new Uint8Array(), 'mainnet');
  };

  it('begins with what its creator said', () => {
    expect(networkState(network)).toMatchObject({
      name: 'test network',
      keyNetwork: 'mainnet',
      authority: network.creator.publicKey,
      baseEmission: EMISSION,
      oracles: { generation: 1, k: 2, keys: network.oracles.map(({ publicKey }) => publicKey) },
      policy: { hash: network.config.policyHash, creditPrice: 1_000n },
      pendingAuthority: null,
      pendingOracles: null,
      pendingPolicy: null,
      latest: null,
    });
  });

  it('registers hotspots of both key types by their own signatures', () => {
    const outcomes = [ed, ecc].map((of) => register(network, { hotspot: of, owner }));
    expect(outcomes.map(({ error }) => error)).toEqual([null, null]);
    expect(outcomes[0]?.events[0]).toMatchObject({
      name: 'HotspotRegistered',
      owner: owner.publicKey,
      location: LOCATION,
    });
    expect([hotspot(ed).key, hotspot(ecc).key]).toEqual([ed.key, ecc.key]);
    expect(hotspot(ecc)).toMatchObject({
      owner: owner.publicKey,
      destination: owner.publicKey,
      maker: null,
      status: { current: 'active', next: 'active', nextFrom: 0n },
      tier: { current: 'open', next: 'open', nextFrom: 0n },
      location: { current: LOCATION, next: LOCATION, nextFrom: 0n },
      registeredAt: Number(START - 3600n),
    });
  });

  it('takes a location before epoch 0 at once and afterwards from the next epoch on', () => {
    const assert = (gain: number) =>
      chain.land(
        [
          assertLocation({
            owner: owner.publicKey,
            network: network.address,
            key: ed.key,
            location: { ...LOCATION, gain },
          }),
        ],
        [owner],
      );
    assert(20);
    expect(hotspot(ed).location).toMatchObject({ current: { gain: 20 }, next: { gain: 20 }, nextFrom: 0n });
    chain.setTime(START);
    const { events } = assert(30);
    expect(events).toMatchObject([{ name: 'LocationAsserted', fromEpoch: 1n, location: { gain: 30 } }]);
    expect(hotspot(ed).location).toMatchObject({ current: { gain: 20 }, next: { gain: 30 }, nextFrom: 1n });
  });

  it('raises a hotspot to endorsed by a proof of its key in an approved maker’s list', () => {
    const maker = namedKeypair('maker');
    const listed = [ecc, ed, namedHotspot('a third', 'ed25519')];
    const list = new MerkleTree(listed.map(({ key }) => leafHash(endorsedEntry(key))));
    const { creator, address } = network;
    chain.land(
      [
        approveMaker({
          authority: creator.publicKey,
          network: address,
          key: maker.publicKey,
          approved: true,
        }),
      ],
      [creator],
    );
    chain.land(
      [
        setEndorsedRoot({
          maker: maker.publicKey,
          network: address,
          root: hexHash(list.root),
          count: list.size,
        }),
      ],
      [maker],
    );
    chain.land([
      endorseHotspot({
        network: address,
        maker: maker.publicKey,
        key: ecc.key,
        index: 0,
        proof: list.inclusionProof(0),
      }),
    ]);
    expect(hotspot(ecc).tier).toEqual({ current: 'open', next: 'endorsed', nextFrom: 1n });
    expect(hotspot(ed).tier.next).toBe('open');
  });

  it('pays a first epoch to hotspots and a payee, whoever sends the claims', () => {
    const leaves = [leaf(ed, 400n), leaf(ecc, 250n), leaf(operations, 350n)];
    const { tree, hash } = settle(network, 0n, leaves);
    const latest = networkState(network).latest;
    expect(latest).toMatchObject({
      epoch: 0n,
      tupleHash: hash,
      root: tree.root,
      leafCount: 3,
      cumulativeTotal: 1_000n,
      voters: network.oracles.slice(0, 2).map(({ publicKey }) => publicKey),
    });
    chain.land([
      createPayee({ payer: chain.payer.publicKey, network: network.address, address: operations }),
    ]);
    openTokenAccount(network, owner.publicKey);
    openTokenAccount(network, operations);
    const paid = [ed, ecc, operations].map((of) => claimed(of, leaves));
    expect(paid).toMatchObject([
      [{ name: 'Claimed', amount: 400n, cumulative: 400n }],
      [{ name: 'Claimed', amount: 250n }],
      [{ name: 'Claimed', amount: 350n }],
    ]);
    expect(balanceOf(network, owner.publicKey)).toBe(650n);
    expect(balanceOf(network, operations)).toBe(350n);
    expect(hotspot(ed).claimed).toBe(400n);
  });

  it('pays only the difference after a second epoch, and nothing twice', () => {
    const leaves = [leaf(ed, 900n), leaf(ecc, 250n), leaf(operations, 350n)];
    settle(network, 1n, leaves);
    for (const expected of [500n, 0n])
      expect(claimed(ed, leaves)).toMatchObject([{ name: 'Claimed', amount: expected }]);
    expect(claimed(ecc, leaves)).toMatchObject([{ name: 'Claimed', amount: 0n }]);
    expect(balanceOf(network, owner.publicKey)).toBe(1_150n);
    expect([supplyOf(network), totalClaimed(network)]).toEqual([1_500n, 1_500n]);
  });

  it('pays nothing more for a smaller leaf of the latest root', () => {
    // Oracles that let a leaf fall can only under-pay.
    const leaves = [leaf(ed, 899n), leaf(ecc, 252n), leaf(operations, 350n)];
    settle(network, 2n, leaves);
    expect(claimed(ed, leaves)).toMatchObject([{ name: 'Claimed', amount: 0n, cumulative: 899n }]);
    expect(hotspot(ed).claimed).toBe(900n);
  });

  it('skips epochs, and pays what their emissions allow', () => {
    const growth = 7n * EMISSION;
    const leaves = [leaf(ed, 900n + growth - 1n), leaf(ecc, 252n), leaf(operations, 350n)];
    settle(network, 9n, leaves);
    expect(claimed(ed, leaves)).toMatchObject([{ amount: growth - 1n }]);
    expect(supplyOf(network)).toBe(totalClaimed(network));
  });

  it('lets a location be changed again once the epochs that read the old one are final', () => {
    const location = { ...LOCATION, cell: 0x8c1f1d48b6519ffn as Cell };
    chain.setTime(START + 10n * 60n);
    chain.land(
      [assertLocation({ owner: owner.publicKey, network: network.address, key: ed.key, location })],
      [owner],
    );
    expect(hotspot(ed).location).toMatchObject({ current: { gain: 30 }, next: location, nextFrom: 11n });
  });

  const claimed = (of: TestHotspot | PublicKey, leaves: readonly Leaf[]): readonly CoverageEvent[] => {
    const tree = treeOf(network, leaves);
    const destination = 'key' in of ? owner.publicKey : of;
    return chain.land([claimOf(network, of, { tree, destination })]).events;
  };
});
