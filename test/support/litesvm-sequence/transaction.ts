import type { PublicKey, Keypair, TransactionInstruction } from '@solana/web3.js';
import {
  acceptAuthority,
  applyMotion,
  applyOracles,
  approveMaker,
  assertLocation,
  attest,
  bond,
  buyCredits,
  claim,
  closeMotion,
  createPayee,
  decodeHotspot,
  endorseHotspot,
  finalize,
  move,
  proposeOracles,
  proposePolicy,
  registerHotspot,
  registerMessage,
  setDestination,
  setGuardian,
  transferAuthority,
  transferHotspot,
  unbond,
  veto,
  withdrawBond,
  withdrawCredits,
  type MotionName,
} from '#client';
import { tupleHash } from '#protocol/settle/tuple';
import { epochNumber } from '#protocol/units';
import { EVIDENCE, motionAbout } from '../litesvm-motion.ts';
import { LOCATION, leaf, subjectOf, type TestNetwork } from '../litesvm-network.ts';
import { at, hotspots, list, maker, owners, payees, people } from './actors.ts';
import { priceOf } from './credits-model.ts';
import type { ModelMotionName } from './hotspot-model.ts';
import type { Attempt } from './network-model.ts';
import type { SuccessionAttempt } from './succession-model.ts';

interface Built {
  readonly instructions: readonly TransactionInstruction[];
  readonly signers: readonly Keypair[];
}

const only = (instruction: TransactionInstruction, ...signers: Keypair[]): Built => ({
  instructions: [instruction],
  signers,
});

/** The motion that the model's name means on chain. */
export function motionOf(network: TestNetwork, name: ModelMotionName): MotionName {
  const { kind, nonce, evidence } = name;
  return motionAbout(network, at(hotspots, name.hotspot), {
    kind,
    nonce,
    evidence: { ...EVIDENCE, index: evidence },
  });
}

/** What is sent for an attempt. */
export function transactionOf(network: TestNetwork, attempt: Attempt): Built {
  const { address, chain } = network;
  const owned = (of: { readonly hotspot: number; readonly owner: number }) => ({
    owner: at(owners, of.owner).publicKey,
    network: address,
    key: at(hotspots, of.hotspot).key,
  });
  switch (attempt.type) {
    case 'register':
      return registration(network, attempt);
    case 'assert': {
      const location = { ...LOCATION, gain: attempt.gain };
      return only(assertLocation({ ...owned(attempt), location }), at(owners, attempt.owner));
    }
    case 'set destination': {
      const to = attempt.destination;
      const destination = to === null ? null : at(owners, to).publicKey;
      return only(setDestination({ ...owned(attempt), destination }), at(owners, attempt.owner));
    }
    case 'transfer': {
      const to = at(owners, attempt.to).publicKey;
      return only(transferHotspot({ ...owned(attempt), to }), at(owners, attempt.owner));
    }
    case 'bond':
      return only(bond(owned(attempt)), at(owners, attempt.owner));
    case 'unbond':
      return only(unbond(owned(attempt)), at(owners, attempt.owner));
    case 'withdraw': {
      const { key } = at(hotspots, attempt.hotspot);
      const owner = accountOf(network, attempt.hotspot)?.owner ?? at(owners, 0).publicKey;
      return only(withdrawBond({ owner, network: address, key }));
    }
    case 'approve': {
      const [by, { approved }] = [at(people, attempt.by), attempt];
      return only(
        approveMaker({ authority: by.publicKey, network: address, key: maker.publicKey, approved }),
        by,
      );
    }
    case 'endorse': {
      const { hotspot: index } = attempt;
      const { key } = at(hotspots, index);
      const proof = list.inclusionProof(index);
      return only(endorseHotspot({ network: address, maker: maker.publicKey, key, index, proof }));
    }
    case 'propose': {
      const policy = { hash: attempt.policyHash, creditPrice: priceOf(attempt.policyHash) };
      const [by, firstEpoch] = [at(people, attempt.by), epochNumber(attempt.firstEpoch)];
      return only(proposePolicy({ authority: by.publicKey, network: address, policy, firstEpoch }), by);
    }
    case 'buy credits': {
      const [by, { credits, maxTokens }] = [at(owners, attempt.owner), attempt];
      return only(buyCredits({ owner: by.publicKey, network: address, credits, maxTokens }), by);
    }
    case 'withdraw credits': {
      const by = at(owners, attempt.owner);
      return only(withdrawCredits({ owner: by.publicKey, network: address, credits: attempt.credits }), by);
    }
    case 'settle credits':
      return only(attempt.tree.settlementOf(at(owners, attempt.owner).publicKey));
    case 'propose oracles':
    case 'apply oracles':
    case 'transfer authority':
    case 'accept authority':
    case 'set guardian':
      return succeeding(address, attempt);
    case 'create payee': {
      const payer = chain.payer.publicKey;
      return only(createPayee({ payer, network: address, address: at(payees, attempt.payee) }));
    }
    case 'attest': {
      const oracle = at(people, attempt.oracle);
      return only(attest({ oracle: oracle.publicKey, tuple: attempt.tuple }), oracle);
    }
    case 'veto': {
      const [by, { epoch }] = [at(people, attempt.by), attempt.tuple];
      const against = { network: address, epoch, tupleHash: tupleHash(attempt.tuple) };
      return only(veto({ vetoer: by.publicKey, ...against }), by);
    }
    case 'finalize':
      return only(finalize({ tuple: attempt.tuple }));
    case 'claim':
      return only(claiming(network, attempt));
    case 'move': {
      const oracle = at(people, attempt.oracle);
      return only(move({ oracle: oracle.publicKey, motion: motionOf(network, attempt.motion) }), oracle);
    }
    case 'apply':
      return only(applyMotion(motionOf(network, attempt.motion)));
    case 'close': {
      const openedBy = at(people, attempt.openedBy).publicKey;
      return only(closeMotion({ ...motionOf(network, attempt.motion), openedBy }));
    }
  }
}

