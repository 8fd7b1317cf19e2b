import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { base58, base64 } from '@scure/base';
import { equalBytes } from '#protocol/evidence/merkle';
import { epochNumber, type Address, type EpochNumber, type Hash } from '#protocol/units';
import { toHex } from '#protocol/wire/hex';

/** What the visitor's RPC says of a network: the only thing that is taken on trust here. */
export interface ChainAnswer {
  /** The program that owns the account. */
  readonly program: string;
  readonly slot: number;
  readonly latest: LatestEpoch | null;
  readonly rules: NetworkRules;
}

/** What an epoch's facts follow from, besides the policy. */
export interface NetworkRules {
  readonly operations: Address;
  /** Seconds. */
  readonly epochLength: bigint;
  readonly firstEpochStart: bigint;
  readonly baseEmission: bigint;
  readonly halvingPeriod: number;
  readonly holdback: number;
}

export interface LatestEpoch {
  readonly epoch: EpochNumber;
  readonly tupleHash: Hash;
  readonly root: Hash;
  readonly leafCount: number;
  readonly cumulativeTotal: bigint;
}

/** Offsets in the Network account (programs/coverage/README.md), and within its FinalizedEpoch. */
export const NETWORK_LAYOUT = {
  length: 2170,
  version: 8,
  operations: 75,
  epoch_length_s: 315,
  first_epoch_start: 323,
  base_emission: 331,
  halving_period_epochs: 339,
  holdback_epochs: 351,
  finalized_any: 1497,
  latest: 1498,
} as const;
export const FINALIZED_LAYOUT = {
  epoch: 0,
  tuple_hash: 8,
  root: 40,
  leaf_count: 72,
  cumulative_total: 76,
} as const;
const VERSION = 1;

/** Reads the Network account at commitment finalized. */
export async function readChain(rpcUrl: string, network: string): Promise<ChainAnswer> {
  const response = await fetch(rpcUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'getAccountInfo',
      params: [network, { encoding: 'base64', commitment: 'finalized' }],
    }),
  });
  if (!response.ok) throw new Error(`the RPC answered ${response.status}`);
  const answer = (await response.json()) as {
    readonly error?: { readonly message: string };
    readonly result?: {
      readonly context: { readonly slot: number };
      readonly value: { readonly owner: string; readonly data: readonly [string, string] } | null;
    };
  };
  if (answer.result === undefined)
    throw new Error(`the RPC refused: ${answer.error?.message ?? 'no result'}`);
  const { context, value } = answer.result;
  if (value === null) throw new Error('the RPC has no account at this network address');
  const account = base64.decode(value.data[0]);
  return { program: value.owner, slot: context.slot, latest: latestOf(account), rules: rulesOf(account) };
}

function rulesOf(account: Uint8Array): NetworkRules {
  const view = new DataView(account.buffer, account.byteOffset);
  const at = NETWORK_LAYOUT;
  return {
    operations: base58.encode(account.subarray(at.operations, at.operations + 32)) as Address,
    epochLength: view.getBigUint64(at.epoch_length_s, true),
    firstEpochStart: view.getBigUint64(at.first_epoch_start, true),
    baseEmission: view.getBigUint64(at.base_emission, true),
    halvingPeriod: view.getUint32(at.halving_period_epochs, true),
    holdback: view.getUint32(at.holdback_epochs, true),
  };
}

/** null before the first epoch is final. */
export function latestOf(account: Uint8Array): LatestEpoch | null {
  const isNetwork =
    account.length === NETWORK_LAYOUT.length &&
    equalBytes(account.subarray(0, 8), sha256(utf8ToBytes('account:Network')).subarray(0, 8));
  if (!isNetwork || account[NETWORK_LAYOUT.version] !== VERSION)
    throw new Error('the account is no Network in a version that this page knows');
  if (account[NETWORK_LAYOUT.finalized_any] === 0) return null;
  const bytes = account.subarray(NETWORK_LAYOUT.latest);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const hashAt = (at: number): Hash => toHex(bytes.subarray(at, at + 32)) as Hash;
  return {
    epoch: epochNumber(view.getBigUint64(FINALIZED_LAYOUT.epoch, true)),
    tupleHash: hashAt(FINALIZED_LAYOUT.tuple_hash),
    root: hashAt(FINALIZED_LAYOUT.root),
    leafCount: view.getUint32(FINALIZED_LAYOUT.leaf_count, true),
    cumulativeTotal: view.getBigUint64(FINALIZED_LAYOUT.cumulative_total, true),
  };
}
