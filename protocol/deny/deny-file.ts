import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { base64 } from '@scure/base';
import { ProtocolError } from '../errors.ts';
import { parseVerifierKey, signingKey, type VerifierKey } from '../evidence/verifier-key.ts';
import type { Policy } from '../policy.ts';
import { canonicalJson, openCanonicalJson } from '../settle/bytes/canonical-json.ts';
import { taggedHash } from '../settle/bytes/hashes.ts';
import { JsonFields } from '../settle/json-fields.ts';
import type { Hash } from '../units.ts';
import type { VerifySignature } from '../verify/poc.ts';
import { isDenyReason, type DenyReason } from './deny-reasons.ts';

/** A record of an evidence log that shows what an entry says. */
export interface EvidenceReference {
  readonly origin: string;
  readonly index: number;
}

/** Why somebody is listed. */
export interface DenyGrounds {
  /** Epoch from which the entry holds; amounts still held back of this and later epochs are dropped. */
  readonly from: number;
  readonly reason: DenyReason;
  /** The last epoch whose evidence shows it. */
  readonly epoch: number;
  /** At least one, unless the reason is `keeper`. */
  readonly evidence: readonly EvidenceReference[];
}

export interface DeniedKey extends DenyGrounds {
  readonly key: string;
}

/** An undirected pair, a before b. */
export interface DeniedEdge extends DenyGrounds {
  readonly a: string;
  readonly b: string;
}

/** What a list says; its keeper signs it. */
export type DenyEntries = Pick<DenyFile, 'keys' | 'edges'>;

/** A public deny list as its keeper signed it; keys as text, in ascending order, each once. */
export interface DenyFile {
  readonly version: 1;
  readonly keys: readonly DeniedKey[];
  readonly edges: readonly DeniedEdge[];
  /** ed25519 over `"coverant/deny/v1" || canonical JSON without this field`, base64. */
  readonly signature: string;
}

const VERSION = 1;
/** Evidence references that one entry may hold. */
export const MAX_REFERENCES = 64;
const fields = new JsonFields('malformed_deny_list');

/** The list's canonical JSON (RFC 8785). */
export function denyFileBytes(file: DenyFile): Uint8Array {
  return canonicalJson(file);
}

/** What the keeper signs. */
export function denyMessage({ keys, edges }: DenyEntries): Uint8Array {
  return concatBytes(utf8ToBytes('coverant/deny/v1'), canonicalJson({ version: VERSION, keys, edges }));
}

/** The hash by which a policy names the list: `SHA-256("coverant/deny/v1" || file)`. */
export function denyFileHash(bytes: Uint8Array): Hash {
  return taggedHash('deny', bytes);
}

/** Decodes a list and checks its schema; malformed_deny_list names the field. The signature is not verified. */
export function openDenyFile(bytes: Uint8Array): DenyFile {
  const value = openCanonicalJson(bytes);
  if (value === undefined)
    throw new ProtocolError('malformed_deny_list', { expected: 'canonical JSON (RFC 8785)' });
  const file = fields.object(value, 'list', ['version', 'keys', 'edges', 'signature']);
  if (file('version') !== VERSION) throw fields.refusal('version', 'the version 1', file('version'));
  const { keys, edges } = readEntries({ keys: file('keys'), edges: file('edges') });
  fields.ascending(keys.map(nameOf), 'keys');
  fields.ascending(edges.map(nameOf), 'edges');
  const signature = fields.text(file('signature'), 'signature', /^[A-Za-z0-9+/]{86}==$/);
  return { version: VERSION, keys, edges, signature };
}

/** Reads parsed JSON as entries to be signed, in any order; malformed_deny_list names the field. */
export function parseDenyEntries(value: unknown): DenyEntries {
  const list = fields.object(value, 'entries', ['keys', 'edges']);
  const entries = inOrder(readEntries({ keys: list('keys'), edges: list('edges') }));
  fields.ascending(entries.keys.map(nameOf), 'keys');
  fields.ascending(entries.edges.map(nameOf), 'edges');
  return entries;
}

/** Entries as they stand in a list: by key, and by pair. */
export function inOrder({ keys, edges }: DenyEntries): DenyEntries {
  return { keys: [...keys].sort(byName), edges: [...edges].sort(byName) };
}

