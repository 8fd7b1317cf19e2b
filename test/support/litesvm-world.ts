import { createTransferInstruction } from '@solana/spl-token';
import type { Keypair, PublicKey, TransactionInstruction } from '@solana/web3.js';
import {
  PROGRAM_ID,
  acceptAuthority,
  applyMotion,
  applyOracles,
  approveMaker,
  assertLocation,
  attest,
  bond,
  buyCredits,
  closeMotion,
  createNetwork,
  createPayee,
  endorseHotspot,
  endorsedEntry,
  finalize,
  move,
  proposeOracles,
  proposePolicy,
  registerHotspot,
  registerMessage,
  setDestination,
  setEndorsedRoot,
  setGuardian,
  transferAuthority,
  transferHotspot,
  unbond,
  veto,
  tokenAccountAddress,
  withdrawBond,
  withdrawCredits,
  type MotionName,
} from '#client';
import { leafHash } from '#protocol/evidence/merkle';
import { MerkleTree } from '#protocol/evidence/proof';
import type { SettlementTree } from '#protocol/settle/tree';
import { tupleHash, type Tuple } from '#protocol/settle/tuple';
import { epochNumber, type Hash } from '#protocol/units';
import { creditsTree, type TestCreditsTree } from './litesvm-credits.ts';
import { namedHotspot, namedKeypair, type TestHotspot } from './litesvm-hotspot.ts';
import { EVIDENCE, carry, decide, motionAbout } from './litesvm-motion.ts';
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
 * Two networks in one state in which every instruction of the program is due: epochs 0 to 3 are final and partly
 * claimed, epoch 4 is ripe and its delay is over, an oracle set of the same oracles is in force by time, another authority may accept, a maker has a list with a hotspot that is not endorsed yet, one
 * hotspot is bonded, one has a free bond, one is bonded and accused by two oracles, and a motion about one is
 * overtaken. One owner has tokens for its first credits, one has credits, and one a withdrawal that is due.
 */
export interface World {
  readonly chain: LiteChain;
  readonly network: TestNetwork;
  readonly other: TestNetwork;
  readonly list: MerkleTree;
  readonly tree: SettlementTree;
  readonly ripe: Tuple;
  readonly credits: TestCreditsTree;
}

const BOND = 100n;
const LAST_FINAL = 3n;
const owner = namedKeypair('owner');
const maker = namedKeypair('maker');
/** Pays for new accounts; not the payer of the fees, who signs every transaction. */
const sponsor = namedKeypair('sponsor');
const claimant = namedHotspot('claimant', 'ed25519');
const listed = namedHotspot('listed', 'p256');
const sold = namedHotspot('sold', 'ed25519');
const bonded = namedHotspot('bonded', 'ed25519');
const unbonded = namedHotspot('unbonded', 'ed25519');
const accused = namedHotspot('accused', 'p256');
const judged = namedHotspot('judged', 'ed25519');
/** Owners of devices. */
const newcomer = namedKeypair('newcomer');
const saver = namedKeypair('saver');
const leaver = namedKeypair('leaver');
/** Credits of each purchase, a unit of the token each. */
const PURCHASE = 20n;
/** $1,000 per token. */
const CREDIT_PRICE = 100_000_000_000n;

export function openWorld(): World {
  const chain = openLiteChain();
  const other = createTestNetwork(chain, 'the other network', {
    bond: BOND,
    creditPrice: CREDIT_PRICE,
    creator: namedKeypair('the other creator'),
  });
  const network = createTestNetwork(chain, 'test network', { bond: BOND, creditPrice: CREDIT_PRICE });
  for (const { publicKey } of [sponsor, newcomer, saver, leaver, ...network.oracles])
    chain.fund(publicKey, 10_000_000_000n);
  const list = new MerkleTree([claimant, listed].map(({ key }) => leafHash(endorsedEntry(key))));
  for (const each of [other, network]) prepare(each, list);
  settleAndBond(other);
  const tree = settleAndBond(network);
  const credits = usedCredits(network);
  const next = LAST_FINAL + 1n;
  const ripe = tupleOf(
    network,
    next,
    treeOf(network, [leaf(claimant, 600n), leaf(listed, 1_000n)]),
    credits.pins,
  );
  chain.setTime(epochEnd(network, next));
  for (const oracle of [0, 1]) vote(network, ripe, oracle);
  chain.setTime(epochEnd(network, next) + BigInt(network.config.challengeDelayS));
  for (const each of [other, network]) accuse(each);
  return { chain, network, other, list, tree, ripe, credits };
}

const prepare = (network: TestNetwork, list: MerkleTree): void => {
  const { chain, address, creator } = network;
  for (const hotspot of [claimant, listed, sold, bonded, unbonded, accused, judged])
    register(network, { hotspot, owner });
  chain.land(
    [approveMaker({ authority: creator.publicKey, network: address, key: maker.publicKey, approved: true })],
    [creator],
  );
  chain.land([endorsedRoot(address, list)], [maker]);
  openTokenAccount(network, owner.publicKey);
  const keys = network.oracles.map(({ publicKey }) => publicKey);
  chain.land(
    [
      proposeOracles({ authority: creator.publicKey, network: address, k: network.config.k, oracles: keys }),
      transferAuthority({ authority: creator.publicKey, network: address, to: heirOf(network).publicKey }),
    ],
    [creator],
  );
};

/** Each network has its own. */
const heirOf = ({ address }: TestNetwork): Keypair => namedKeypair(`heir of ${address.toBase58()}`);

const endorsedRoot = (network: PublicKey, list: MerkleTree): TransactionInstruction =>
  setEndorsedRoot({ maker: maker.publicKey, network, root: hexHash(list.root), count: list.size });

