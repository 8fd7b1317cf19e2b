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
import { formatVerifierKey, parseVerifierKey, type VerifierKey } from '#protocol/evidence/verifier-key';
import { parsePolicy } from '#protocol/settle/policy-codec';
import type { Policy } from '#protocol/policy';
import { replaceFile } from '#services/runtime/replace-file';
import { verifySignature } from '#services/runtime/signature';
import { CliError } from '../cli-error.ts';
import { readInput } from '../input/read-input.ts';
import { readJson } from '../input/read-json.ts';
import { readKeeperKey } from './keeper-key.ts';
import { requireFreeOutput } from './require-free-output.ts';

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
  await requireFreeOutput(of);
  const keeper = await readKeeperKey(of.key);
  const fresh = parseDenyEntries(await readJson(of.entries));
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
  const bytes = await readInput(of.list);
  const policy = of.policy === undefined ? null : parsePolicy(await readJson(of.policy));
  if (policy !== null) requireDenyFile({ policy, bytes, verify: verifySignature });
  const keeper = of.keeper ?? policy?.deny?.keeper;
  if (keeper === undefined) throw new CliError('incomplete_arguments', { expected: '--policy or --keeper' });
  const list = openDenyFile(bytes);
  requireSignature({ file: list, keeper: parseVerifierKey(keeper), verify: verifySignature });
  return { deny: { keeper, hash: denyFileHash(bytes) }, keys: list.keys.length, edges: list.edges.length };
}

async function openList(file: string, keeper: VerifierKey) {
  const list = openDenyFile(await readInput(file));
  requireSignature({ file: list, keeper, verify: verifySignature });
  return list;
}
