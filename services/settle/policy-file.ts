import { policyHash } from '#protocol/settle/policy-codec';
import type { Hash } from '#protocol/units';
import { Outage } from '#services/runtime/outage';
import { readPolicy, type PolicyAtHand } from '#services/runtime/policy-file';

/** Reads the policy from the data folder, which counts only where it has the hash that the chain pins. */
export function policyFromFile(dataDir: string): (hash: Hash) => Promise<PolicyAtHand> {
  let held: { readonly hash: Hash; readonly policy: PolicyAtHand } | null = null;
  return async (hash) => {
    if (held?.hash === hash) return held.policy;
    const policy = await readPolicy(dataDir).catch((error: unknown) => {
      throw new Outage('policy_unavailable', { dataDir, expected: hash }, { cause: error });
    });
    const found = policyHash(policy.policy);
    if (found !== hash) throw new Outage('policy_unavailable', { dataDir, expected: hash, found });
    held = { hash, policy };
    return policy;
  };
}
