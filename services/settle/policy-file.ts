import { readFile } from 'node:fs/promises';
import type { Policy } from '#protocol/policy';
import { openPolicy, policyHash } from '#protocol/settle/policy-codec';
import type { Hash } from '#protocol/units';
import { Outage } from '#services/runtime/outage';

/** Reads the policy from a file, which counts only where it has the hash that the chain pins. */
export function policyFromFile(file: string): (hash: Hash) => Promise<Policy> {
  let held: { readonly hash: Hash; readonly policy: Policy } | null = null;
  return async (hash) => {
    if (held?.hash === hash) return held.policy;
    const bytes = await readFile(file).catch((error: unknown) => {
      throw new Outage('policy_unavailable', { file, expected: hash }, { cause: error });
    });
    const policy = openPolicy(new Uint8Array(bytes));
    const found = policyHash(policy);
    if (found !== hash) throw new Outage('policy_unavailable', { file, expected: hash, found });
    held = { hash, policy };
    return policy;
  };
}
