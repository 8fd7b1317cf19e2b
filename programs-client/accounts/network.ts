import { PublicKey, type Connection } from '@solana/web3.js';
import { amount, epochNumber, type Amount, type EpochNumber, type Hash } from '#protocol/units';
import type { Fields } from '../fields.ts';
import { keyNetworkOf, type KeyNetwork } from '../hotspot-key.ts';
import { decodeAccount, readAccount, type ReadOptions } from './account.ts';

export interface OracleSet {
  readonly generation: number;
  /** How many equal votes make a tuple ripe. */
  readonly k: number;
  /** In the order of the Ballot's votes. */
  readonly keys: readonly PublicKey[];
}

export interface PolicyPin {
  readonly hash: Hash;
  /** USD per token, 8 decimals. */
  readonly creditPrice: bigint;
}

export interface FinalizedEpoch {
  readonly epoch: EpochNumber;
  readonly tupleHash: Hash;
  readonly root: Hash;
  readonly leafCount: number;
  readonly cumulativeTotal: Amount;
  readonly creditsRoot: Hash;
  readonly creditsCount: number;
  /** Seconds since the Unix epoch. */
  readonly time: bigint;
  readonly voters: readonly PublicKey[];
}

/** The account that holds a network's rules and its latest final root. Times are seconds since the Unix epoch. */
export interface Network {
  readonly address: PublicKey;
  readonly creator: PublicKey;
  readonly name: string;
  readonly keyNetwork: KeyNetwork;
  readonly operations: PublicKey;
  readonly authority: PublicKey;
  /** Zero: nobody. Another may be in force by time (guardianAt). */
  readonly guardian: PublicKey;
  readonly mint: PublicKey;
  /** The token account of all bonds. */
  readonly vault: PublicKey;
  readonly epochLengthS: bigint;
  readonly firstEpochStart: bigint;
  /** Per epoch, before halvings. */
  readonly baseEmission: Amount;
  /** 0: never halved. */
  readonly halvingPeriodEpochs: number;
  /** What stands behind a hotspot of tier bonded; 0: there is no such tier. */
  readonly bond: Amount;
  readonly holdbackEpochs: number;
  readonly challengeDelayS: number;
  readonly timelockS: number;
  readonly guardianVetoesAllowed: number;
  readonly guardianVetoesUsed: number;
  /** Another may be in force by time (oraclesAt). */
  readonly oracles: OracleSet;
  readonly policy: PolicyPin;
  readonly pendingAuthority: { readonly key: PublicKey; readonly from: bigint } | null;
  readonly pendingGuardian: { readonly key: PublicKey; readonly from: bigint } | null;
  readonly pendingOracles: { readonly set: OracleSet; readonly from: bigint } | null;
  readonly pendingPolicy: { readonly policy: PolicyPin; readonly firstEpoch: EpochNumber } | null;
  /** null until the first epoch is finalized. */
  readonly latest: FinalizedEpoch | null;
}

export async function readNetwork(
  connection: Connection,
  address: PublicKey,
  options?: ReadOptions,
): Promise<Network> {
  return networkOf(address, await readAccount(connection, 'Network', address, options));
}

export function decodeNetwork(address: PublicKey, data: Uint8Array): Network {
  return networkOf(address, decodeAccount('Network', address, data));
}

/** The policy in force for an epoch that is not final yet: the pending one from its first epoch on. */
export function policyAt(
  { policy, pendingPolicy }: Pick<Network, 'policy' | 'pendingPolicy'>,
  epoch: EpochNumber,
): PolicyPin {
  return pendingPolicy !== null && epoch >= pendingPolicy.firstEpoch ? pendingPolicy.policy : policy;
}

/** The set that votes at a time (seconds) on an epoch of which nothing is ripe: a pending one takes effect by time. */
export function oraclesAt(
  { oracles, pendingOracles }: Pick<Network, 'oracles' | 'pendingOracles'>,
  unixTime: number | bigint,
): OracleSet {
  return pendingOracles !== null && unixTime >= pendingOracles.from ? pendingOracles.set : oracles;
}

