import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { hex } from '@scure/base';
import type { SealedEvidence } from '../../evidence/cut.ts';
import type { Hash } from '../../units.ts';
import { TableWriter } from './byte-table.ts';

/** A log's cut of an epoch: everything up to and with its epoch_close; a log that is left out enters with size 0. */
export interface EvidenceCut {
  readonly origin: string;
  readonly size: number;
  readonly root: Hash;
}

/** Root of a tree without leaves: SHA-256 of nothing. */
export const EMPTY_ROOT: Hash = hex.encode(sha256(new Uint8Array())) as Hash;

/** `SHA-256("coverant/<name>/v1" || bytes)`. */
export function taggedHash(
  name: 'evidence' | 'registry' | 'policy' | 'state' | 'deny',
  bytes: Uint8Array,
): Hash {
  return hex.encode(sha256(concatBytes(utf8ToBytes(`coverant/${name}/v1`), bytes))) as Hash;
}

/** Hash over the cuts of every log in the policy, in byte order of origin. */
export function evidenceHash(cuts: readonly EvidenceCut[]): Hash {
  const writer = new TableWriter();
  const inOrder = cuts.map((cut) => ({ ...cut, name: utf8ToBytes(cut.origin) }));
  inOrder.sort((a, b) => (hex.encode(a.name) < hex.encode(b.name) ? -1 : 1));
  for (const cut of inOrder)
    writer.u16(cut.name.length).bytes(cut.name).u64(BigInt(cut.size)).hex(cut.root, 32);
  return taggedHash('evidence', writer.finish());
}

/** The cut of a log that an epoch's evidence claims. */
export function cutOf(evidence: SealedEvidence): EvidenceCut {
  return { origin: evidence.origin, size: evidence.size, root: hex.encode(evidence.root) as Hash };
}
