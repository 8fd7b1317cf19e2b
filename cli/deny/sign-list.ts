import { readFile } from 'node:fs/promises';
import {
  denyFileBytes,
  denyFileHash,
  denyMessage,
  openDenyFile,
  parseDenyEntries,
  requireDenyFile,
  requireSignature,
} from '#protocol/deny/deny-file';
import { mergeEntries } from '#protocol/deny/entries';
import { ProtocolError } from '#protocol/errors';
import { formatVerifierKey, parseVerifierKey, type VerifierKey } from '#protocol/evidence/verifier-key';
import { parsePolicy } from '#protocol/settle/policy-codec';
import type { Policy } from '#protocol/policy';
import { replaceFile } from '#services/runtime/replace-file';
import { verifySignature } from '#services/runtime/signature';
import { readKeeperKey } from './keeper-key.ts';

/** What a policy says of a list, and what the list holds. */
export interface ListSummary {
  readonly deny: NonNullable<Policy['deny']>;
  readonly keys: number;
  readonly edges: number;
}

/** Signs entries, with those of an earlier list of the same keeper before them, and writes the list. */
export async function signList(of: {
  readonly entries: string;
  readonly key: string;
  readonly out: string;
  readonly list?: string;
}): Promise<ListSummary> {
  const keeper = await readKeeperKey(of.key);
  const fresh = parseDenyEntries(parsedJson(await readFile(of.entries, 'utf8')));
  const earlier = of.list === undefined ? { keys: [], edges: [] } : await openList(of.list, keeper.key);
  const entries = mergeEntries(earlier, fresh);
  const signature = Buffer.from(keeper.sign(denyMessage(entries))).toString('base64');
  const bytes = denyFileBytes({ version: 1, ...entries, signature });
  // What is written is what everybody accepts.
  const list = openDenyFile(bytes);
  requireSignature({ file: list, keeper: keeper.key, verify: verifySignature });
  await replaceFile(of.out, Buffer.from(bytes).toString('utf8'));
  const deny = { keeper: formatVerifierKey(keeper.key), hash: denyFileHash(bytes) };
  return { deny, keys: list.keys.length, edges: list.edges.length };
}

/** Checks format and signature of a list, and that it is the one that the policy names, where one is given. */
export async function verifyList(of: {
  readonly list: string;
  readonly policy?: string;
  readonly keeper?: string;
}): Promise<ListSummary> {
  const bytes = Uint8Array.from(await readFile(of.list));
  const policy = of.policy === undefined ? null : parsePolicy(parsedJson(await readFile(of.policy, 'utf8')));
  if (policy !== null) requireDenyFile({ policy, bytes, verify: verifySignature });
  const keeper = of.keeper ?? policy?.deny?.keeper;
  if (keeper === undefined) throw new RangeError('name a policy by --policy or a keeper by --keeper');
  const list = openDenyFile(bytes);
  requireSignature({ file: list, keeper: parseVerifierKey(keeper), verify: verifySignature });
  return { deny: { keeper, hash: denyFileHash(bytes) }, keys: list.keys.length, edges: list.edges.length };
}

async function openList(file: string, keeper: VerifierKey) {
  const list = openDenyFile(Uint8Array.from(await readFile(file)));
  requireSignature({ file: list, keeper, verify: verifySignature });
  return list;
}

/** Any JSON: what is signed and hashed is its canonical form. */
function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ProtocolError('malformed_deny_list', { expected: 'JSON', problem: String(error) });
  }
}
