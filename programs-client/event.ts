import type { RawLocation } from '#protocol/settle/registry';
import type { Tuple } from '#protocol/settle/tuple';
import { amount, epochNumber, type Amount, type EpochNumber, type Hash } from '#protocol/units';
import type { PublicKey } from '@solana/web3.js';
import { locationOf } from './accounts/hotspot.ts';
import { finalizedOf, type FinalizedEpoch } from './accounts/network.ts';
import { decodeEventFields } from './codec.ts';
import { fieldsOf, type Fields } from './fields.ts';
import { dataOfProgram } from './program-logs.ts';
import { tupleOf } from './tuple.ts';

interface OfNetwork {
  readonly network: PublicKey;
}
/** `subject` is the account of the hotspot or payee, `destination` the token account that was paid. */
export interface Claimed extends OfNetwork {
  readonly subject: PublicKey;
  readonly destination: PublicKey;
  readonly amount: Amount;
  readonly cumulative: Amount;
}
export interface Attested {
  readonly oracle: PublicKey;
  readonly tuple: Tuple;
}
/** k oracles agree; the challenge delay runs since `since` (seconds). */
export interface Ripened extends OfNetwork {
  readonly epoch: EpochNumber;
  readonly tupleHash: Hash;
  readonly since: bigint;
}

export type CoverageEvent =
  | ({ readonly name: 'NetworkCreated'; readonly creator: PublicKey; readonly mint: PublicKey } & OfNetwork)
  | ({
      readonly name: 'HotspotRegistered';
      readonly hotspot: PublicKey;
      readonly keyType: number;
      /** Without its tag. */
      readonly keyBody: Uint8Array;
      readonly owner: PublicKey;
      readonly location: RawLocation;
    } & OfNetwork)
  | ({
      readonly name: 'LocationAsserted';
      readonly hotspot: PublicKey;
      readonly location: RawLocation;
      readonly fromEpoch: EpochNumber;
    } & OfNetwork)
  | ({ readonly name: 'PayeeCreated'; readonly payee: PublicKey; readonly address: PublicKey } & OfNetwork)
  | ({
      readonly name: 'MakerApproved';
      readonly maker: PublicKey;
      readonly key: PublicKey;
      readonly approved: boolean;
    } & OfNetwork)
  | ({
      readonly name: 'EndorsedRootSet';
      readonly maker: PublicKey;
      readonly root: Hash;
      readonly count: number;
    } & OfNetwork)
  | ({
      readonly name: 'HotspotEndorsed';
      readonly hotspot: PublicKey;
      readonly maker: PublicKey;
      readonly fromEpoch: EpochNumber;
    } & OfNetwork)
  | ({ readonly name: 'Attested' } & Attested)
  | ({ readonly name: 'Ripened' } & Ripened)
  | ({ readonly name: 'Finalized'; readonly latest: FinalizedEpoch } & OfNetwork)
  | ({ readonly name: 'Claimed' } & Claimed);

const DECODERS: Readonly<Record<CoverageEvent['name'], (fields: Fields) => CoverageEvent>> = {
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
};

const isEventName = (name: string): name is CoverageEvent['name'] => name in DECODERS;

/** The program's events in a transaction's logs, in order. */
export function eventsOf(logs: readonly string[]): readonly CoverageEvent[] {
  return dataOfProgram(logs).flatMap((data) => {
    const event = decodeEventFields(data);
    if (event === null || !isEventName(event.name)) return [];
    return [DECODERS[event.name](fieldsOf(event.fields, event.name))];
  });
}

/** The tuples that oracles published, whole, in order. */
export function attestationsOf(logs: readonly string[]): readonly Attested[] {
  return eventsOf(logs).flatMap((event) => (event.name === 'Attested' ? [event] : []));
}
