import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { requireDenyFile } from '#protocol/deny/deny-file';
import { denyListOf, NOBODY_DENIED, type DenyList } from '#protocol/deny/deny-list';
import type { Policy } from '#protocol/policy';
import { openPolicy, policyBytes, policyHash } from '#protocol/settle/policy-codec';
import type { Hash } from '#protocol/units';
import { Outage } from './outage.ts';
import { replaceFile } from './replace-file.ts';
import { verifySignature } from './signature.ts';

/** A policy with the signed deny list that it names. */
export interface PolicyAtHand {
  readonly policy: Policy;
  readonly denyFile: Uint8Array | null;
  readonly deny: DenyList;
}

/** The policy of a hash; throws Outage policy_unavailable where it is not at hand whole and well signed. */
export type Policies = (hash: Hash) => Promise<PolicyAtHand>;

/**
 * Reads `policies/<hash>/policy.json` in the data folder, and `deny.json` beside it where the policy names a list: an
 * epoch names its policy by hash, and the next policy lies ready before its first epoch begins.
 */
export function openPolicies(dataDir: string): Policies {
  const held = new Map<Hash, PolicyAtHand>();
  return async (hash) => {
    const before = held.get(hash);
    if (before !== undefined) return before;
    const folder = policyFolder(dataDir, hash);
    const read = await readPolicy(folder, hash).catch((error: unknown) => {
      throw error instanceof Outage
        ? error
        : new Outage('policy_unavailable', { folder, expected: hash }, { cause: error });
    });
    held.set(hash, read);
    return read;
  };
}

/** Puts a policy where `openPolicies` finds it; throws what its deny list is refused by. */
export async function keepPolicy(
  dataDir: string,
  { policy, denyFile = null }: { readonly policy: Policy; readonly denyFile?: Uint8Array | null },
): Promise<Hash> {
  requireDenyFile({ policy, bytes: denyFile, verify: verifySignature });
  const hash = policyHash(policy);
  const folder = policyFolder(dataDir, hash);
  await mkdir(folder, { recursive: true });
  if (denyFile !== null) await replaceFile(join(folder, 'deny.json'), denyFile);
  await replaceFile(join(folder, 'policy.json'), policyBytes(policy));
  return hash;
}

async function readPolicy(folder: string, hash: Hash): Promise<PolicyAtHand> {
  const policy = openPolicy(await readBytes(join(folder, 'policy.json')));
  const found = policyHash(policy);
  if (found !== hash) throw new Outage('policy_unavailable', { folder, expected: hash, found });
  const denyFile = policy.deny === null ? null : await readBytes(join(folder, 'deny.json'));
  const file = requireDenyFile({ policy, bytes: denyFile, verify: verifySignature });
  return { policy, denyFile, deny: file === null ? NOBODY_DENIED : denyListOf(file) };
}

function policyFolder(dataDir: string, hash: Hash): string {
  return join(dataDir, 'policies', hash);
}

async function readBytes(file: string): Promise<Uint8Array> {
  return Uint8Array.from(await readFile(file));
}
