import { describe, expect, it } from 'vitest';
import { openEvidence, type SealedEvidence } from '#protocol/evidence/cut';
import { CompactRange, leafHash, treeRoot } from '#protocol/evidence/merkle';
import { inclusionProof } from '#protocol/evidence/proof';
import { encodeRecord, type EvidenceBody } from '#protocol/evidence/record';
import { epochNumber, millis } from '#protocol/units';

const SESSION: EvidenceBody = { kind: 'session_init', nonce: Uint8Array.of(1), init: Uint8Array.of(2) };
const CLOSE: EvidenceBody = { kind: 'epoch_close', epoch: epochNumber(3n) };
/** A record of a kind of later versions, stamped 1040. */
const LATER = Buffer.from('0890089a0602ffff', 'hex');

function beacon(at: number, session: number | null): EvidenceBody {
  return { kind: 'beacon', report: Uint8Array.of(at), session };
}

function logged(receivedAt: number, body: EvidenceBody): Uint8Array {
  return encodeRecord({ receivedAt: millis(receivedAt), body });
}

/** Two sessions, then beacons that name them, a record of an unknown kind, and the close at index 7. */
const LOG = [
  logged(1000, SESSION),
  logged(1000, beacon(1, 0)),
  logged(1010, beacon(2, null)),
  logged(1020, SESSION),
  logged(1030, beacon(3, 3)),
  LATER,
  logged(1050, beacon(4, 0)),
  logged(1060, CLOSE),
];

function sealed(from: number, log: readonly Uint8Array[] = LOG): SealedEvidence {
  const leaves = log.map(leafHash);
  const left = new CompactRange();
  for (const leaf of leaves.slice(0, from)) left.append(leaf);
  return {
    origin: 'net/address/ingest',
    from,
    left: left.hashes,
    entries: log.slice(from),
    size: log.length,
    root: treeRoot(leaves),
    sessions:
      from === 0 ? [] : [{ index: 0, entry: log[0] ?? new Uint8Array(), proof: inclusionProof(leaves, 0) }],
  };
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.map((byte, place) => (place === at ? byte ^ 1 : byte));
}

describe('sealed evidence', () => {
  it.each([0, 1, 2, 3, 7])(
    'opens from index %i on to its records, sessions and a count of unknown kinds',
    (from) => {
      const opened = openEvidence(sealed(from));
      expect(opened.records.map(({ index }) => index)).toEqual(
        [0, 1, 2, 3, 4, 6, 7].filter((index) => index >= from),
      );
      expect(opened.unknown).toBe(from <= 5 ? 1 : 0);
      expect(opened.sessions.get(0)?.body).toEqual(SESSION);
      expect([...opened.sessions.keys()]).toEqual(from <= 3 ? [0, 3] : [0]);
      expect(opened.records.at(-1)?.body).toEqual(CLOSE);
    },
  );

  it('opens empty for a log that takes no part', () => {
    const opened = openEvidence({ ...sealed(0, []), origin: 'gone' });
    expect(opened).toMatchObject({ size: 0, records: [], unknown: 0 });
  });

  it('is refused for any flipped bit of an entry, of the left range, of the root, of a session or its proof', () => {
    const whole = sealed(3);
    const changed: SealedEvidence[] = [
      ...whole.entries.flatMap((entry, at) =>
        [...entry.keys()].map((byte) => ({
          ...whole,
          entries: whole.entries.with(at, flipped(entry, byte)),
        })),
      ),
      ...whole.left.map((hash, at) => ({
        ...whole,
        left: whole.left.map((each, place) => (place === at ? flipped(hash, 31) : each)),
      })),
      { ...whole, root: flipped(whole.root, 0) },
      ...whole.sessions.flatMap((session) => [
        { ...whole, sessions: [{ ...session, entry: flipped(session.entry, 8) }] },
        { ...whole, sessions: [{ ...session, proof: session.proof.map((hash) => flipped(hash, 0)) }] },
        { ...whole, sessions: [{ ...session, index: 1 }] },
      ]),
    ];
    expect(changed.length).toBeGreaterThan(40);
    for (const evidence of changed)
      expect(() => openEvidence(evidence)).toThrow(expect.objectContaining({ code: 'evidence_mismatch' }));
  });

  it('is refused with an entry too few, too many, moved, or with a left range of another size', () => {
    const whole = sealed(3);
    const [first, second, ...rest] = whole.entries;
    for (const evidence of [
      { ...whole, entries: whole.entries.slice(1) },
      { ...whole, entries: [...whole.entries, LATER] },
      { ...whole, size: whole.size - 1 },
      { ...whole, from: 2 },
      { ...whole, from: -1 },
      { ...whole, left: whole.left.slice(1) },
      { ...whole, entries: [second, first, ...rest].filter((entry) => entry !== undefined) },
    ])
      expect(() => openEvidence(evidence)).toThrow(expect.objectContaining({ code: 'evidence_mismatch' }));
  });

  it('is refused where the log itself broke its rules: a falling stamp, an entry that is no record', () => {
    for (const broken of [logged(1059, CLOSE), Uint8Array.of(1, 2, 3)])
      expect(() => openEvidence(sealed(2, [...LOG, broken]))).toThrow(
        expect.objectContaining({ code: 'malformed_record' }),
      );
  });

  it('carries nothing of the range itself', () => {
    const leaves = LOG.map(leafHash);
    const inside = { index: 3, entry: LOG[3] ?? LATER, proof: inclusionProof(leaves, 3) };
    expect(() => openEvidence({ ...sealed(3), sessions: [...sealed(3).sessions, inside] })).toThrow(
      expect.objectContaining({ code: 'malformed_record' }),
    );
  });

  it('carries everything that a report names as its session, be it one or not', () => {
    expect(() => openEvidence({ ...sealed(3), sessions: [] })).toThrow(
      expect.objectContaining({ code: 'evidence_mismatch' }),
    );
    // Nothing in the last range names any.
    expect(openEvidence({ ...sealed(7), sessions: [] }).sessions.size).toBe(0);
    const log = [...LOG.slice(0, 3), logged(1020, beacon(5, 1)), logged(1060, CLOSE)];
    const leaves = log.map(leafHash);
    const named = { index: 1, entry: log[1] ?? LATER, proof: inclusionProof(leaves, 1) };
    expect(() => openEvidence(sealed(3, log))).toThrow(
      expect.objectContaining({ code: 'evidence_mismatch' }),
    );
    const opened = openEvidence({ ...sealed(3, log), sessions: [named] });
    expect(opened.sessions.size).toBe(0);
    expect(opened.records).toHaveLength(2);
  });
});
