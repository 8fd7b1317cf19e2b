import { describe, expect, it } from 'vitest';
import {
  approveMaker,
  decodeHotspot,
  endorseHotspot,
  endorsedEntry,
  hotspotAddress,
  makerAddress,
  setEndorsedRoot,
} from '#client';
import { leafHash } from '#protocol/evidence/merkle';
import { MerkleTree } from '#protocol/evidence/proof';
import { namedHotspot, namedKeypair, type TestHotspot } from '../support/litesvm-hotspot.ts';
import { START, createTestNetwork, hexHash, register, settle } from '../support/litesvm-network.ts';
import { openLiteChain } from '../support/litesvm.ts';

const chain = openLiteChain();
const network = createTestNetwork(chain);
const { creator } = network;
const owner = namedKeypair('owner');
const stranger = namedKeypair('stranger');
const hotspots = Array.from({ length: 7 }, (_, n) =>
  namedHotspot(`hotspot ${n}`, n % 2 === 0 ? 'ed25519' : 'p256'),
);
for (const hotspot of hotspots) register(network, { hotspot, owner });
const hotspot = (n: number): TestHotspot => hotspots[n] ?? namedHotspot('none', 'ed25519');
const list = new MerkleTree(hotspots.map(({ key }) => leafHash(endorsedEntry(key))));

const approve = (name: string, approved = true, authority = creator): string | null =>
  chain.send(
    [
      approveMaker({
        authority: authority.publicKey,
        network: network.address,
        key: namedKeypair(name).publicKey,
        approved,
      }),
    ],
    [authority],
  ).error;
const publish = (name: string, tree = list): string | null =>
  chain.send(
    [
      setEndorsedRoot({
        maker: namedKeypair(name).publicKey,
        network: network.address,
        root: hexHash(tree.root),
        count: tree.size,
      }),
    ],
    [namedKeypair(name)],
  ).error;
const endorse = (
  name: string,
  of: TestHotspot,
  index: number,
  proof: readonly Uint8Array[] = list.inclusionProof(index),
): string | null =>
  chain.send([
    endorseHotspot({
      network: network.address,
      maker: namedKeypair(name).publicKey,
      key: of.key,
      index,
      proof,
    }),
  ]).error;
const tierOf = (of: TestHotspot) => {
  const address = hotspotAddress(network.address, of.key);
  const { tier, maker } = decodeHotspot(address, chain.account(address)?.data ?? new Uint8Array(), 'mainnet');
  return { ...tier, maker: maker?.toBase58() };
};
const approvedMaker = (name: string, tree = list): void => {
  expect([approve(name), publish(name, tree)]).toEqual([null, null]);
};

describe('a maker', () => {
  it('is approved by the authority only', () => {
    chain.fund(stranger.publicKey, 1_000_000_000n);
    expect(approve('self-made', true, stranger)).toBe('NotTheAuthority');
  });

  it('publishes a list by its own key, while it is approved', () => {
    approvedMaker('honest');
    const foreign = setEndorsedRoot({
      maker: namedKeypair('honest').publicKey,
      network: network.address,
      root: hexHash(list.root),
      count: list.size,
    });
    const keys = foreign.keys.map((key) => (key.isSigner ? { ...key, pubkey: stranger.publicKey } : key));
    foreign.keys = keys;
    expect(chain.send([foreign], [stranger]).error).toBe('NotTheMaker');
    expect([approve('honest', false), publish('honest')]).toEqual([null, 'MakerNotApproved']);
    expect([approve('honest'), publish('honest')]).toEqual([null, null]);
  });

  it('is approved with true or false and nothing else', () => {
    const instruction = approveMaker({
      authority: creator.publicKey,
      network: network.address,
      key: namedKeypair('odd').publicKey,
      approved: true,
    });
    instruction.data.writeUInt8(2, 8 + 32);
    expect(chain.send([instruction], [creator]).error).toBe('MalformedArguments');
  });

  it('cannot be approved at another maker’s account', () => {
    approvedMaker('first');
    const instruction = approveMaker({
      authority: creator.publicKey,
      network: network.address,
      key: namedKeypair('second').publicKey,
      approved: true,
    });
    instruction.keys = instruction.keys.map((key) =>
      key.pubkey.equals(makerAddress(network.address, namedKeypair('second').publicKey))
        ? { ...key, pubkey: makerAddress(network.address, namedKeypair('first').publicKey) }
        : key,
    );
    expect(chain.send([instruction], [creator]).error).toBe('WrongAddress');
  });
});

describe('an endorsement', () => {
  it('needs a proof of the hotspot’s key at its place in the list', () => {
    approvedMaker('maker');
    const proof = list.inclusionProof(3);
    const changed = proof.map((hash, at) => (at === 1 ? hash.map((byte) => byte ^ 1) : hash));
    const wrong: readonly (readonly [TestHotspot, number, readonly Uint8Array[]])[] = [
      [hotspot(2), 3, proof],
      [hotspot(3), 2, proof],
      [hotspot(3), 7, proof],
      [hotspot(3), 3, changed],
      [hotspot(3), 3, proof.slice(1)],
      [hotspot(3), 3, [...proof, proof[0] ?? new Uint8Array(32)]],
      [hotspot(3), 3, []],
    ];
    for (const [of, index, path] of wrong)
      expect(endorse('maker', of, index, path)).toBe('InvalidEndorsementProof');
    const tooLong = Array.from({ length: 21 }, () => new Uint8Array(32));
    expect(endorse('maker', hotspot(3), 3, tooLong)).toBe('ProofTooLong');
    expect(endorse('maker', hotspot(3), 3)).toBeNull();
  });

  it('needs an approved maker with a list', () => {
    expect(approve('silent')).toBeNull();
    expect(endorse('silent', hotspot(0), 0, [])).toBe('InvalidEndorsementProof');
    approvedMaker('dismissed');
    expect(approve('dismissed', false)).toBeNull();
    expect(endorse('dismissed', hotspot(0), 0)).toBe('MakerNotApproved');
  });

  it('before epoch 0 holds from epoch 0, and stays when the approval is taken back', () => {
    approvedMaker('early');
    expect(endorse('early', hotspot(0), 0)).toBeNull();
    expect(approve('early', false)).toBeNull();
    const maker = makerAddress(network.address, namedKeypair('early').publicKey).toBase58();
    expect(tierOf(hotspot(0))).toEqual({ current: 'endorsed', next: 'endorsed', nextFrom: 0n, maker });
  });

  it('holds from the next epoch on and is never taken over by another maker', () => {
    approvedMaker('late');
    approvedMaker('later');
    chain.setTime(START + 90n);
    expect(endorse('late', hotspot(1), 1)).toBeNull();
    const maker = makerAddress(network.address, namedKeypair('late').publicKey).toBase58();
    expect(tierOf(hotspot(1))).toEqual({ current: 'open', next: 'endorsed', nextFrom: 2n, maker });
    for (const name of ['late', 'later']) expect(endorse(name, hotspot(1), 1)).toBe('AlreadyEndorsed');
    settle(network, 5n, []);
    expect(endorse('later', hotspot(1), 1)).toBe('AlreadyEndorsed');
    expect(tierOf(hotspot(1)).maker).toBe(maker);
  });
});