/** What an entry names, as text: the key, or both of them. */
export function nameOf(entry: DeniedKey | DeniedEdge): string {
  return 'key' in entry ? entry.key : `${entry.a} ${entry.b}`;
}

/**
 * The list that a policy names: none where its `deny` is null. Throws malformed_deny_list, deny_list_mismatch where it
 * is missing or has another hash, invalid_signature where the keeper did not sign it.
 */
export function requireDenyFile(input: {
  readonly policy: Pick<Policy, 'deny'>;
  readonly bytes: Uint8Array | null;
  readonly verify: VerifySignature;
}): DenyFile | null {
  const { deny } = input.policy;
  const found = input.bytes === null ? null : denyFileHash(input.bytes);
  if (found !== (deny?.hash ?? null))
    throw new ProtocolError('deny_list_mismatch', { found, expected: deny?.hash ?? null });
  if (deny === null || input.bytes === null) return null;
  const file = openDenyFile(input.bytes);
  requireSignature({ file, keeper: parseVerifierKey(deny.keeper), verify: input.verify });
  return file;
}

/** Throws invalid_signature unless the keeper signed the list. */
export function requireSignature(input: {
  readonly file: DenyFile;
  readonly keeper: VerifierKey;
  readonly verify: VerifySignature;
}): void {
  const { file, keeper, verify } = input;
  const signature = base64.decode(file.signature);
  if (!verify({ key: signingKey(keeper), message: denyMessage(file), signature }))
    throw new ProtocolError('invalid_signature', { name: keeper.name, keyId: keeper.id });
}

function readEntries(of: { readonly keys: unknown; readonly edges: unknown }): DenyEntries {
  const keys = fields.list(of.keys, 'keys').map((entry, at): DeniedKey => {
    const path = `keys.${at}`;
    const item = fields.object(entry, path, ['key', 'from', 'reason', 'epoch', 'evidence']);
    return { key: fields.keyText(item('key'), `${path}.key`), ...grounds(item, path) };
  });
  const edges = fields.list(of.edges, 'edges').map((entry, at): DeniedEdge => {
    const path = `edges.${at}`;
    const item = fields.object(entry, path, ['a', 'b', 'from', 'reason', 'epoch', 'evidence']);
    const a = fields.keyText(item('a'), `${path}.a`);
    const b = fields.keyText(item('b'), `${path}.b`);
    if (a >= b) throw fields.refusal(path, 'a before b', `${a} ${b}`);
    return { a, b, ...grounds(item, path) };
  });
  return { keys, edges };
}

function byName(a: DeniedKey | DeniedEdge, b: DeniedKey | DeniedEdge): number {
  const [first, second] = [nameOf(a), nameOf(b)];
  return first < second ? -1 : first > second ? 1 : 0;
}

function grounds(
  item: (name: 'from' | 'reason' | 'epoch' | 'evidence') => unknown,
  path: string,
): DenyGrounds {
  const reason = fields.text(item('reason'), `${path}.reason`, /^[a-z_]{1,64}$/);
  if (!isDenyReason(reason)) throw fields.refusal(`${path}.reason`, 'a known reason', reason);
  const evidence = fields.list(item('evidence'), `${path}.evidence`).map((entry, at): EvidenceReference => {
    const place = `${path}.evidence.${at}`;
    const reference = fields.object(entry, place, ['origin', 'index']);
    return {
      origin: fields.text(reference('origin'), `${place}.origin`, /^[^\s+\p{Cs}]{1,1024}$/u),
      index: whole(reference('index'), `${place}.index`),
    };
  });
  const least = reason === 'keeper' ? 0 : 1;
  if (evidence.length < least || evidence.length > MAX_REFERENCES)
    throw fields.refusal(`${path}.evidence`, `${least} to ${MAX_REFERENCES} references`, evidence.length);
  return {
    from: whole(item('from'), `${path}.from`),
    reason,
    epoch: whole(item('epoch'), `${path}.epoch`),
    evidence,
  };
}

function whole(value: unknown, path: string): number {
  return fields.integer(value, path, { least: 0, most: Number.MAX_SAFE_INTEGER });
}