/** Who may veto at a time (seconds); null: nobody. */
export function guardianAt(
  { guardian, pendingGuardian }: Pick<Network, 'guardian' | 'pendingGuardian'>,
  unixTime: number | bigint,
): PublicKey | null {
  const key = pendingGuardian !== null && unixTime >= pendingGuardian.from ? pendingGuardian.key : guardian;
  return key.equals(PublicKey.default) ? null : key;
}

const networkOf = (address: PublicKey, fields: Fields): Network => {
  const pendingOracles = oracleSetOf(fields.struct('pending_oracles'));
  const pendingAuthority = fields.addressOrNone('pending_authority');
  // Who is pending may be nobody; the time says whether a change is.
  const pendingGuardianFrom = fields.u64('pending_guardian_from');
  const pendingPolicy = policyOf(fields.struct('pending_policy'));
  return {
    address,
    creator: fields.address('creator'),
    name: Buffer.from(fields.bytes('name')).toString('utf8').replace(/\0+$/, ''),
    keyNetwork: keyNetworkOf(fields.int('key_network')),
    operations: fields.address('operations'),
    authority: fields.address('authority'),
    guardian: fields.address('guardian'),
    mint: fields.address('mint'),
    vault: fields.address('vault'),
    epochLengthS: fields.u64('epoch_length_s'),
    firstEpochStart: fields.u64('first_epoch_start'),
    baseEmission: amount(fields.u64('base_emission')),
    halvingPeriodEpochs: fields.int('halving_period_epochs'),
    bond: amount(fields.u64('bond')),
    holdbackEpochs: fields.int('holdback_epochs'),
    challengeDelayS: fields.int('challenge_delay_s'),
    timelockS: fields.int('timelock_s'),
    guardianVetoesAllowed: fields.int('guardian_vetoes_allowed'),
    guardianVetoesUsed: fields.int('guardian_vetoes_used'),
    oracles: oracleSetOf(fields.struct('oracles')),
    policy: policyOf(fields.struct('policy')),
    pendingAuthority:
      pendingAuthority === null
        ? null
        : { key: pendingAuthority, from: fields.u64('pending_authority_from') },
    pendingGuardian:
      pendingGuardianFrom === 0n
        ? null
        : { key: fields.address('pending_guardian'), from: pendingGuardianFrom },
    pendingOracles:
      pendingOracles.keys.length === 0
        ? null
        : { set: pendingOracles, from: fields.u64('pending_oracles_from') },
    pendingPolicy: /^0+$/.test(pendingPolicy.hash)
      ? null
      : { policy: pendingPolicy, firstEpoch: epochNumber(fields.u64('pending_policy_first_epoch')) },
    latest: fields.bool('finalized_any') ? finalizedOf(fields.struct('latest')) : null,
  };
};

export function finalizedOf(fields: Fields): FinalizedEpoch {
  return {
    epoch: epochNumber(fields.u64('epoch')),
    tupleHash: fields.hash('tuple_hash'),
    root: fields.hash('root'),
    leafCount: fields.int('leaf_count'),
    cumulativeTotal: amount(fields.u64('cumulative_total')),
    creditsRoot: fields.hash('credits_root'),
    creditsCount: fields.int('credits_count'),
    time: fields.u64('time'),
    voters: fields.addresses('voters').filter((key) => !key.equals(PublicKey.default)),
  };
}

export function oracleSetOf(fields: Fields): OracleSet {
  return {
    generation: fields.int('generation'),
    k: fields.int('k'),
    keys: fields.addresses('keys').slice(0, fields.int('n')),
  };
}

export function policyOf(fields: Fields): PolicyPin {
  return { hash: fields.hash('hash'), creditPrice: fields.u64('credit_price') };
}
