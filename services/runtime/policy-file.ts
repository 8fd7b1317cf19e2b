import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { requireDenyFile } from '#protocol/deny/deny-file';
import { denyListOf, NOBODY_DENIED, type DenyList } from '#protocol/deny/deny-list';
import type { Policy } from '#protocol/policy';
import { openPolicy } from '#protocol/settle/policy-codec';
import { verifySignature } from './signature.ts';

/** A policy with the signed deny list that it names. */
export interface PolicyAtHand {
  readonly policy: Policy;
  readonly denyFile: Uint8Array | null;
  readonly deny: DenyList;
}

/** Reads `policy.json`, and `deny.json` where the policy names a list; throws what either is refused by. */
export async function readPolicy(dataDir: string): Promise<PolicyAtHand> {
  const policy = openPolicy(await readBytes(join(dataDir, 'policy.json')));
  const denyFile = policy.deny === null ? null : await readBytes(join(dataDir, 'deny.json'));
  const file = requireDenyFile({ policy, bytes: denyFile, verify: verifySignature });
  return { policy, denyFile, deny: file === null ? NOBODY_DENIED : denyListOf(file) };
}

async function readBytes(file: string): Promise<Uint8Array> {
  return Uint8Array.from(await readFile(file));
}
