import { ProtocolError } from '../errors.ts';
import type { Millis } from '../units.ts';
import { CompactRange, compactLength, equalBytes, leafHash, TREE_HASHES, type TreeHashes } from './merkle.ts';
import { verifyInclusion } from './proof.ts';
import { decodeRecord, type EvidenceBody, type EvidenceRecord } from './record.ts';

/** What a report of the range names as its session from before it, with its proof in the tree of the cut. */
export interface CarriedSession {
  readonly index: number;
  readonly entry: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

/** What an epoch folder or a log gives for one origin; nothing in it is trusted but by its root. */
export interface SealedEvidence {
  readonly origin: string;
  /** Index of the first entry given. */
  readonly from: number;
  /** Compact range of [0, from): hashes of its perfect subtrees, largest first. */
  readonly left: readonly Uint8Array[];
  /** All entries of [from, size). */
  readonly entries: readonly Uint8Array[];
  readonly size: number;
  readonly root: Uint8Array;
  /** All of them: whoever left one out could turn a good signature into a bad one. */
  readonly sessions: readonly CarriedSession[];
}

/** A record of a kind that the rules know, at its index. */
export interface KnownRecord {
  readonly index: number;
  readonly receivedAt: Millis;
  readonly body: EvidenceBody;
}

/** Evidence whose every byte leads to the root of its cut. */
export interface OpenedEvidence {
  readonly origin: string;
  readonly from: number;
  readonly size: number;
  readonly root: Uint8Array;
  /** In order of index, which is the order of received_at. */
  readonly records: readonly KnownRecord[];
  /** Every session_init at hand by index, carried ones included. */
  readonly sessions: ReadonlyMap<number, KnownRecord>;
  /** Entries of [from, size) whose kind this version does not know. */
  readonly unknown: number;
}

/**
 * Checks and decodes; throws evidence_mismatch where the entries do not have the root or a named session is missing,
 * malformed_record where an entry cannot be decoded or a stamp falls: such a log broke its rules, and its cut enters the
 * epoch with size 0.
 */
export function openEvidence(sealed: SealedEvidence, hashes: TreeHashes = TREE_HASHES): OpenedEvidence {
  requireRoot(sealed, hashes);
  const records: KnownRecord[] = [];
  const sessions = new Map<number, KnownRecord>();
  let unknown = 0;
  let previous = 0;
  const carried = new Set<number>();
  for (const session of sealed.sessions) {
    const { receivedAt, body } = openSession(sealed, session);
    const { index } = session;
    carried.add(index);
    // What is no session_init makes nobody a signer, but shows that it is none.
    if (body.kind === 'session_init') sessions.set(index, { index, receivedAt, body });
  }
  for (const [offset, entry] of sealed.entries.entries()) {
    const record = decodeRecord(entry);
    const index = sealed.from + offset;
    if (record.receivedAt < previous)
      throw new ProtocolError('malformed_record', {
        origin: sealed.origin,
        index,
        previous,
        receivedAt: record.receivedAt,
      });
    previous = record.receivedAt;
    if (record.body.kind === 'unknown') {
      unknown += 1;
      continue;
    }
    const known: KnownRecord = { index, receivedAt: record.receivedAt, body: record.body };
    records.push(known);
    if (known.body.kind === 'session_init') sessions.set(index, known);
    const named = earlierSession(known.body, sealed.from);
    if (named !== null && !carried.has(named))
      throw new ProtocolError('evidence_mismatch', {
        origin: sealed.origin,
        index,
        expected: `the session at ${named}`,
      });
  }
  const { origin, from, size, root } = sealed;
  return { origin, from, size, root, records, sessions, unknown };
}

function requireRoot(sealed: SealedEvidence, hashes: TreeHashes): void {
  const { origin, from, left, entries, size, root } = sealed;
  const fits =
    Number.isSafeInteger(from) &&
    from >= 0 &&
    entries.length === size - from &&
    left.length === compactLength(from) &&
    left.every((hash) => hash.length === 32);
  if (!fits)
    throw new ProtocolError('evidence_mismatch', {
      origin,
      from,
      size,
      entries: entries.length,
      left: left.length,
    });
  const range = new CompactRange({ size: from, hashes: left, hashNode: hashes.node });
  for (const entry of entries) range.append(hashes.leaf(entry));
  if (!equalBytes(range.root(), root)) throw new ProtocolError('evidence_mismatch', { origin, from, size });
}

/** The index that a report names as its session, if that lies before the range. */
export function earlierSession(body: EvidenceRecord['body'], from: number): number | null {
  if (body.kind !== 'beacon' && body.kind !== 'witness') return null;
  return body.session !== null && body.session < from ? body.session : null;
}

function openSession(sealed: SealedEvidence, { index, entry, proof }: CarriedSession): EvidenceRecord {
  const { origin, from, size, root } = sealed;
  const proven = verifyInclusion({ leaf: leafHash(entry), index, size, proof, root });
  if (!proven) throw new ProtocolError('evidence_mismatch', { origin, size, session: index });
  if (index >= from) throw new ProtocolError('malformed_record', { origin, from, session: index });
  return decodeRecord(entry);
}
