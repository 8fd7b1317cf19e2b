import type { Keypair, PublicKey, TransactionInstruction } from '@solana/web3.js';
import {
  PROGRAM_ID,
  approveMaker,
  assertLocation,
  attest,
  createNetwork,
  createPayee,
  endorseHotspot,
  endorsedEntry,
  finalize,
  registerHotspot,
  registerMessage,
  setEndorsedRoot,
} from '#client';
import { leafHash } from '#protocol/evidence/merkle';
import { MerkleTree } from '#protocol/evidence/proof';
import type { SettlementTree } from '#protocol/settle/tree';
import type { Tuple } from '#protocol/settle/tuple';
import { namedHotspot, namedKeypair } from './litesvm-hotspot.ts';
import {
  LOCATION,
  claimOf,
  createTestNetwork,
  epochEnd,
  hexHash,
  leaf,
  networkConfig,
  openTokenAccount,
  register,
  settle,
  treeOf,
  tupleOf,
  vote,
  type TestNetwork,
} from './litesvm-network.ts';
import { openLiteChain, type LiteChain } from './litesvm.ts';

/** An instruction that lands in the world as it is, with those before it that it needs. */
export interface GoodInstruction {
  readonly name: string;
  readonly before: readonly TransactionInstruction[];
  readonly instruction: TransactionInstruction;
  readonly signers: readonly Keypair[];
}

/**
 * Two networks in one state in which every instruction of the program is due: epoch 0 is final and partly claimed,
 * epoch 1 is ripe and its delay is over, a maker has a list with a hotspot that is not endorsed yet.
 */
export interface World {
  readonly chain: LiteChain;
  readonly network: TestNetwork;
  readonly other: TestNetwork;
  readonly list: MerkleTree;
  readonly tree: SettlementTree;
  readonly ripe: Tuple;
}

const owner = namedKeypair('owner');
const maker = namedKeypair('maker');
/** Pays for new accounts; not the payer of the fees, who signs every transaction. */
const sponsor = namedKeypair('sponsor');
const claimant = namedHotspot('claimant', 'ed25519');
const listed = namedHotspot('listed', 'p256');

export function openWorld(): World {
  const chain = openLiteChain();
  const other = createTestNetwork(chain, 'the other network');
  const network = createTestNetwork(chain);
  chain.fund(sponsor.publicKey, 10_000_000_000n);
  const list = new MerkleTree([claimant, listed].map(({ key }) => leafHash(endorsedEntry(key))));
  for (const each of [other, network]) prepare(each, list);
  const leaves = [leaf(claimant, 500n), leaf(listed, 300n)];
  const tree = settle(network, 0n, leaves).tree;
  settle(other, 0n, leaves);
  const ripe = tupleOf(network, 1n, treeOf(network, [leaf(claimant, 600n), leaf(listed, 300n)]));
  chain.setTime(epochEnd(network, 1n));
  for (const oracle of [0, 1]) vote(network, ripe, oracle);
  chain.setTime(epochEnd(network, 1n) + BigInt(network.config.challengeDelayS));
  return { chain, network, other, list, tree, ripe };
}

const prepare = (network: TestNetwork, list: MerkleTree): void => {
  const { chain, address, creator } = network;
  for (const hotspot of [claimant, listed]) register(network, { hotspot, owner });
  chain.land(
    [approveMaker({ authority: creator.publicKey, network: address, key: maker.publicKey, approved: true })],
    [creator],
  );
  chain.land([endorsedRoot(address, list)], [maker]);
  openTokenAccount(network, owner.publicKey);
};

const endorsedRoot = (network: PublicKey, list: MerkleTree): TransactionInstruction =>
  setEndorsedRoot({ maker: maker.publicKey, network, root: hexHash(list.root), count: list.size });

/** Every instruction of the program, in the order of the IDL; registration once for each type of key. */
export function goodInstructions(world: World): readonly GoodInstruction[] {
  const { network, list, tree, ripe } = world;
  const address = network.address;
  const creator = network.creator;
  const third = network.oracles[2] ?? creator;
  const single = (
    name: string,
    instruction: TransactionInstruction,
    signers: readonly Keypair[] = [],
  ): GoodInstruction => ({ name, before: [], instruction, signers });
  return [
    single(
      'create_network',
      createNetwork({ creator: creator.publicKey, name: 'one more', config: networkConfig() }),
      [creator],
    ),
    registration(world, 'ed25519'),
    registration(world, 'p256'),
    single(
      'assert_location',
      assertLocation({
        owner: owner.publicKey,
        network: address,
        key: claimant.key,
        location: { ...LOCATION, gain: 60 },
      }),
      [owner],
    ),
    single(
      'create_payee',
      createPayee({
        payer: sponsor.publicKey,
        network: address,
        address: namedKeypair('operations').publicKey,
      }),
      [sponsor],
    ),
    single(
      'approve_maker',
      approveMaker({
        authority: creator.publicKey,
        network: address,
        key: namedKeypair('new maker').publicKey,
        approved: true,
      }),
      [creator],
    ),
    single('set_endorsed_root', endorsedRoot(address, list), [maker]),
    single(
      'endorse_hotspot',
      endorseHotspot({
        network: address,
        maker: maker.publicKey,
        key: listed.key,
        index: 1,
        proof: list.inclusionProof(1),
      }),
    ),
    single('attest', attest({ oracle: third.publicKey, tuple: ripe }), [third]),
    // Before finalize, which replaces the root that it proves.
    single('claim', claimOf(network, claimant, { tree, destination: owner.publicKey })),
    single('finalize', finalize({ tuple: ripe })),
  ];
}

const registration = ({ network }: World, type: 'ed25519' | 'p256'): GoodInstruction => {
  const hotspot = namedHotspot(`new ${type} hotspot`, type);
  const message = registerMessage({
    owner: owner.publicKey,
    gateway: hotspot.key,
    network: network.address,
  });
  const instructions = registerHotspot({
    payer: sponsor.publicKey,
    owner: owner.publicKey,
    network: network.address,
    key: hotspot.key,
    signature: hotspot.sign(message),
    location: LOCATION,
  });
  const at = instructions.findIndex(({ programId }) => programId.equals(PROGRAM_ID));
  const instruction = instructions[at];
  if (instruction === undefined) throw new Error('registerHotspot builds no instruction of the program');
  return {
    name: 'register_hotspot',
    before: instructions.slice(0, at),
    instruction,
    signers: [sponsor, owner],
  };
};