const succeeding = (network: PublicKey, attempt: SuccessionAttempt): Built => {
  if (attempt.type === 'apply oracles') return only(applyOracles(network));
  const by = at(people, attempt.by);
  const authority = by.publicKey;
  const keyOf = (person: number | null): PublicKey | null =>
    person === null ? null : at(people, person).publicKey;
  switch (attempt.type) {
    case 'propose oracles': {
      const { k, members } = attempt.set;
      const oracles = members.map((member) => at(people, member).publicKey);
      return only(proposeOracles({ authority, network, k, oracles }), by);
    }
    case 'transfer authority':
      return only(transferAuthority({ authority, network, to: keyOf(attempt.to) }), by);
    case 'accept authority':
      return only(acceptAuthority({ pendingAuthority: by.publicKey, network }), by);
    case 'set guardian':
      return only(setGuardian({ authority, network, guardian: keyOf(attempt.guardian) }), by);
  }
};

const registration = (
  { address: network, chain }: TestNetwork,
  attempt: Attempt & { type: 'register' },
): Built => {
  const { key, sign } = at(hotspots, attempt.hotspot);
  const [owner, boundTo] = [at(owners, attempt.owner), at(owners, attempt.boundTo)];
  // The builder checks the signature against the message that it builds: another owner's is put in afterwards.
  const build = (by: PublicKey): TransactionInstruction[] =>
    registerHotspot({
      payer: chain.payer.publicKey,
      owner: by,
      network,
      key,
      signature: sign(registerMessage({ owner: by, gateway: key, network })),
      location: { ...LOCATION, gain: 0 },
    });
  const [precompile] = build(boundTo.publicKey);
  const [, register] = build(owner.publicKey);
  return {
    instructions: [precompile, register].filter((instruction) => instruction !== undefined),
    signers: [owner],
  };
};

const claiming = (network: TestNetwork, attempt: Attempt & { type: 'claim' }): TransactionInstruction => {
  const { kind, number } = attempt.subject;
  const of = kind === 'hotspot' ? at(hotspots, number) : at(payees, number);
  const found = attempt.tree.prove(leaf(of, 0n).key);
  const paid = kind === 'payee' ? at(payees, number) : accountOf(network, number)?.destination;
  return claim({
    network: network.address,
    subject: subjectOf(network, of),
    destination: paid ?? at(owners, 0).publicKey,
    cumulative: BigInt.asUintN(64, (attempt.cumulative ?? 0n) + attempt.more),
    index: found?.index ?? 0,
    proof: found?.proof ?? [],
  });
};

const accountOf = (network: TestNetwork, hotspot: number) => {
  const address = subjectOf(network, at(hotspots, hotspot));
  const account = network.chain.account(address);
  return account === null ? null : decodeHotspot(address, account.data, 'mainnet');
};