const ofOwner = ({ address }: TestNetwork, { key }: TestHotspot) => ({
  owner: owner.publicKey,
  network: address,
  key,
});

/** Epochs 0 to 3 become final; the tokens of the first are bonded in the second, and partly unbonded in the third. */
const settleAndBond = (network: TestNetwork): SettlementTree => {
  const { chain } = network;
  const leaves = [leaf(claimant, 500n), leaf(listed, 1_000n)];
  const { tree } = settle(network, 0n, leaves);
  chain.land([claimOf(network, listed, { tree, destination: owner.publicKey })]);
  for (const of of [bonded, unbonded, accused]) chain.land([bond(ofOwner(network, of))], [owner]);
  fundBuyers(network);
  for (const buyer of [saver, leaver]) chain.land([purchase(network, buyer)], [buyer]);
  for (let epoch = 1n; epoch <= LAST_FINAL; epoch++) {
    settle(network, epoch, leaves, usedCredits(network).pins);
    if (epoch !== 1n) continue;
    chain.land([unbond(ofOwner(network, unbonded))], [owner]);
    chain.land([askBack(network, leaver)], [leaver]);
  }
  return tree;
};

/** Tokens for one purchase of each. */
const fundBuyers = (network: TestNetwork): void => {
  const { chain, address } = network;
  const from = tokenAccountAddress(address, owner.publicKey);
  for (const { publicKey } of [newcomer, saver, leaver]) {
    openTokenAccount(network, publicKey);
    const to = tokenAccountAddress(address, publicKey);
    chain.land([createTransferInstruction(from, to, owner.publicKey, PURCHASE)], [owner]);
  }
};

const purchase = ({ address: network }: TestNetwork, { publicKey }: Keypair): TransactionInstruction =>
  buyCredits({ owner: publicKey, network, credits: PURCHASE, maxTokens: PURCHASE });

const askBack = ({ address: network }: TestNetwork, { publicKey }: Keypair): TransactionInstruction =>
  withdrawCredits({ owner: publicKey, network, credits: 15n });

/** What the owners used in every final epoch. */
const usedCredits = (network: TestNetwork): TestCreditsTree =>
  creditsTree(
    network,
    [saver, leaver].map(({ publicKey }) => ({ owner: publicKey, total: 4n })),
  );

/** About a hotspot, while another one is applied. */
const overtaken = (network: TestNetwork): MotionName =>
  motionAbout(network, judged, { evidence: { ...EVIDENCE, index: 99n } });

const accuse = (network: TestNetwork): void => {
  for (const motion of [motionAbout(network, accused), overtaken(network)]) carry(network, motion);
  decide(network, motionAbout(network, judged));
};

/** Every instruction of the program, almost in the order of the IDL; registration once for each type of key. */
export function goodInstructions(world: World): readonly GoodInstruction[] {
  const { network, list, tree, ripe } = world;
  const credits = usedCredits(network);
  const address = network.address;
  const creator = network.creator;
  const heir = heirOf(network);
  const byHeir = { authority: heir.publicKey, network: address };
  const [first = creator, , third = creator] = network.oracles;
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
      assertLocation({ ...ofOwner(network, claimant), location: { ...LOCATION, gain: 60 } }),
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
    single('set_destination', setDestination({ ...ofOwner(network, sold), destination: sponsor.publicKey }), [
      owner,
    ]),
    single('transfer_hotspot', transferHotspot({ ...ofOwner(network, sold), to: sponsor.publicKey }), [
      owner,
    ]),
    single('bond', bond(ofOwner(network, claimant)), [owner]),
    single('unbond', unbond(ofOwner(network, bonded)), [owner]),
    single('withdraw_bond', withdrawBond(ofOwner(network, unbonded))),
    single(
      'propose_policy',
      proposePolicy({
        authority: creator.publicKey,
        network: address,
        policy: { hash: 'bb'.repeat(32) as Hash, creditPrice: 2_000n },
        firstEpoch: epochNumber(LAST_FINAL + 4n),
      }),
      [creator],
    ),
    single(
      'set_guardian',
      setGuardian({ authority: creator.publicKey, network: address, guardian: sponsor.publicKey }),
      [creator],
    ),
    single('attest', attest({ oracle: third.publicKey, tuple: ripe }), [third]),
    single(
      'veto',
      veto({
        vetoer: third.publicKey,
        network: address,
        epoch: ripe.epoch,
        tupleHash: tupleHash(ripe),
      }),
      [third],
    ),
    // Before finalize, which replaces the root that it proves.
    single('claim', claimOf(network, claimant, { tree, destination: owner.publicKey })),
    single('buy_credits', purchase(network, newcomer), [newcomer]),
    single('withdraw_credits', askBack(network, saver), [saver]),
    single('settle_credits', credits.settlementOf(leaver.publicKey)),
    single('finalize', finalize({ tuple: ripe })),
    single('move', move({ oracle: third.publicKey, motion: motionAbout(network, listed) }), [third]),
    single('apply_motion', applyMotion(motionAbout(network, accused))),
    single('close_motion', closeMotion({ ...overtaken(network), openedBy: first.publicKey })),
    // After finalize: nothing may be ripe.
    single('apply_oracles', applyOracles(address)),
    single(
      'propose_oracles',
      proposeOracles({
        authority: creator.publicKey,
        network: address,
        k: 2,
        oracles: [first, sponsor].map(({ publicKey }) => publicKey),
      }),
      [creator],
    ),
    single('accept_authority', acceptAuthority({ pendingAuthority: heir.publicKey, network: address }), [
      heir,
    ]),
    single('transfer_authority', transferAuthority({ ...byHeir, to: sponsor.publicKey }), [heir]),
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
