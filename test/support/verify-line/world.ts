import { formatVerifierKey } from '#protocol/evidence/verifier-key';
import type { Policy } from '#protocol/policy';
import { policyHash } from '#protocol/settle/policy-codec';
import { epochNumber, type EpochNumber } from '#protocol/units';
import { NOBODY_DENIED } from '#protocol/deny/deny-list';
import { logSigner } from '#services/runtime/log/log-signer';
import type { PolicyAtHand } from '#services/runtime/policies';
import { policyHashAt, type RegistryFile } from '#services/runtime/registry-file';
import { GENESIS, testAddress } from '../../protocol/epoch/world.ts';
import type { History } from './history.ts';
import { writeLogs, type LineLog } from './logs.ts';
import {
  changedPolicy,
  DENIED,
  DENY_LIST,
  EPOCH_MS,
  linePolicy,
  RAW_HOTSPOTS,
  type Signing,
} from './network.ts';

/** A history with all that either side knows of it. */
export interface LineWorld {
  readonly history: History;
  /** In the policy's order. */
  readonly logs: readonly LineLog[];
  /** Which of them is the grouping process's own. */
  readonly own: number;
  readonly signing: Signing;
  /** The file that follow would have written. */
  readonly registry: RegistryFile;
  /** By hash, the one in force at the start first. */
  readonly policies: ReadonlyMap<string, PolicyAtHand>;
}

export function lineWorld(history: History, signing: Signing): LineWorld {
  const logs = writeLogs(history, signing);
  const named = logs.map(({ origin }) => ({
    origin,
    vkey: formatVerifierKey(signerOf(origin).key),
    url: 'http://127.0.0.1/log',
  }));
  const first: PolicyAtHand = {
    policy: linePolicy(named, history.steady),
    denyFile: DENIED.denyFile,
    deny: DENY_LIST,
  };
  const second: PolicyAtHand = {
    policy: changedPolicy(first.policy),
    denyFile: null,
    deny: NOBODY_DENIED,
  };
  const [firstHash, secondHash] = [policyHash(first.policy), policyHash(second.policy)];
  const firstEpoch = history.changedFrom === null ? null : epochNumber(BigInt(history.changedFrom));
  const registry: RegistryFile = {
    slot: 1,
    unixTime: GENESIS,
    network: {
      address: testAddress('line'),
      keyNetwork: 'mainnet',
      epochLength: EPOCH_MS / 1000,
      firstEpochStart: GENESIS,
      policyHash: firstHash,
      pendingPolicy: firstEpoch === null ? null : { hash: secondHash, firstEpoch },
    },
    hotspots: RAW_HOTSPOTS,
    credits: [],
  };
  const policies = new Map<string, PolicyAtHand>([
    [firstHash, first],
    [secondHash, second],
  ]);
  return { history, logs, own: history.own % logs.length, signing, registry, policies };
}

/** The policy in force at the start: logs and windows are those of all. */
export function policyAtStart({ policies, registry }: LineWorld): Policy {
  return policyByHash(policies, registry.network.policyHash).policy;
}

export function policyIn({ policies, registry }: LineWorld, epoch: EpochNumber): PolicyAtHand {
  return policyByHash(policies, policyHashAt(registry.network, epoch));
}

export function policyByHash(policies: LineWorld['policies'], hash: string): PolicyAtHand {
  const found = policies.get(hash);
  if (found === undefined) throw new RangeError(`no policy ${hash}`);
  return found;
}

const signers = new Map<string, ReturnType<typeof logSigner>>();

/** A log's key; kept, for there are thousands of histories. */
export function signerOf(origin: string): ReturnType<typeof logSigner> {
  const signer = signers.get(origin) ?? logSigner(origin, new Uint8Array(32).fill(9));
  signers.set(origin, signer);
  return signer;
}
