import { amount, epochNumber } from '#protocol/units';
import { locationOf } from './accounts/hotspot.ts';
import { evidenceOf } from './accounts/motion.ts';
import { finalizedOf, oracleSetOf, policyOf } from './accounts/network.ts';
import { MOTION_KINDS } from './address.ts';
import type { CoverageEvent } from './event.ts';
import { named, type Fields } from './fields.ts';
import { tupleOf } from './tuple.ts';

/** From what the coder read to the event, by the event's name. */
export const DECODERS: Readonly<Record<CoverageEvent['name'], (fields: Fields) => CoverageEvent>> = {
  NetworkCreated: (fields) => ({
    name: 'NetworkCreated',
    network: fields.address('network'),
    creator: fields.address('creator'),
    mint: fields.address('mint'),
  }),
  HotspotRegistered: (fields) => ({
    name: 'HotspotRegistered',
    network: fields.address('network'),
    hotspot: fields.address('hotspot'),
    keyType: fields.int('key_type'),
    keyBody: fields.bytes('key'),
    owner: fields.address('owner'),
    location: locationOf(fields.struct('location')),
  }),
  LocationAsserted: (fields) => ({
    name: 'LocationAsserted',
    network: fields.address('network'),
    hotspot: fields.address('hotspot'),
    location: locationOf(fields.struct('location')),
    fromEpoch: epochNumber(fields.u64('from_epoch')),
  }),
  PayeeCreated: (fields) => ({
    name: 'PayeeCreated',
    network: fields.address('network'),
    payee: fields.address('payee'),
    address: fields.address('address'),
  }),
  MakerApproved: (fields) => ({
    name: 'MakerApproved',
    network: fields.address('network'),
    maker: fields.address('maker'),
    key: fields.address('key'),
    approved: fields.bool('approved'),
  }),
  EndorsedRootSet: (fields) => ({
    name: 'EndorsedRootSet',
    network: fields.address('network'),
    maker: fields.address('maker'),
    root: fields.hash('root'),
    count: fields.int('count'),
  }),
  HotspotEndorsed: (fields) => ({
    name: 'HotspotEndorsed',
    network: fields.address('network'),
    hotspot: fields.address('hotspot'),
    maker: fields.address('maker'),
    fromEpoch: epochNumber(fields.u64('from_epoch')),
  }),
  DestinationSet: (fields) => ({
    name: 'DestinationSet',
    network: fields.address('network'),
    hotspot: fields.address('hotspot'),
    destination: fields.addressOrNone('destination'),
  }),
  HotspotTransferred: (fields) => ({
    name: 'HotspotTransferred',
    network: fields.address('network'),
    hotspot: fields.address('hotspot'),
    from: fields.address('from'),
    to: fields.address('to'),
  }),
  HotspotBonded: (fields) => ({
    name: 'HotspotBonded',
    network: fields.address('network'),
    hotspot: fields.address('hotspot'),
    amount: amount(fields.u64('amount')),
    fromEpoch: epochNumber(fields.u64('from_epoch')),
  }),
  HotspotUnbonded: (fields) => ({
    name: 'HotspotUnbonded',
    network: fields.address('network'),
    hotspot: fields.address('hotspot'),
    amount: amount(fields.u64('amount')),
    fromEpoch: epochNumber(fields.u64('from_epoch')),
    freeAt: fields.u64('free_at'),
  }),
  BondWithdrawn: (fields) => ({
    name: 'BondWithdrawn',
    network: fields.address('network'),
    hotspot: fields.address('hotspot'),
    owner: fields.address('owner'),
    amount: amount(fields.u64('amount')),
  }),
  PolicyProposed: (fields) => ({
    name: 'PolicyProposed',
    network: fields.address('network'),
    policy: policyOf(fields.struct('policy')),
    firstEpoch: epochNumber(fields.u64('first_epoch')),
  }),
  OraclesProposed: (fields) => ({
    name: 'OraclesProposed',
    network: fields.address('network'),
    oracles: oracleSetOf(fields.struct('oracles')),
    from: fields.u64('from'),
  }),
  OraclesApplied: (fields) => ({
    name: 'OraclesApplied',
    network: fields.address('network'),
    generation: fields.int('generation'),
  }),
  AuthorityProposed: (fields) => ({
    name: 'AuthorityProposed',
    network: fields.address('network'),
    authority: fields.addressOrNone('authority'),
    from: fields.u64('from'),
  }),
  AuthorityAccepted: (fields) => ({
    name: 'AuthorityAccepted',
    network: fields.address('network'),
    authority: fields.address('authority'),
  }),
  GuardianSet: (fields) => ({
    name: 'GuardianSet',
    network: fields.address('network'),
    guardian: fields.addressOrNone('guardian'),
    from: fields.u64('from'),
  }),
  Attested: (fields) => ({
    name: 'Attested',
    oracle: fields.address('oracle'),
    tuple: tupleOf(fields.struct('tuple')),
  }),
  Ripened: (fields) => ({
    name: 'Ripened',
    network: fields.address('network'),
    epoch: epochNumber(fields.u64('epoch')),
    tupleHash: fields.hash('tuple_hash'),
    since: fields.u64('since'),
  }),
  Vetoed: (fields) => ({
    name: 'Vetoed',
    network: fields.address('network'),
    epoch: epochNumber(fields.u64('epoch')),
    tupleHash: fields.hash('tuple_hash'),
    by: fields.address('by'),
    cleared: fields.bool('cleared'),
  }),
  Finalized: (fields) => ({
    name: 'Finalized',
    network: fields.address('network'),
    latest: finalizedOf(fields.struct('latest')),
  }),
  Claimed: (fields) => ({
    name: 'Claimed',
    network: fields.address('network'),
    subject: fields.address('subject'),
    destination: fields.address('destination'),
    amount: amount(fields.u64('amount')),
    cumulative: amount(fields.u64('cumulative')),
  }),
  MotionVoted: (fields) => ({
    name: 'MotionVoted',
    ...decisionOf(fields),
    oracle: fields.address('oracle'),
    nonce: fields.u64('nonce'),
  }),
  MotionApplied: (fields) => ({
    name: 'MotionApplied',
    ...decisionOf(fields),
    burned: amount(fields.u64('burned')),
    fromEpoch: epochNumber(fields.u64('from_epoch')),
  }),
  MotionClosed: (fields) => ({
    name: 'MotionClosed',
    network: fields.address('network'),
    motion: fields.address('motion'),
    openedBy: fields.address('opened_by'),
  }),
  CreditsBought: (fields) => ({
    name: 'CreditsBought',
    network: fields.address('network'),
    owner: fields.address('owner'),
    credits: fields.u64('credits'),
    burned: amount(fields.u64('burned')),
    fromEpoch: epochNumber(fields.u64('from_epoch')),
  }),
  CreditsAskedBack: (fields) => ({
    name: 'CreditsAskedBack',
    network: fields.address('network'),
    owner: fields.address('owner'),
    credits: fields.u64('credits'),
    fromEpoch: epochNumber(fields.u64('from_epoch')),
  }),
  CreditsSettled: (fields) => ({
    name: 'CreditsSettled',
    network: fields.address('network'),
    owner: fields.address('owner'),
    settledTotal: fields.u64('settled_total'),
    withdrawn: fields.u64('withdrawn'),
    refunded: amount(fields.u64('refunded')),
  }),
};

const decisionOf = (fields: Fields) => ({
  network: fields.address('network'),
  motion: fields.address('motion'),
  kind: named(MOTION_KINDS, fields.int('kind'), 'kind'),
  subject: fields.address('hotspot'),
  evidence: evidenceOf(fields),
});
